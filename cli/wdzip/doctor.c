/* SPDX-License-Identifier: MIT */
/*
 * --doctor: whether the accelerators of this machine work.
 *
 * First all facts are gathered (doctor_host.c, doctor_module.c, doctor_device.c and what
 * these call), then devices are tried (doctor_test.c), and a run (doctor_speed.c).  What
 * that means is judged by a table (doctor_judge.c, doctor_rules.c), and printed
 * (doctor_text.c, doctor_line.c, doctor_json.c).
 */
#include <stdlib.h>

#include "doctor.h"
#include "doctor_device.h"
#include "doctor_host.h"
#include "doctor_json.h"
#include "doctor_judge.h"
#include "doctor_module.h"
#include "doctor_speed.h"
#include "doctor_test.h"
#include "doctor_text.h"
#include "message.h"

static void gather(struct doctor_facts *facts, const struct options *opt)
{
	gather_host(&facts->host);
	gather_modules(facts);
	gather_devices(facts);
	test_devices(facts);
	try_run(facts, opt);
}

static void set_status(int worst)
{
	if (worst >= SEVERITY_ERROR)
		msg_set_status(STATUS_ERROR);
	else if (worst >= SEVERITY_WARNING)
		msg_set_status(STATUS_WARNING);
}

void doctor_run(const struct options *opt)
{
	struct doctor_facts *facts = calloc(1, sizeof(*facts));
	struct verdict *verdict = calloc(1, sizeof(*verdict));

	if (facts && verdict) {
		gather(facts, opt);
		judge(facts, verdict);
		if (opt->doctor == STATS_JSON)
			doctor_print_json(facts, verdict);
		else
			doctor_print_text(facts, verdict);
		set_status(verdict->worst);
	} else {
		msg_error("memory exhausted");
	}
	free(verdict);
	free(facts);
}
