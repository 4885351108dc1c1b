#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The tools on the dummy device.

bats_require_minimum_version 1.5.0
load common

setup_file() {
	load_dummy
	make_text
}

setup() {
	bind_dummy
	cd "$BATS_TEST_TMPDIR" || return 1
}

teardown() {
	bind_dummy
	echo 0 >"$dummy_faults/fail"
	echo 0 >"$dummy_faults/flip"
	echo 0 >"$dummy_faults/lose"
	idle
}

teardown_file() {
	unload_dummy
}

@test "--list-devices and --list-engines name the device" {
	wdzip --list-devices | grep -Eq '^wd_dummy-0 +dummy +64 +- +ready +memcopy deflate zlib gzip$'
	wdbench --list-engines | grep -q '^wd_dummy-0 *dummy'
}

@test "auto does not take the dummy device by itself" {
	text 4000000 >f
	wdzip --stats=json -k f 2>stats
	[ "$(stat_of engine)" = '"sw"' ]
	[ "$(stat_of device)" = null ]
	wdzip --engine=dummy,auto --stats=json -kf f 2>stats
	[ "$(stat_of engine)" = '"dummy"' ]
	WDZIP=--engine=wd_dummy-0 wdzip --stats=json -kf f 2>stats
	[ "$(stat_of device)" = '"wd_dummy-0"' ]
}

@test "32 MiB there and back" {
	text 33554432 >f
	wdzip --engine=dummy --explain --stats=json -k f 2>stats
	grep -q 'device wd_dummy-0 did [1-9]' stats
	[ "$(stat_of device)" = '"wd_dummy-0"' ]
	[ "$(stat_of device_requests)" = "$(stat_of requests)" ]
	[ "$(stat_of redone)" = 0 ]
	gzip -t f.gz
	gzip -dc f.gz | cmp - f
	wdunzip --engine=dummy --explain --stats=json -c f.gz >g 2>stats
	grep -q 'device wd_dummy-0 did [1-9]' stats
	[ "$(stat_of device_requests)" -gt 10 ]
	cmp f g
}

@test "files of every kind there and back" {
	there_and_back dummy
	swapped dummy
	wdzip --engine=dummy -1 -r out
	wdunzip -r out
	diff -r in out
}

