/* SPDX-License-Identifier: MIT */
/*
 * What firmware has for a ZIP engine: a method that resets it, which a driver calls for
 * errors that only that cures.  Here it resets nothing: the model takes the memory
 * initialisation that follows for the sign.  zip_suite puts the device at this address,
 * and says whether the method is to
 * fail always; a test may have it fail from some time on (break_zrst in zip.bash).
 */
DefinitionBlock ("", "SSDT", 2, "WDTEST", "ZIPRESET", 1)
{
	/* QEMU's name for what is at slot 0x10. */
	External (\_SB.PCI0.S80, DeviceObj)

	Scope (\_SB.PCI0.S80)
	{
		/* The interrupt line, which means nothing to a device with MSI. */
		OperationRegion (CONF, PCI_Config, 0x3C, 1)
		Field (CONF, ByteAcc, NoLock, Preserve)
		{
			LINE, 8
		}

		Method (ZRST, 0, NotSerialized)
		{
#ifndef ZRST_FAILS
			If (LINE != 0x5A)
			{
				Return (0)
			}
#endif
			Return (1)
		}
	}
}
