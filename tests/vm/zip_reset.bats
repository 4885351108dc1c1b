#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A device that is reset while it has much to do: by its function (FLR), and by its
# driver after an error that only that cures.
#
# Linux's own driver of today relies on the device to drop what is under way, which is bit
# 10 of the capability word 0x3100: for that the model is to have it.

bats_require_minimum_version 1.5.0
load zip

setup() {
	begin_test
	selftest passed
}

@test "function-level resets with 200 requests under way: all that was asked for is right in the end" {
	local i

	# That a queue takes no requests for a moment, which Linux's driver counts.
	harmless='callbacks suppressed'
	traffic
	for ((i = 0; i < ${WD_VM_LONG:+7}+3; i++)); do
		more_is_done 1000
		echo 1 >"$zip_device/reset"
		is_working
		no_violations
	done
	more_is_done 1000
	traffic_ends
	client "alg=$zip_alg" requests=50 outstanding=10
	no_violations
}

# ---- errors ----

@test "an error that only a reset cures: the device is reset, and works again" {
	needs_zrst
	# The driver tells of the error, and of the reset.
	harmless='hisi_zip |hisi_qm |callbacks suppressed'
	note_log
	sim_cmd fault ras zip 3
	until_true log_has "$zip_was_reset"
	is_working
	client "alg=$zip_alg" requests=50 outstanding=10
	no_violations
}

@test "the same with 200 requests under way" {
	needs_zrst
	harmless='hisi_zip |hisi_qm |callbacks suppressed|acomp_client'
	note_log
	traffic
	more_is_done 1000
	sim_cmd fault ras zip 3
	until_true log_has "$zip_was_reset"
	is_working
	more_is_done 1000
	traffic_ends
	no_violations
}

# The last one: it takes another machine to have the device back.
@test "the firmware's method fails: the device stays stopped, and the driver can be unloaded" {
	needs_zrst
	harmless='hisi_zip |hisi_qm |callbacks suppressed'
	break_zrst
	note_log
	sim_cmd fault ras zip 3
	until_true log_has "$zip_is_lost"
	no_violations
}
