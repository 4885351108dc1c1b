/* SPDX-License-Identifier: MIT */
/*
 * Which devices there are, and the table of drivers.
 */
#include <stdlib.h>
#include <string.h>

#include "drv/driver.h"
#include "internal.h"

/*
 * The drivers, each wd_NAME_driver in a file of its own.  Best first: a request
 * without a wish gets the first that fits.  Devices are for those who ask for them:
 * there are not as many of their queues, and the dummy is slower than a CPU.
 */
/* clang-format off */
#define DRIVERS(row)	\
	row(soft)	\
	row(hisi_zip)	\
	row(dummy)
/* clang-format on */

#define DECLARE(name)	extern const struct wd_driver_ops wd_##name##_driver;
#define ENTRY(name)	&wd_##name##_driver,

DRIVERS(DECLARE)

static const struct wd_driver_ops *const drivers[] = { DRIVERS(ENTRY) };

const struct wd_driver_ops *wd_extra_driver;

static bool is_cpu(const struct wd_device *dev)
{
	return dev->kind == WD_DEVICE_CPU;
}

/* What the dummy stands in for has a driver of its own. */
bool wd_device_is_hardware(const struct wd_device *dev)
{
	return !is_cpu(dev) && strcmp(dev->driver, wd_dummy_driver.name) != 0;
}

/* Names for several devices, beside those that these and their drivers have. */
static const struct {
	const char *name;
	bool (*means)(const struct wd_device *dev);
} nicknames[] = {
	{ "sw", is_cpu },
	{ "hw", wd_device_is_hardware },
};

WD_API bool wd_device_is_called(const struct wd_device *dev, const char *name)
{
	if (!strcmp(name, dev->name) || !strcmp(name, dev->driver))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(nicknames); i++)
		if (!strcmp(name, nicknames[i].name) && nicknames[i].means(dev))
			return true;
	return false;
}

const char *wd_cpu_device(void)
{
	return wd_soft_driver.name;
}

/* Number @i, or NULL after the last. */
static const struct wd_driver_ops *driver_at(size_t i)
{
	if (i < ARRAY_SIZE(drivers))
		return drivers[i];
	return i == ARRAY_SIZE(drivers) ? wd_extra_driver : NULL;
}

const struct wd_driver_ops *wd_driver_find(const char *name)
{
	const struct wd_driver_ops *ops;

	for (size_t i = 0; (ops = driver_at(i)); i++)
		if (!strcmp(ops->name, name))
			return ops;
	return NULL;
}

bool wd_algs_have(const char *algs, const char *alg)
{
	size_t len = strlen(alg);

	while (*algs) {
		size_t word = strcspn(algs, " ");

		if (word == len && !memcmp(algs, alg, len))
			return true;
		algs += word;
		algs += strspn(algs, " ");
	}
	return false;
}

WD_API int wd_device_list(struct wd_device **list)
{
	const struct wd_driver_ops *ops;
	struct wd_device *devs;
	int total = 0;
	int n = 0;

	if (!list)
		return -EINVAL;
	for (size_t i = 0; (ops = driver_at(i)); i++)
		total += wd_driver_list(ops, NULL, 0);

	devs = calloc((size_t)total + 1, sizeof(*devs));
	if (!devs)
		return -ENOMEM;
	for (size_t i = 0; (ops = driver_at(i)) && n < total; i++) {
		int got = wd_driver_list(ops, devs + n, total - n);

		/* Devices may come and go between the two looks. */
		n += (int)wd_min((size_t)got, (size_t)(total - n));
	}
	*list = devs;
	return n;
}

WD_API void wd_device_list_free(struct wd_device *list)
{
	free(list);
}
