#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The first version of the engine, which has queues for processes only, under the driver
# of kmod/hisi: it works, and its errors are cured by a reset.  It does not shut its
# master by itself when the queue manager's memory is wrong.

bats_require_minimum_version 1.5.0
load zip

setup_file() {
	note_complaints
	load_driver_for_processes
}

setup() {
	begin_test
	queue_file
	note_log
	harmless='hisi_zip |hisi_qm |callbacks suppressed'
}

teardown() {
	sim_cmd fault clear
	end_test
}

@test "none of its queues is kept for the kernel" {
	[ "$(<"$zip_class/available_instances")" -eq 256 ]
}

@test "processes compress and decompress, and go on through a function-level reset" {
	users_begin 2 60
	until_true has_completed $(($(sim_value stats completed) + 200))
	echo 1 >"$zip_device/reset"
	is_working
	more_is_done 200
	users_end
	no_violations
}

@test "errors are cured by a reset, wrong memory too" {
	needs_zrst
	cured_by_reset "qm 2 4" 'two bits or more of its memory are wrong'
	zip_user run --processes 1 --seconds 1
	cured_by_reset "zip 1 9" "two bits of the engine's memory are wrong" 'memory 9 of the engine'
	zip_user run --processes 1 --seconds 1
	cured_by_reset "qm 6" 'results were not written back in time'
	cured_by_reset "zip 3" 'the engine could not write memory'
	zip_user run --processes 1 --seconds 1
	no_violations
}

@test "the same while processes are at work" {
	local error

	needs_zrst
	users_begin 2 120
	for error in "qm 2" "zip 1"; do
		more_is_done 100
		cured_by_reset "$error" ''
	done
	users_end
	no_violations
}

@test "a process does not say that it took its results: the device is reset, and others go on" {
	needs_zrst
	users_begin 2 120
	more_is_done 100
	zip_user overflow
	until_true log_has "$zip_was_reset"
	log_has 'error: a queue overflowed'
	more_is_done 100
	users_end
	overrun_was_judged
}
