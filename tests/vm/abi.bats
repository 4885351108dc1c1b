#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The queue file, row by row: states, mappings, fork and exec, closing; and what the
# dummy device does with what a process may put into its rings.  "Improvement" is
# where Linux's own uacce does less.

bats_require_minimum_version 1.5.0
load common

setup_file() {
	load_dummy
}

setup() {
	bind_dummy
}

teardown() {
	bind_dummy
	idle
}

teardown_file() {
	unload_dummy
}

# ---- state ----

@test "START_Q starts a queue in state INIT" {
	abi init_start
}

@test "PUT_Q does nothing in state INIT" {
	abi init_put
}

@test "a driver's ioctl is passed on in state INIT" {
	abi init_driver_ioctl
}

@test "poll finds nothing in state INIT" {
	abi init_poll
}

@test "regions can be mapped in state STARTED" {
	abi mmap_when_started
}

@test "START_Q is EINVAL in state STARTED" {
	abi started_start
}

@test "PUT_Q stops a queue, which can be started again" {
	abi started_put
}

@test "a driver's ioctl is passed on in state STARTED" {
	abi started_driver_ioctl
}

@test "poll finds a result until it is taken" {
	abi started_poll
}

@test "every ioctl and mmap is ENXIO when the device is gone" {
	abi zombie
}

@test "the same for a queue that was never started" {
	abi zombie_init
}

@test "poll tells of an error and a hang-up when the device is gone (improvement)" {
	abi zombie_poll
}

@test "who waits in poll or epoll is woken when the device goes (improvement)" {
	abi zombie_wakes_poll
}

@test "mappings read as ones when the device is gone (improvement)" {
	abi zombie_mappings
}

@test "a dead queue's regions can be unmapped, and not mapped again" {
	abi zombie_unmap
}

@test "an unknown ioctl is EINVAL" {
	abi unknown_ioctl
}

# ---- mmap ----

@test "a region that does not exist is EINVAL" {
	abi bad_region
}

@test "a size that is not the region's is EINVAL" {
	abi wrong_size
}

@test "a region that is mapped is EEXIST" {
	abi double_map
}

@test "a region that was unmapped can be mapped again" {
	abi map_again
}

@test "a private mapping is EINVAL (improvement)" {
	abi private_map
}

@test "a mapping cannot be made executable (improvement)" {
	abi no_code
}

@test "mremap is EPERM and harms nothing (CVE-2026-23056)" {
	abi mremap_refused
}

@test "a mapping can be split, and unmapped in parts" {
	abi partial_unmap
}

# ---- fork and exec ----

@test "a child has neither mappings nor the queue (improvement)" {
	abi fork_without
}

@test "a child cannot map what its parent has not mapped (improvement)" {
	abi fork_unmapped
}

@test "madvise does not give a child the mappings" {
	abi fork_madvise
}

@test "poll tells another process of an error, and the owner of its results (improvement)" {
	abi fork_poll
}

@test "another process that waits does not get the owner's wake-up (improvement)" {
	abi fork_wakeup
}

@test "a child can have a queue of its own" {
	abi fork_with_own
}

@test "requests act on the memory of the queue's opener" {
	abi fork_memory
}

@test "another program cannot use an inherited queue (improvement)" {
	abi exec_queue
}

@test "a descriptor that outlives its opener does nothing" {
	abi outlive
}

# ---- close ----

@test "unmapping, stopping and closing in every order" {
	abi close_orders
}

@test "a mapping keeps its queue when the file is closed" {
	abi mapping_outlives_close
}

@test "available_instances counts down, and open is EBUSY at the end" {
	abi all_queues
}

# ---- doorbells ----

@test "doorbells read as ones, and reach nothing, before the queue is started (improvement)" {
	abi doorbells_early
}

@test "the same once it was stopped, while its rings can be read (improvement)" {
	abi doorbells_late
}

@test "taking a queue's doorbells away touches no other mapping" {
	abi doorbells_alone
}

@test "the rings are mapped with the first touch" {
	abi rings_at_once
}

# ---- limbo ----

@test "a queue of which the device does not let go is dead, and given back when it does" {
	abi limbo_put
}

@test "closing it succeeds at once" {
	abi limbo_close
	abi limbo_put_close
}

@test "what is in limbo is given back when the driver says that the device is quiet" {
	abi limbo_quiet
	run ! grep -q 'have not come to rest' <(dmesg)
}

@test "what is in limbo when the device goes is lost, and the log says so" {
	abi limbo_lost
	dmesg | tail -n 20 | grep -q '2 queues have not come to rest; their memory is lost'
	rmmod wd_dummy
	insmod "$WD_VM_KMOD/dummy/wd_dummy.ko"
}

# ---- a device that is suspended ----

@test "open and START_Q are EBUSY, what was started is dead, what was not goes on later" {
	abi suspended
}

@test "who waits in poll is woken when the device is suspended" {
	abi suspended_wakes_poll
}

@test "a device that is suspended can go away" {
	abi suspended_and_gone
}

@test "a device that is suspended is not asked whether it has let go" {
	abi suspended_limbo
}

