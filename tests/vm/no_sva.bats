#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Devices without shared virtual addressing: only behind a parameter that says what
# it is, and only for those who may do as much anyway.

bats_require_minimum_version 1.5.0
load common

setup() {
	insmod "$WD_VM_KMOD/uacce/wd_uacce.ko"
}

teardown() {
	rmmod wd_dummy || :
	rmmod wd_uacce
}

@test "a device without SVA is not handed out by default" {
	insmod "$WD_VM_KMOD/dummy/wd_dummy.ko" no_sva=1
	[ ! -e /dev/wd_dummy-0 ]
	dmesg | tail -n 5 | grep -q 'see the parameter unsafe_no_sva'
	[ "$(($(cat /proc/sys/kernel/tainted) & 64))" -eq 0 ]
}

@test "a device whose queues share doorbells is not handed out by default" {
	insmod "$WD_VM_KMOD/dummy/wd_dummy.ko" shared_doorbells=1
	[ ! -e /dev/wd_dummy-0 ]
	dmesg | tail -n 5 | grep -q 'see the parameter unsafe_shared_doorbells'
	[ "$(($(cat /proc/sys/kernel/tainted) & 64))" -eq 0 ]
}

@test "unsafe_shared_doorbells changes nothing for a device that shares none" {
	rmmod wd_uacce
	insmod "$WD_VM_KMOD/uacce/wd_uacce.ko" unsafe_shared_doorbells=1
	insmod "$WD_VM_KMOD/dummy/wd_dummy.ko"
	[ "$(($(cat /proc/sys/kernel/tainted) & 64))" -eq 0 ]
	chmod 666 /dev/wd_dummy-0
	abi cap_not_needed
}

@test "unsafe_shared_doorbells hands it out, taints the kernel and says so" {
	rmmod wd_uacce
	insmod "$WD_VM_KMOD/uacce/wd_uacce.ko" unsafe_shared_doorbells=1
	insmod "$WD_VM_KMOD/dummy/wd_dummy.ko" shared_doorbells=1
	[ -e /dev/wd_dummy-0 ]
	dmesg | tail -n 5 | grep -q 'unsafe_shared_doorbells: queues share registers'
	[ "$(($(cat /proc/sys/kernel/tainted) & 64))" -eq 64 ]
	[ "$(cat /sys/class/uacce/wd_dummy-0/flags)" = 1 ]
	abi init_start
	chmod 666 /dev/wd_dummy-0
	abi cap_needed
}

@test "unsafe_no_sva hands it out, taints the kernel and says so" {
	rmmod wd_uacce
	insmod "$WD_VM_KMOD/uacce/wd_uacce.ko" unsafe_no_sva=1
	insmod "$WD_VM_KMOD/dummy/wd_dummy.ko" no_sva=1
	[ -e /dev/wd_dummy-0 ]
	dmesg | tail -n 5 | grep -q 'access to all memory'
	[ "$(($(cat /proc/sys/kernel/tainted) & 64))" -eq 64 ]
	[ "$(cat /sys/class/uacce/wd_dummy-0/flags)" = 2 ]
	[ "$(cat /sys/class/uacce/wd_dummy-0/api)" = wd_dummy_v1_noiommu ]
	abi ss_region
	chmod 666 /dev/wd_dummy-0
	abi cap_needed
	abi ss_zombie
}

@test "the tools work with a device that takes bus addresses" {
	rmmod wd_uacce
	insmod "$WD_VM_KMOD/uacce/wd_uacce.ko" unsafe_no_sva=1
	insmod "$WD_VM_KMOD/dummy/wd_dummy.ko" no_sva=1
	cd "$BATS_TEST_TMPDIR"
	seq 1500000 >f
	wdzip --list-devices | grep -Eq '^wd_dummy-0 .* ready '
	wdzip --engine=dummy --stats=json -k f 2>stats
	[ "$(stat_of device)" = '"wd_dummy-0"' ]
	[ "$(stat_of device_requests)" = "$(stat_of requests)" ]
	[ "$(stat_of redone)" = 0 ]
	gzip -dc f.gz | cmp - f
	wdunzip --engine=dummy --stats=json -c f.gz 2>stats | cmp - f
	[ "$(stat_of device_requests)" -gt 2 ]
	until_true free_queues 64
}

@test "whoever may have all memory may have shared doorbells" {
	rmmod wd_uacce
	insmod "$WD_VM_KMOD/uacce/wd_uacce.ko" unsafe_no_sva=1
	insmod "$WD_VM_KMOD/dummy/wd_dummy.ko" no_sva=1 shared_doorbells=1
	abi ss_region
}

@test "a device that takes bus addresses does not let go of its memory" {
	rmmod wd_uacce
	insmod "$WD_VM_KMOD/uacce/wd_uacce.ko" unsafe_no_sva=1
	insmod "$WD_VM_KMOD/dummy/wd_dummy.ko" no_sva=1
	abi ss_limbo
	abi limbo_put_close
}

@test "unsafe_no_sva changes nothing for a device with SVA" {
	rmmod wd_uacce
	insmod "$WD_VM_KMOD/uacce/wd_uacce.ko" unsafe_no_sva=1
	insmod "$WD_VM_KMOD/dummy/wd_dummy.ko"
	[ "$(cat /sys/class/uacce/wd_dummy-0/flags)" = 1 ]
	abi bad_region
	abi init_start
}
