#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A driver finds the model of the ZIP engine, no more: what it reads and
# writes for that can be compared with compare_trace, up to the end of the machine.

bats_require_minimum_version 1.5.0
load zip

setup_file() {
	note_complaints
}

# The test loads the driver, and leaves it there.
teardown_file() {
	:
}

@test "the driver takes the device; the kernel's test of it passes, if it has raw DEFLATE" {
	load_driver
	is_bound
	is_working
	at_rest
	[ "$(counter err_bd_cnt)" -eq 0 ]
	if [ "$(cat "$zip_device/revision")" = 0x21 ]; then
		if driver_is linux; then
			selftest ""
		fi
		return
	fi
	selftest passed
	all_tests_went_through_it
}
