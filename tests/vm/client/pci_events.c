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

#define ASLEEP_MS 1000

/* The second half of it, which interrupts do not see; early and late have nothing to do. */
static int power_off_and_on(struct device *dev, const struct dev_pm_ops *pm)
{
	int ret = pm->suspend_noirq(dev);

	if (ret)
		return ret;
	msleep(ASLEEP_MS);
	return pm->resume_noirq(dev);
}

static int sleep_and_wake(struct device *dev)
{
	const struct dev_pm_ops *pm = pci_bus_type.pm;
	int ret, resumed;

	ret = pm->suspend(dev);
	if (ret)
		return ret;
	ret = power_off_and_on(dev, pm);
	resumed = pm->resume(dev);
	return ret ? ret : resumed;
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
