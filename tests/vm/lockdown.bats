#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Devices without shared virtual addressing in a kernel that is locked down, which
# it stays: nothing can be loaded any more, and the order of these tests counts.

bats_require_minimum_version 1.5.0
load common

lockdown=/sys/kernel/security/lockdown

setup_file() {
	mount -t securityfs none /sys/kernel/security || :
	insmod "$WD_VM_KMOD/uacce/wd_uacce.ko" unsafe_no_sva=1
	insmod "$WD_VM_KMOD/dummy/wd_dummy.ko" no_sva=1
}

setup() {
	if [ ! -e "$lockdown" ]; then
		skip "no lockdown in this kernel: $lockdown is not there"
	fi
}

@test "before: a device without SVA can be opened" {
	grep -qF '[none]' "$lockdown"
	abi ss_region
}

@test "its queues cannot be opened any more when the kernel is locked down" {
	abi init_put
	echo integrity >"$lockdown"
	abi open_refused
}

@test "it is not handed out any more when the kernel is locked down" {
	echo wd_dummy.0 >"$dummy_driver/unbind"
	run ! bash -c "echo wd_dummy.0 >$dummy_driver/bind"
	[ ! -e /dev/wd_dummy-0 ]
	dmesg | tail -n 8 | grep -q 'refused, as the kernel is locked down'
}
