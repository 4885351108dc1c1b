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

# rows <<LINES...: each is the name of a test of abi.c, and what it shows.  One after the other
# in one test, as starting one takes an emulated machine longer than most of them do.
rows() {
	local lines line

	mapfile -t lines
	for line in "${lines[@]}"; do
		echo "$line"
		abi "${line%%:*}"
		teardown
	done
}

teardown_file() {
	unload_dummy
}

# ---- state ----

@test "state, row by row" {
	rows <<-'EOT'
	init_start: START_Q starts a queue in state INIT
	init_put: PUT_Q does nothing in state INIT
	init_driver_ioctl: a driver's ioctl is passed on in state INIT
	init_poll: poll finds nothing in state INIT
	mmap_when_started: regions can be mapped in state STARTED
	started_start: START_Q is EINVAL in state STARTED
	started_put: PUT_Q stops a queue, which can be started again
	started_driver_ioctl: a driver's ioctl is passed on in state STARTED
	started_poll: poll finds a result until it is taken
	zombie: every ioctl and mmap is ENXIO when the device is gone
	zombie_init: the same for a queue that was never started
	zombie_poll: poll tells of an error and a hang-up when the device is gone (improvement)
	zombie_wakes_poll: who waits in poll or epoll is woken when the device goes (improvement)
	zombie_mappings: mappings read as ones when the device is gone (improvement)
	zombie_unmap: a dead queue's regions can be unmapped, and not mapped again
	unknown_ioctl: an unknown ioctl is EINVAL
	EOT
}

# ---- mmap ----

@test "mmap, row by row" {
	rows <<-'EOT'
	bad_region: a region that does not exist is EINVAL
	wrong_size: a size that is not the region's is EINVAL
	double_map: a region that is mapped is EEXIST
	map_again: a region that was unmapped can be mapped again
	private_map: a private mapping is EINVAL (improvement)
	no_code: a mapping cannot be made executable (improvement)
	mremap_refused: mremap is EPERM and harms nothing (CVE-2026-23056)
	partial_unmap: a mapping can be split, and unmapped in parts
	EOT
}

# ---- fork and exec ----

@test "fork and exec, row by row" {
	rows <<-'EOT'
	fork_without: a child has neither mappings nor the queue (improvement)
	fork_unmapped: a child cannot map what its parent has not mapped (improvement)
	fork_madvise: madvise does not give a child the mappings
	fork_poll: poll tells another process of an error, and the owner of its results (improvement)
	fork_wakeup: another process that waits does not get the owner's wake-up (improvement)
	fork_with_own: a child can have a queue of its own
	fork_memory: requests act on the memory of the queue's opener
	exec_queue: another program cannot use an inherited queue (improvement)
	outlive: a descriptor that outlives its opener does nothing
	EOT
}

# ---- close ----

@test "close, row by row" {
	rows <<-'EOT'
	close_orders: unmapping, stopping and closing in every order
	mapping_outlives_close: a mapping keeps its queue when the file is closed
	all_queues: available_instances counts down, and open is EBUSY at the end
	EOT
}

# ---- doorbells ----

@test "doorbells, row by row" {
	rows <<-'EOT'
	doorbells_early: doorbells read as ones, and reach nothing, before the queue is started (improvement)
	doorbells_late: the same once it was stopped, while its rings can be read (improvement)
	doorbells_alone: taking a queue's doorbells away touches no other mapping
	rings_at_once: the rings are mapped with the first touch
	EOT
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

@test "a device that is suspended, row by row" {
	rows <<-'EOT'
	suspended: open and START_Q are EBUSY, what was started is dead, what was not goes on later
	suspended_wakes_poll: who waits in poll is woken when the device is suspended
	suspended_and_gone: a device that is suspended can go away
	suspended_limbo: a device that is suspended is not asked whether it has let go
	EOT
}

# ---- arguments ----

@test "arguments, row by row" {
	rows <<-'EOT'
	pasid_too_large: a process whose number (PASID) is too large for the device gets ENOSPC
	ioctl_argument: an ioctl's argument is copied, both ways
	ioctl_too_long: an ioctl's argument of more than 128 bytes is EINVAL
	EOT
}

# ---- the dummy device ----

@test "the dummy device, row by row" {
	rows <<-'EOT'
	clean_rings: a queue's memory is clean, whoever had it before
	bad_addresses: an address that is not the process's fails the request alone
	ring_as_buffer: rings and doorbells are no memory for data
	untouched_pages: pages that were never touched fault in
	bad_requests: a request that makes no sense is refused
	bad_doorbells: a doorbell that makes no sense is ignored
	full_ring: a full ring, answered in order
	results_not_taken: results that are not taken stop the device until they are
	mended_doorbells: a doorbell that made no sense holds up nothing once it is put right
	no_lost_wakeup: no wake-up is lost between one who submits, one who receives, and the device
	algorithms: memcopy, deflate, zlib and gzip, at every level
	open_stream: pieces of one stream join
	gzip_header: a gzip header with every field
	faults: injected faults hit as many requests as asked for
	isolation: a device is isolated at its threshold, until that is set anew
	EOT
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
