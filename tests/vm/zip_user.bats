#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Queues of the ZIP engine in the hands of processes, by bare system calls (zip_user), with
# the driver of kmod/hisi: Linux's own hands none out here, as there is no SVA.

bats_require_minimum_version 1.5.0
load zip

setup_file() {
	note_complaints
	load_driver_for_processes
}

@test "the queue file is what it promises, row by row" {
	zip_user abi
	no_violations
}

@test "16 processes compress and decompress, and all of it is right" {
	local free

	queue_file
	free=$(<"$zip_class/available_instances")
	zip_user run --processes 16 --seconds 20 | tee run
	grep -q 'reopened 0 times' run
	until_true free_queues_are "$free"
	no_violations
}

@test "they go on through function-level resets, and the kernel's own work does, too" {
	local i free

	queue_file
	free=$(<"$zip_class/available_instances")
	users_begin 8 300
	for ((i = 0; i < 3; i++)); do
		until_true has_completed $(($(sim_value stats completed) + 500))
		echo 1 >"$zip_device/reset"
		is_working
		client "alg=$zip_alg" requests=20 outstanding=5
	done
	users_end
	run ! grep -q 'reopened 0 times' users_report
	until_true free_queues_are "$free"
	no_violations
}

@test "a process with 8 busy queues is killed: they are free again" {
	local pid free

	queue_file
	free=$(<"$zip_class/available_instances")
	: >held
	zip_user hold 8 >held 3>&- &
	pid=$!
	until_true holding held 8
	free_queues_are $((free - 8))
	# What a busy machine's device has under way may take longer than it is waited for.
	harmless='a queue does not come to rest; its memory is kept'
	kill -KILL "$pid"
	wait "$pid" || :
	until_true free_queues_are "$free"
	no_violations
}

@test "the device is taken away from 8 busy queues, and comes back" {
	local pid

	# What a busy machine's device has under way may take longer than it is waited for.
	harmless='come to rest'
	: >held
	zip_user hold 8 >held 3>&- &
	pid=$!
	until_true holding held 8
	echo "$zip_bdf" >"$zip_driver/unbind"
	kill -0 "$pid"
	after_unbind
	echo "$zip_bdf" >"$zip_driver/bind"
	is_bound
	zip_user run --processes 2 --seconds 3
	kill -KILL "$pid"
	wait "$pid" || :
	no_violations
}
