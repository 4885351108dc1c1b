/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between the kernels this builds for, 6.1 to 7.x.  No other file of
 * this directory looks at the version.
 */
#ifndef _WD_HISI_COMPAT_H
#define _WD_HISI_COMPAT_H

#include <linux/pci.h>
#include <linux/scatterlist.h>
#include <linux/version.h>
#include <crypto/internal/acompress.h>

/*
 * Until 6.14 callers may leave the destination to the algorithm: it allocates one,
 * and tells how to free it.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 15, 0)
#define ZIP_ACOMP_ALLOC_OUTPUT	1
#define ZIP_ACOMP_DST_FREE	.dst_free = sgl_free,
#else
#define ZIP_ACOMP_ALLOC_OUTPUT	0
#define ZIP_ACOMP_DST_FREE
#endif

/* Since 6.15 requests can be for memory that is not in lists. */
#define ZIP_ACOMP_VIRT	(LINUX_VERSION_CODE >= KERNEL_VERSION(6, 15, 0))

/* Since 6.16 a request's size is common to all kinds of algorithms. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 16, 0)
#define ZIP_ACOMP_REQSIZE	base.cra_reqsize
#else
#define ZIP_ACOMP_REQSIZE	reqsize
#endif

/*
 * A request of the caller's that wants the destination allocated gets the one that
 * software has made.  The request to software keeps none, so that it is not freed
 * with it.
 */
static inline void zip_acomp_take_output(struct acomp_req *to, struct acomp_req *from)
{
#if ZIP_ACOMP_ALLOC_OUTPUT
	to->dst = from->dst;
	from->dst = NULL;
	from->flags &= ~CRYPTO_ACOMP_ALLOC_OUTPUT;
#endif
}

/* The way with a table of all mappings is deprecated since 6.13. */
static inline void __iomem *hisi_iomap_region(struct pci_dev *pdev, int bar, const char *name)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	return pcim_iomap_region(pdev, bar, name);
#else
	int ret = pcim_iomap_regions(pdev, BIT(bar), name);

	return ret ? IOMEM_ERR_PTR(ret) : pcim_iomap_table(pdev)[bar];
#endif
}

/* What a string of a trace event is, it knows from its declaration since 6.10. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
#define hisi_assign_str(name, text)	__assign_str(name)
#else
#define hisi_assign_str(name, text)	__assign_str(name, text)
#endif

#endif
