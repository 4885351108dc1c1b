// SPDX-License-Identifier: GPL-2.0
/*
 * What happens to a PCI device without its doing: it is sent to sleep and woken up, or
 * a PCI error is reported for it, as the kernel's own code would tell its driver.  A
 * machine under test cannot sleep as a whole, as it has its files from outside; nor is
 * there a port above the device that could report an error.
 */
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/pm.h>
#include <linux/string.h>

static char *device = "";
module_param(device, charp, 0444);
MODULE_PARM_DESC(device, "address of the device, as 0000:00:03.0");

static char *event = "";
module_param(event, charp, 0444);
MODULE_PARM_DESC(
	event,
	"sleep, frozen (a PCI error that a reset cures) or failed (one that nothing does)");

static unsigned int asleep_ms = 1000;
module_param(asleep_ms, uint, 0444);
MODULE_PARM_DESC(asleep_ms, "how long the device sleeps (default 1000)");

static int sleep_and_wake(struct device *dev)
{
	const struct dev_pm_ops *pm = pci_bus_type.pm;
	int ret, woken;

	ret = pm->suspend(dev);
	if (ret)
		return ret;
	ret = pm->suspend_late(dev) ?: pm->suspend_noirq(dev);
	if (!ret)
		msleep(asleep_ms);
	woken = pm->resume_noirq(dev)
			?: pm->resume_early ? pm->resume_early(dev)
					    : 0;
	return ret ?: woken ?: pm->resume(dev);
}

static int tell_of_error(struct pci_dev *pdev, pci_channel_state_t state)
{
	const struct pci_error_handlers *handlers = pdev->driver->err_handler;
	pci_ers_result_t result;
	int ret;

	pdev->error_state = state;
	result = handlers->error_detected(pdev, state);
	if (state == pci_channel_io_perm_failure)
		return result == PCI_ERS_RESULT_DISCONNECT ? 0 : -EPROTO;
	if (result != PCI_ERS_RESULT_NEED_RESET)
		return -EPROTO;
	ret = __pci_reset_function_locked(pdev);
	if (ret)
		return ret;
	pdev->error_state = pci_channel_io_normal;
	result = handlers->slot_reset(pdev);
	if (result == PCI_ERS_RESULT_RECOVERED && handlers->resume)
		handlers->resume(pdev);
	return result == PCI_ERS_RESULT_RECOVERED ? 0 : -EIO;
}

static int happen(struct device *dev)
{
	struct pci_dev *pdev = to_pci_dev(dev);

	if (!dev->driver)
		return -ENODEV;
	if (!strcmp(event, "sleep"))
		return sleep_and_wake(dev);
	if (!pdev->driver->err_handler)
		return -EOPNOTSUPP;
	if (!strcmp(event, "frozen"))
		return tell_of_error(pdev, pci_channel_io_frozen);
	if (!strcmp(event, "failed"))
		return tell_of_error(pdev, pci_channel_io_perm_failure);
	return -EINVAL;
}

static int __init pci_events_init(void)
{
	struct device *dev =
		bus_find_device_by_name(&pci_bus_type, NULL, device);
	int ret;

	if (!dev)
		return -ENODEV;
	device_lock(dev);
	ret = happen(dev);
	device_unlock(dev);
	put_device(dev);
	return ret;
}

static void __exit pci_events_exit(void)
{
}

module_init(pci_events_init);
module_exit(pci_events_exit);
MODULE_DESCRIPTION("Sleep and errors of a PCI device");
MODULE_LICENSE("GPL");
