// SPDX-License-Identifier: MIT
/*
 * The trace: a line for each register access, "R|W offset width value" in hex, and
 * lines with # that say what a doorbell or a command did.
 */
#include <stdarg.h>

#include "internal.h"

void trace_access(struct sim *sim, char rw, uint64_t offset, const void *data, size_t width)
{
	uint64_t value[2] = { 0 };

	if (!sim->config.trace)
		return;
	memcpy(value, data, width);
	fprintf(sim->config.trace, "%c %06llx %zu ", rw, (unsigned long long)offset, width);
	if (width > 8)
		fprintf(sim->config.trace, "%llx%016llx\n", (unsigned long long)value[1],
			(unsigned long long)value[0]);
	else
		fprintf(sim->config.trace, "%llx\n", (unsigned long long)value[0]);
}

void trace_note(struct sim *sim, const char *fmt, ...)
{
	va_list ap;

	if (!sim->config.trace)
		return;
	fputs("# ", sim->config.trace);
	va_start(ap, fmt);
	vfprintf(sim->config.trace, fmt, ap);
	va_end(ap);
	fputc('\n', sim->config.trace);
}

void trace_fetched(struct sim *sim, const struct job *job)
{
	const struct hisi_zip_sqe *sqe = &job->req.sqe;

	trace_note(sim, "SQE q%u[%u] dir %d: dw4=%08x dw7=%08x dw9=%08x dw14=%08x dw18=%08x "
		   "dw20=%08x dw26=%08x dw27=%08x", job->req.queue, job->req.slot,
		   job->req.decompress, sqe->in_len, sqe->dw7, sqe->dw9, sqe->out_len,
		   sqe->src_low, sqe->dst_low, sqe->tag_low, sqe->tag_high);
}

void trace_completed(struct sim *sim, const struct job *job)
{
	const struct hisi_zip_sqe *sqe = &job->req.sqe;

	trace_note(sim, "done q%u[%u] st %02x in %u/%u out %u/%u %s", job->req.queue,
		   job->req.slot, le32_get_bits(sqe->dw3, HZIP_SQE_STATUS), sqe->consumed,
		   sqe->in_len, sqe->produced, sqe->out_len, job->req.note);
}
