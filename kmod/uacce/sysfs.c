// SPDX-License-Identifier: GPL-2.0
/*
 * What /sys/class/uacce/<device>/ shows; described in sysfs-uacce.
 *
 * No locks: removing the files waits for whoever reads one, and comes before the
 * driver's operations end.
 */
#include <linux/device.h>
#include <linux/sysfs.h>

#include "internal.h"

static ssize_t api_show(struct device *dev, struct device_attribute *attr,
			char *buf)
{
	return sysfs_emit(buf, "%s\n", to_uacce(dev)->api_ver);
}

static ssize_t flags_show(struct device *dev, struct device_attribute *attr,
			  char *buf)
{
	return sysfs_emit(buf, "%u\n", to_uacce(dev)->flags);
}

/* What a driver could not tell is an error of reading, not a number. */
static ssize_t show_answer(char *buf, int answer)
{
	return answer < 0 ? answer : sysfs_emit(buf, "%d\n", answer);
}

static ssize_t available_instances_show(struct device *dev,
					struct device_attribute *attr, char *buf)
{
	struct uacce_device *uacce = to_uacce(dev);

	if (!uacce->ops->get_available_instances)
		return -ENODEV;
	return show_answer(buf, uacce->ops->get_available_instances(uacce));
}

static ssize_t algorithms_show(struct device *dev,
			       struct device_attribute *attr, char *buf)
{
	const char *algs = to_uacce(dev)->algs;

	/* Each has its newline. */
	return sysfs_emit_at(buf, 0, "%s", algs);
}

static ssize_t region_size(struct device *dev, enum uacce_qfrt type, char *buf)
{
	return sysfs_emit(buf, "%lu\n",
			  to_uacce(dev)->qf_pg_num[type] << PAGE_SHIFT);
}

static ssize_t region_mmio_size_show(struct device *dev,
				     struct device_attribute *attr, char *buf)
{
	return region_size(dev, UACCE_QFRT_MMIO, buf);
}

static ssize_t region_dus_size_show(struct device *dev,
				    struct device_attribute *attr, char *buf)
{
	return region_size(dev, UACCE_QFRT_DUS, buf);
}

static ssize_t isolate_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	struct uacce_device *uacce = to_uacce(dev);

	return show_answer(buf, uacce->ops->get_isolate_state(uacce));
}

static ssize_t isolate_strategy_show(struct device *dev,
				     struct device_attribute *attr, char *buf)
{
	struct uacce_device *uacce = to_uacce(dev);

	if (!uacce->ops->isolate_err_threshold_read)
		return -ENOENT;
	return show_answer(buf, uacce->ops->isolate_err_threshold_read(uacce));
}

static ssize_t isolate_strategy_store(struct device *dev,
				      struct device_attribute *attr,
				      const char *buf, size_t count)
{
	struct uacce_device *uacce = to_uacce(dev);
	unsigned long num;
	int ret;

	if (!uacce->ops->isolate_err_threshold_write)
		return -ENOENT;
	if (kstrtoul(buf, 0, &num) || num > UACCE_MAX_ERR_THRESHOLD)
		return -EINVAL;
	ret = uacce->ops->isolate_err_threshold_write(uacce, num);
	return ret < 0 ? ret : count;
}

static DEVICE_ATTR_RO(api);
static DEVICE_ATTR_RO(flags);
static DEVICE_ATTR_RO(available_instances);
static DEVICE_ATTR_RO(algorithms);
static DEVICE_ATTR_RO(region_mmio_size);
static DEVICE_ATTR_RO(region_dus_size);
static DEVICE_ATTR_RO(isolate);
static DEVICE_ATTR_RW(isolate_strategy);

static struct attribute *uacce_dev_attrs[] = {
	&dev_attr_api.attr,
	&dev_attr_flags.attr,
	&dev_attr_available_instances.attr,
	&dev_attr_algorithms.attr,
	&dev_attr_region_mmio_size.attr,
	&dev_attr_region_dus_size.attr,
	&dev_attr_isolate.attr,
	&dev_attr_isolate_strategy.attr,
	NULL,
};

/* What the device has not, it does not show. */
static umode_t uacce_dev_is_visible(struct kobject *kobj,
				    struct attribute *attr, int n)
{
	const struct uacce_device *uacce = to_uacce(kobj_to_dev(kobj));
	const struct uacce_ops *ops = uacce->ops;

	if (attr == &dev_attr_region_mmio_size.attr)
		return uacce->qf_pg_num[UACCE_QFRT_MMIO] ? attr->mode : 0;
	if (attr == &dev_attr_region_dus_size.attr)
		return uacce->qf_pg_num[UACCE_QFRT_DUS] ? attr->mode : 0;
	if (attr == &dev_attr_isolate.attr)
		return ops->get_isolate_state ? attr->mode : 0;
	if (attr == &dev_attr_isolate_strategy.attr)
		return ops->isolate_err_threshold_read ||
		       ops->isolate_err_threshold_write ? attr->mode : 0;
	return attr->mode;
}

static const struct attribute_group uacce_dev_group = {
	.attrs = uacce_dev_attrs,
	.is_visible = uacce_dev_is_visible,
};

const struct attribute_group *uacce_dev_groups[] = {
	&uacce_dev_group,
	NULL,
};
