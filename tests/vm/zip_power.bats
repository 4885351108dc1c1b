#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The device goes to sleep and wakes up, and PCI errors are reported for it, while the
# kernel and processes have it at work.

bats_require_minimum_version 1.5.0
load zip

setup_file() {
	note_complaints
	load_driver_for_processes
}

# happens EVENT: to the device
happens() {
	insmod "$WD_VM_CLIENT/pci_events.ko" device="$zip_bdf" event="$1"
	rmmod pci_events
}

# all_survive EVENT: three of them; what is under way is done, and all go on
all_survive() {
	local _

	users_begin 4 300
	traffic outstanding=50
	for _ in 1 2 3; do
		more_is_done 300
		happens "$1"
		is_working
	done
	more_is_done 300
	traffic_ends
	users_end
	run ! grep -q 'reopened 0 times' users_report
	no_violations
}

@test "the device sleeps and wakes up while all are at work" {
	all_survive sleep
}

@test "PCI errors are cured by resets while all are at work" {
	harmless='PCI error, channel state'
	all_survive frozen
}

# The kernel has given the device up, and only finds it anew.
@test "a PCI error that nothing cures: software goes on, and the device works when it is found again" {
	harmless='PCI error, channel state|out of use|does not come to rest'
	traffic outstanding=50
	more_is_done 300
	happens failed
	traffic_ends
	client "alg=$zip_alg" requests=20 outstanding=5
	[[ $(client_report) == *": 20 of 20 pieces right"*" 0 failed, 0 empty"* ]]
	echo 1 >"$zip_device/remove"
	echo 1 >/sys/bus/pci/rescan
	is_bound
	is_working
	zip_user run --processes 2 --seconds 2 --wait 60
	no_violations
}
