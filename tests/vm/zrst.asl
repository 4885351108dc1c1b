/* SPDX-License-Identifier: MIT */
/*
 * What firmware has for a ZIP engine: a method that resets it, which a driver calls for
 * errors that only that cures.  Here it resets nothing: the model takes the memory
 * initialisation that follows for the sign.  zip_suite puts the device at this address,
 * and says whether the method is to fail.
 */
DefinitionBlock ("", "SSDT", 2, "WDTEST", "ZIPRESET", 1)
{
	External (\_SB.PCI0, DeviceObj)

	Scope (\_SB.PCI0)
	{
		Device (ZIP0)
		{
			Name (_ADR, 0x00100000)

			Method (ZRST, 0, NotSerialized)
			{
#ifdef ZRST_FAILS
				Return (1)
#else
				Return (0)
#endif
			}
		}
	}
}
