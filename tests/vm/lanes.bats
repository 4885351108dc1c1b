#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The dummy device and the CPU at the same time.

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
	echo 0 >"$dummy_faults/flip_each"
	idle
}

teardown_file() {
	unload_dummy
}

# lane KIND NAME: a number of the lane of the device or the CPU
lane() {
	tr '{}' '\n\n' <stats | sed -n "/\"kind\":\"$1\"/s/.*\"$2\":\([^,}]*\).*/\1/p"
}

# Both have done some of it, and all of it together.
shared() {
	cat stats
	[ "$(lane device requests)" -ge 1 ]
	[ "$(lane cpu requests)" -ge 1 ]
	[ $(($(lane device requests) + $(lane cpu requests))) -eq "$(stat_of requests)" ]
}

@test "device and CPU share a file, and the share of each is told" {
	text 14000000 >f
	for engine in hybrid dummy+sw sw+wd_dummy-0; do
		wdzip --engine=$engine -b 128K --stats=json -kf f 2>stats
		shared
		[ $(($(lane device in_bytes) + $(lane cpu in_bytes))) -eq 14000000 ]
		gzip -dc f.gz | cmp - f
		wdunzip --engine=$engine --stats=json -c f.gz >g 2>stats
		cmp f g
		[ "$(lane device requests)" -ge 1 ]
	done
	wdzip --engine=hybrid -b 128K --explain -c f 2>&1 >/dev/null |
		grep -q 'device wd_dummy-0 did [1-9][0-9]* of [1-9][0-9]* requests, [0-9]*% of the bytes'
}

@test "files of every kind there and back with both" {
	there_and_back hybrid -b 64K
}

@test "what a device gets wrong in 1 of 10 answers is found and done by CPU workers" {
	text 12000000 >f
	echo 10 >"$dummy_faults/flip_each"
	for engine in hybrid dummy; do
		wdzip --engine=$engine -b 64K --stats=json -kf f 2>stats
		gzip -dc f.gz | cmp - f
		[ "$(lane device wrong)" -ge 1 ]
		[ "$(lane device wrong)" -eq "$(stat_of redone)" ]
		[ "$(lane cpu checks)" -ge "$(lane device requests)" ]
		wdunzip --engine=$engine -c f.gz | cmp - f
	done
}

@test "the device goes away while both work" {
	local engine pid

	text 14000000 >f
	for engine in dummy+sw sw+dummy; do
		bind_dummy
		wdzip --engine=$engine -b 64K --stats=json -kf f 2>stats &
		pid=$!
		unbind_after 10
		wait "$pid"
		gzip -dc f.gz | cmp - f
		bind_dummy
		wdunzip --engine=$engine -c f.gz >g &
		pid=$!
		unbind_after 3
		wait "$pid"
		cmp f g
	done
}
