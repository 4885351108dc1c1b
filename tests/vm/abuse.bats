#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What must not hurt the kernel, nor anybody else.  WD_VM_LONG does more of it, which
# is for the debug kernel; run sees whether that complains.

bats_require_minimum_version 1.5.0
load common

# times SHORT LONG
times() {
	echo "${WD_VM_LONG:+$2}" | grep . || echo "$1"
}

# Waiting for its pages cannot be ended by a signal.
need_fuse() {
	if [ ! -e /dev/fuse ] && [ -e "$WD_VM_MODULES/kernel/fs/fuse/fuse.ko" ]; then
		insmod "$WD_VM_MODULES/kernel/fs/fuse/fuse.ko"
	fi
	if [ ! -e /dev/fuse ]; then
		skip "no FUSE in this kernel"
	fi
}

# reload_dummy QUEUES [PARAMETER=VALUE...]: teardown looks for so many
reload_dummy() {
	queues=$1
	rmmod wd_dummy
	insmod "$WD_VM_KMOD/dummy/wd_dummy.ko" "queues=$1" "${@:2}"
}

setup_file() {
	load_dummy
}

setup() {
	bind_dummy
}

teardown() {
	if [ -n "${holder:-}" ]; then
		kill -KILL "$holder"
	fi
	bind_dummy
	idle "${queues:-64}"
}

teardown_file() {
	unload_dummy
}

@test "SIGKILL with full queues" {
	abuse kill "$(times 50 1000)"
	abi init_start
}

@test "memory of requests in flight is unmapped, protected, truncated" {
	abuse vanish "$(times 100 2000)"
}

@test "a page that never comes keeps nobody from stopping, closing or dying" {
	abuse stuck 0
	abuse stuck 1
	abuse stuck 2
	abi init_start
}

@test "a page that not even SIGKILL ends the wait for keeps nobody else waiting" {
	need_fuse
	abuse deaf 0
	abi init_start
}

@test "a call whose argument never comes keeps nobody waiting, not even its own queue" {
	need_fuse
	abuse deaf_call 0
	abi init_start
}

@test "400 queues closed while they wait for a page that never comes leave no more threads than queues" {
	need_fuse
	reload_dummy 4
	abuse hoard 400
	abuse unhandled "$(times 100 400)"
	idle 4
	reload_dummy 64
}

@test "a device with 400 queues that wait for pages that never come goes away at once" {
	need_fuse
	reload_dummy 400
	abuse hoard 400
	idle 400
	reload_dummy 64
}

@test "the driver is unloaded when the last page that its queues wait for has come" {
	local remover

	need_fuse
	abuse hold 8 >"$BATS_TEST_TMPDIR/hold" 3>&- &
	holder=$!
	until_true grep -q stuck "$BATS_TEST_TMPDIR/hold"
	rmmod wd_dummy 3>&- &
	remover=$!
	until_true test ! -e /dev/wd_dummy-0
	kill -0 "$remover"
	kill -KILL "$holder"
	holder=
	wait "$remover"
	umount -l /run/tmp/deaf
	insmod "$WD_VM_KMOD/dummy/wd_dummy.ko"
}

@test "the queue of a process that was killed is soon free" {
	abuse long 0
}

@test "a mapping that is made while the device goes away shows nothing else" {
	abuse race "$(times 50 500)"
}

@test "rings and doorbells with anything in them" {
	abuse scribble "$(times 6 300)"
	abi init_start
}

@test "64 processes with 16 queues each, and nobody gets another's results" {
	reload_dummy 1024 depth=16
	abuse many 64
	idle 1024
	reload_dummy 64
}

@test "the device is unbound with queues open, mapped and busy" {
	abuse removal "$(times 5 40)"
}

@test "the driver is unloaded with queues open and busy" {
	local pid i

	for i in $(seq "$(times 2 20)"); do
		abuse busy 4 &
		pid=$!
		for _ in $(seq 200); do
			[ "$(cat /sys/class/uacce/wd_dummy-0/available_instances)" -eq 60 ] && break
			sleep 0.05
		done
		rmmod wd_dummy
		wait "$pid"
		insmod "$WD_VM_KMOD/dummy/wd_dummy.ko"
	done
}

@test "every allocation of open, mmap and ioctl fails once" {
	local kind

	if [ ! -e /proc/self/fail-nth ]; then
		skip "this kernel has no fault injection: see tests/vm/debug-kernel"
	fi
	for kind in failslab fail_page_alloc fail_usercopy; do
		echo 0 >/sys/kernel/debug/$kind/verbose
	done
	echo N >/sys/kernel/debug/failslab/ignore-gfp-wait
	echo N >/sys/kernel/debug/fail_page_alloc/ignore-gfp-wait
	echo 0 >/sys/kernel/debug/fail_page_alloc/min-order
	abuse no_memory 0
	abi init_start
}

@test "no memory is lost" {
	if [ ! -e /sys/kernel/debug/kmemleak ]; then
		skip "this kernel does not look for leaks: see tests/vm/debug-kernel"
	fi
	rmmod wd_dummy
	insmod "$WD_VM_KMOD/dummy/wd_dummy.ko"
	echo scan >/sys/kernel/debug/kmemleak
	sleep 6
	echo scan >/sys/kernel/debug/kmemleak
	run grep -E 'uacce|wd_dummy|dummy_' /sys/kernel/debug/kmemleak
	[ "$status" -ne 0 ]
}