@test "the Canterbury files there and back" {
	local dir file

	dir=$(echo "$WD_VM_CORPUS"/*anterbury)
	if [ ! -d "$dir" ]; then
		skip "no Canterbury files: give their directory's parent as WD_VM_CORPUS"
	fi
	for file in "$dir"/*; do
		wdzip --engine=dummy --stats=json -c "$file" >f.gz 2>stats
		[ "$(stat_of device_requests)" -ge 1 ]
		gzip -dc f.gz | cmp - "$file"
		wdunzip --engine=dummy -c f.gz | cmp - "$file"
	done
}

@test "tar with wdzip on the device" {
	mkdir d
	text 3000000 >d/a
	cp "$(command -v bash)" d/b
	tar --use-compress-program="wdzip --engine=dummy" -cf d.tar.gz d
	gzip -t d.tar.gz
	tar --use-compress-program="wdzip --engine=dummy" -xf d.tar.gz --one-top-level=e
	diff -r d e/d
}

@test "chunks that the device fails are done on the CPU, and counted" {
	text 20000000 >f
	echo 3 >"$dummy_faults/fail"
	wdzip --engine=dummy --explain --stats=json -k f 2>stats
	[ "$(stat_of redone)" = 3 ]
	[ "$(stat_of device_requests)" -gt 3 ]
	grep -q '3 requests failed there' stats
	gzip -dc f.gz | cmp - f
	echo 2 >"$dummy_faults/fail"
	wdunzip --engine=dummy --stats=json -c f.gz 2>stats | cmp - f
	[ "$(stat_of redone)" = 2 ]
}

@test "wrong output is found, and done on the CPU" {
	text 20000000 >f
	echo 2 >"$dummy_faults/flip"
	wdzip --engine=dummy --explain --stats=json -k f 2>stats
	[ "$(stat_of redone)" = 2 ]
	[ "$(stat_of device_wrong)" = 2 ]
	grep -q '2 of them with wrong output' stats
	gzip -dc f.gz | cmp - f
	echo 2 >"$dummy_faults/flip"
	wdunzip --engine=dummy --stats=json -c f.gz 2>stats | cmp - f
	[ "$(stat_of redone)" = 2 ]
	echo 1 >"$dummy_faults/flip"
	wdzip --engine=dummy --no-verify --stats=json -c f 2>stats | gzip -dc >g 2>/dev/null || :
	[ "$(stat_of device_wrong)" = 0 ]
	run ! cmp -s f g
}

@test "a device that only fails is left alone" {
	text 30000000 >f
	echo 1000 >"$dummy_faults/fail"
	wdzip --engine=dummy --explain --stats=json -k f 2>stats
	grep -q 'the device was left for the rest' stats
	gzip -dc f.gz | cmp - f
	[ "$(cat "$dummy_faults/fail")" -gt 900 ]
}

@test "a device that disappears leaves the rest to the CPU" {
	local pid

	text 36000000 >f
	wdzip --engine=dummy --explain --stats=json -kb 64K f 2>stats &
	pid=$!
	unbind_after 20
	wait "$pid"
	grep -q 'the device was left for the rest: ' stats
	gzip -dc f.gz | cmp - f
	bind_dummy

	wdunzip --engine=dummy --stats=json -c f.gz >g 2>stats &
	pid=$!
	unbind_after 3
	wait "$pid"
	cmp f g
}

@test "an engine that cannot be used says why" {
	text 100 >f
	echo wd_dummy.0 >"$dummy_driver/unbind"
	run -1 --separate-stderr wdzip --engine=dummy f
	[[ $stderr == *"engine dummy: there is no such engine"* ]]
	[ -e f ] && [ ! -e f.gz ]
	wdzip --engine=dummy,sw -k f
	bind_dummy

	chmod 660 /dev/wd_dummy-0
	chgrp games /dev/wd_dummy-0
	chmod 777 .
	run -1 --separate-stderr setpriv --reuid 65534 --regid 65534 --clear-groups \
		wdzip --engine=dummy -c f
	[[ $stderr == *"engine dummy cannot be used: "* ]]
	[[ $stderr == *"members of group games have it"* ]]
	setpriv --reuid 65534 --regid 60 --groups "$(getent group games | cut -d: -f3)" \
		wdzip --engine=dummy -c f | gzip -t
	chmod 600 /dev/wd_dummy-0

	echo 1 >/sys/class/uacce/wd_dummy-0/isolate_strategy
	echo 1 >"$dummy_faults/fail"
	text 3000000 | wdzip --engine=dummy >/dev/null
	run -1 --separate-stderr wdzip --engine=dummy -c f
	[[ $stderr == *"the device is isolated after errors"* ]]
	echo 0 >/sys/class/uacce/wd_dummy-0/isolate_strategy
	wdzip --engine=dummy -c f | gzip -t
}

@test "no free queue: a pinned engine says so, a list goes on" {
	text 100 >f
	rmmod wd_dummy
	insmod "$WD_VM_KMOD/dummy/wd_dummy.ko" queues=1
	exec 9<>/dev/wd_dummy-0
	run -1 --separate-stderr wdzip --engine=dummy -c f
	[[ $stderr == *"all queues are in use"* ]]
	wdzip --engine=dummy,sw -c f | gzip -t
	exec 9>&-
	wdzip --engine=dummy -c f | gzip -t
	rmmod wd_dummy
	insmod "$WD_VM_KMOD/dummy/wd_dummy.ko"
}

@test "several wdzip at a time share the device" {
	local i pids=()

	text 4000000 >f
	for i in 1 2 3 4 5 6; do
		(wdzip --engine=dummy -$i -c f >"$i.gz" && gzip -dc "$i.gz" | cmp - f) &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i"
	done
}

# A call wakes the device.  One that fell asleep though requests came again soon looks
# longer the next time, so there are few such calls however fast the machine is.  When
# the device was right to sleep, as the sender was not given a processor, a call is
# due, and another one while it gets used to requests again.
@test "10,000 requests cost at most 100 system calls while the device is busy" {
	local size calls idle

	for size in 100 4096; do
		idle=$(cat "$dummy_faults/idle")
		strace -f -c -e trace=ioctl,poll,ppoll -o calls flood dummy 10000 $size
		idle=$(($(cat "$dummy_faults/idle") - idle))
		calls=$(awk '$NF ~ /^(ioctl|p?poll)$/ { n += $4 } END { print n + 0 }' calls)
		echo "$size bytes each: $calls calls, the device idle $idle times"
		[ "$calls" -ge 1 ]
		[ "$calls" -le $((100 + 2 * idle)) ]
	done
}

# The device looks for work for a while, or sleeps whenever there is none.
@test "one thread sends while another receives" {
	local poll_us

	for poll_us in 50 0; do
		rmmod wd_dummy
		insmod "$WD_VM_KMOD/dummy/wd_dummy.ko" depth=16 poll_us=$poll_us
		pair dummy "$([ -n "${WD_VM_LONG:-}" ] && echo 10000000 || echo 5000)"
	done
	rmmod wd_dummy
	insmod "$WD_VM_KMOD/dummy/wd_dummy.ko"
}

@test "wdbench measures it" {
	text 1000000 >f
	wdbench --engine=dummy,sw --level=6 --rounds=2 --time=0.2 --budget=20 --json f >json
	grep -q '"engine": *"dummy"' json
	wdbench --engine=dummy:1 --mode=closed --block=4K --depth=16 --wait=event --rounds=1 \
		--time=0.3 f
}
