#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The kernel swaps through the ZIP engine (zswap) while processes have queues of it, and
# it is reset meanwhile: what each gets back is right.  With the driver of kmod/hisi.

bats_require_minimum_version 1.5.0
load zip
load zswap

setup_file() {
	note_complaints
	load_driver_for_processes
}

teardown() {
	# What a test that failed has left.
	: >enough
	[ -z "${swapping:-}" ] || wait "$swapping" || :
	end_test
}

# swap_until FILE: swap, at least once and as long as the file is not there
swap_until() {
	local rounds=0

	until [ $rounds -gt 0 ] && [ -e "$1" ]; do
		swapper_in_small 1 200 || return
		rounds=$((rounds + 1))
	done
	echo "swapped $rounds times"
}

# more_is_swapped NUMBER: wait until so many more pages went through zswap
more_is_swapped() {
	local enough=$(($(swapped out) + $1))

	has_swapped() {
		[ "$(swapped out)" -ge "$enough" ] || [ -e swapped ]
	}
	until_true has_swapped
}

free_queues() {
	cat /sys/class/uacce/hisi_zip-*/available_instances
}

# processes_are_in: each of them has its two queues
processes_are_in() {
	[ "$(free_queues)" -eq $((free - 32)) ]
}

@test "zswap and 16 processes use the device at once, through three function-level resets" {
	local i sent out in

	need_zram
	free=$(free_queues)
	zswap_on
	sent=$(counter send_cnt)
	out=$(swapped out)
	in=$(swapped in)
	(swap_until enough >swapped.new 2>&1 || : >failed; mv swapped.new swapped) 3>&- &
	swapping=$!
	users_begin 16 600
	for ((i = 0; i < 3; i++)); do
		until_true processes_are_in
		more_is_done 500
		more_is_swapped 500
		[ ! -e swapped ]
		echo 1 >"$zip_device/reset"
		is_working
		[ -z "${WD_VM_LONG:-}" ] || sleep 100
	done
	until_true processes_are_in
	more_is_done 500
	users_end
	: >enough
	wait "$swapping"
	swapping=
	cat swapped
	[ ! -e failed ]
	run ! grep "reopened 0 times" users_report
	sent=$(($(counter send_cnt) - sent))
	out=$(($(swapped out) - out))
	in=$(($(swapped in) - in))
	echo "pages out $out, in $in; requests of the kernel $sent; resets $(sim_value stats resets)"
	[ $((out * 4096)) -ge $((64 << 20)) ]
	[ $((in * 4096)) -ge $((64 << 20)) ]
	# What a reset found under way was done in software.
	[ "$sent" -gt $((out / 2)) ]
	at_rest
	zswap_off
	[ "$(free_queues)" -eq "$free" ]
	no_violations
}
