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

@test "unsafe_no_sva changes nothing for a device with SVA" {
	rmmod wd_uacce
	insmod "$WD_VM_KMOD/uacce/wd_uacce.ko" unsafe_no_sva=1
	insmod "$WD_VM_KMOD/dummy/wd_dummy.ko"
	[ "$(cat /sys/class/uacce/wd_dummy-0/flags)" = 1 ]
	abi bad_region
	abi init_start
}
