/* SPDX-License-Identifier: GPL-2.0 */
/* Tracepoints of the queue manager: the kernel's requests, errors and resets. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM wd_hisi_qm

#if !defined(_WD_HISI_QM_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _WD_HISI_QM_TRACE_H

#include <linux/tracepoint.h>

#include "compat.h"
#include "qm_internal.h"

DECLARE_EVENT_CLASS(hisi_qp_request,
		    TP_PROTO(const struct hisi_qp *qp, u32 slot),
		    TP_ARGS(qp, slot),
		    TP_STRUCT__entry(__string(device, pci_name(qp->qm->pdev))
				     __field(u32, queue)
				     __field(u32, type)
				     __field(u32, slot)
				     __field(u32, used)),
		    TP_fast_assign(hisi_assign_str(device, pci_name(qp->qm->pdev));
				   __entry->queue = qp->number;
				   __entry->type = qp->type;
				   __entry->slot = slot;
				   __entry->used = READ_ONCE(qp->used);),
		    TP_printk("%s queue %u type %u slot %u, %u under way",
			      __get_str(device), __entry->queue, __entry->type,
			      __entry->slot, __entry->used));

DEFINE_EVENT(hisi_qp_request, hisi_qp_submit,
	     TP_PROTO(const struct hisi_qp *qp, u32 slot), TP_ARGS(qp, slot));
DEFINE_EVENT(hisi_qp_request, hisi_qp_complete,
	     TP_PROTO(const struct hisi_qp *qp, u32 slot), TP_ARGS(qp, slot));
DEFINE_EVENT(hisi_qp_request, hisi_qp_abort,
	     TP_PROTO(const struct hisi_qp *qp, u32 slot), TP_ARGS(qp, slot));

TRACE_EVENT(hisi_qm_error,
	    TP_PROTO(const struct hisi_qm *qm, u32 qm_bits, u32 engine_bits),
	    TP_ARGS(qm, qm_bits, engine_bits),
	    TP_STRUCT__entry(__string(device, pci_name(qm->pdev))
			     __field(u32, qm_bits)
			     __field(u32, engine_bits)),
	    TP_fast_assign(hisi_assign_str(device, pci_name(qm->pdev));
			   __entry->qm_bits = qm_bits;
			   __entry->engine_bits = engine_bits;),
	    TP_printk("%s queue manager 0x%x, engine 0x%x", __get_str(device),
		      __entry->qm_bits, __entry->engine_bits));

TRACE_EVENT(hisi_qm_reset,
	    TP_PROTO(const struct hisi_qm *qm, const char *what, int result),
	    TP_ARGS(qm, what, result),
	    TP_STRUCT__entry(__string(device, pci_name(qm->pdev))
			     __string(what, what)
			     __field(int, result)),
	    TP_fast_assign(hisi_assign_str(device, pci_name(qm->pdev));
			   hisi_assign_str(what, what);
			   __entry->result = result;),
	    TP_printk("%s %s: %d", __get_str(device), __get_str(what), __entry->result));

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE qm_trace
#include <trace/define_trace.h>