# ---- arguments ----

@test "a process whose number (PASID) is too large for the device gets ENOSPC" {
	abi pasid_too_large
}

@test "an ioctl's argument is copied, both ways" {
	abi ioctl_argument
}

@test "an ioctl's argument of more than 128 bytes is EINVAL" {
	abi ioctl_too_long
}

# ---- the dummy device ----

@test "a queue's memory is clean, whoever had it before" {
	abi clean_rings
}

@test "an address that is not the process's fails the request alone" {
	abi bad_addresses
}

@test "rings and doorbells are no memory for data" {
	abi ring_as_buffer
}

@test "pages that were never touched fault in" {
	abi untouched_pages
}

@test "a request that makes no sense is refused" {
	abi bad_requests
}

@test "a doorbell that makes no sense is ignored" {
	abi bad_doorbells
}

@test "a full ring, answered in order" {
	abi full_ring
}

@test "results that are not taken stop the device until they are" {
	abi results_not_taken
}

@test "a doorbell that made no sense holds up nothing once it is put right" {
	abi mended_doorbells
}

@test "no wake-up is lost between one who submits, one who receives, and the device" {
	abi no_lost_wakeup
}

@test "memcopy, deflate, zlib and gzip, at every level" {
	abi algorithms
}

@test "pieces of one stream join" {
	abi open_stream
}

@test "a gzip header with every field" {
	abi gzip_header
}

@test "injected faults hit as many requests as asked for" {
	abi faults
}

@test "a device is isolated at its threshold, until that is set anew" {
	abi isolation
}

# ---- sysfs ----

@test "sysfs shows what the device is" {
	cd /sys/class/uacce/wd_dummy-0
	[ "$(cat api)" = wd_dummy_v1 ]
	[ "$(cat flags)" = 1 ]
	[ "$(cat available_instances)" = 64 ]
	[ "$(cat algorithms)" = "memcopy
deflate
zlib
gzip" ]
	[ "$(cat region_mmio_size)" = 4096 ]
	[ "$(cat region_dus_size)" = 28672 ]
	[ "$(cat isolate)" = 0 ]
	[ "$(cat isolate_strategy)" = 0 ]
	[ "$(basename "$(readlink device)")" = wd_dummy.0 ]
	[ "$(stat -c %a isolate_strategy)" = 644 ]
	[ "$(stat -c %a isolate)" = 444 ]
	[ "$(stat -c '%a %U' /dev/wd_dummy-0)" = "600 root" ]
}

@test "sysfs fails where the driver cannot tell (improvement)" {
	local name

	for name in available_instances isolate isolate_strategy; do
		echo 1 >"$dummy_faults/deny"
		run cat "/sys/class/uacce/wd_dummy-0/$name"
		[ "$status" -ne 0 ]
		[[ $output == *"Input/output error" ]]
		run cat "/sys/class/uacce/wd_dummy-0/$name"
		[ "$status" -eq 0 ]
	done
	echo 1 >"$dummy_faults/deny"
	run bash -c 'echo 3 >/sys/class/uacce/wd_dummy-0/isolate_strategy'
	[ "$status" -ne 0 ]
	[ "$(cat /sys/class/uacce/wd_dummy-0/isolate_strategy)" = 0 ]
}

@test "wd_uacce is not loaded beside the kernel's own uacce, and says what to do" {
	unload_dummy
	insmod "$WD_VM_KMOD/namesake/uacce.ko"
	run insmod "$WD_VM_KMOD/uacce/wd_uacce.ko"
	[ "$status" -ne 0 ]
	[[ $output == *"busy"* ]]
	dmesg | tail -n 3 | grep -q "the kernel's own uacce is there: use its drivers, or unload"
	rmmod uacce
	load_dummy
}

@test "uacce cannot be unloaded while a queue is open" {
	exec 9<>/dev/wd_dummy-0
	run rmmod wd_uacce
	[ "$status" -ne 0 ]
	exec 9>&-
}

@test "a parameter that is out of range is refused" {
	local parameter

	rmmod wd_dummy
	for parameter in devices=0 devices=65 queues=0 queues=5000 depth=100 depth=8 \
			 depth=8192 poll_us=20000; do
		run ! insmod "$WD_VM_KMOD/dummy/wd_dummy.ko" "$parameter"
	done
	insmod "$WD_VM_KMOD/dummy/wd_dummy.ko" devices=3 queues=2 depth=16 poll_us=0
	[ "$(cat /sys/class/uacce/wd_dummy-2/available_instances)" = 2 ]
	WD_VM_DEVICE=wd_dummy-2 abi full_ring
	WD_VM_DEVICE=wd_dummy-2 abi results_not_taken
	WD_VM_DEVICE=wd_dummy-2 abi no_lost_wakeup
	WD_VM_DEVICE=wd_dummy-2 abi started_poll
	rmmod wd_dummy
	insmod "$WD_VM_KMOD/dummy/wd_dummy.ko" depth=4096
	abi full_ring
	rmmod wd_dummy
	insmod "$WD_VM_KMOD/dummy/wd_dummy.ko"
}
