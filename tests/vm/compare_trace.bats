#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# compare_trace, on small traces; this needs no machine.

bats_require_minimum_version 1.5.0

setup() {
	compare=$BATS_TEST_DIRNAME/compare_trace
	cd "$BATS_TEST_TMPDIR" || return 1
}

# trace NAME: a trace from standard input, with ";" for the ends of lines
trace() {
	tr ';' '\n' | sed 's/^ *//' >"$1"
}

same() {
	trace a <<<"$1"
	trace b <<<"$2"
	run -0 "$compare" "${@:3}" a b
	run -0 "$compare" "${@:3}" b a
}

differ() {
	trace a <<<"$1"
	trace b <<<"$2"
	run -1 "$compare" "${@:3}" a b
}

@test "the same accesses are the same, whatever else is in the traces" {
	same '# one;R 000030 4 0;W 00000c 4 1' 'RESET msg;R 000030 4 0;   VFT;W 00000c 4 1;#'
	[ "$output" = '2 accesses, the same in both' ]
}

@test "another value, register, width or direction is a difference" {
	differ 'W 00000c 4 1' 'W 00000c 4 0'
	differ 'W 00000c 4 1' 'W 000004 4 1'
	differ 'W 002000 8 1' 'W 002000 4 1'
	differ 'R 00000c 4 1' 'W 00000c 4 1'
}

@test "another order, less and more are differences" {
	differ 'R 000030 4 0;R 003100 4 1' 'R 003100 4 1;R 000030 4 0'
	differ 'R 000030 4 0;R 003100 4 1' 'R 000030 4 0'
	differ 'R 000030 4 0' 'R 000030 4 0;R 000030 4 0'
}

@test "differences are shown with their lines, the first ones of many" {
	differ 'R 000030 4 0;#;W 00000c 4 1;R 000034 4 0' 'R 000030 4 0;W 00000c 4 2;R 000034 4 0'
	[ "${lines[1]}" = '       1: R 000030 4 0' ]
	[ "${lines[2]}" = '-      3: W 00000c 4 1' ]
	[ "${lines[3]}" = '+      2: W 00000c 4 2' ]
	[ "${lines[4]}" = '       4: R 000034 4 0' ]
	[ "${lines[5]}" = '1 differences between a and b' ]

	for i in $(seq 100 120); do
		echo "W 000$i 4 1;R 000$i 4 0"
	done | trace a
	sed 's/^\(W.*\) 1/\1 2/' a >b
	run -1 "$compare" a b
	[ "$(grep -c '^difference' <<<"$output")" -eq 5 ]
	[[ $output == *'21 differences between a and b' ]]
}

@test "addresses in the mailbox are not compared, its command and the rest are" {
	same 'W 000300 4 2002;W 000304 4 fefffae0;W 000308 4 1;W 00030c 4 0' \
		'W 000300 4 2002;W 000304 4 12345678;W 000308 4 0;W 00030c 4 0'
	same 'W 000300 8 4326ba8000002002;W 000308 8 1' 'W 000300 8 1122334400002002;W 000308 8 0'
	same 'R 000304 4 1;R 000308 4 1' 'R 000304 4 2;R 000308 4 2'
	same 'W 000300 16 aabbccdd1122334400002002' 'W 000300 16 1122334455667700002002'
	differ 'W 000300 4 2002' 'W 000300 4 2003'
	differ 'W 000300 8 4326ba8000002002' 'W 000300 8 4326ba8000012002'
	differ 'W 00030c 4 0' 'W 00030c 4 1'
	differ 'W 000308 8 1' 'W 000308 8 100000001'
}

@test "counters are not compared, what is between them is" {
	same 'R 104028 4 5;R 302004 4 7;R 30909c 4 1' 'R 104028 4 6;R 302004 4 0;R 30909c 4 0'
	differ 'R 1040f8 4 0' 'R 1040f8 4 6c77'
	differ 'R 301004 4 0' 'R 301004 4 1'
	differ 'W 104010 4 0' 'W 104010 4 1'
}

@test "an event may be asked for a little later" {
	local bell='W 001000 8 100001000' event='W 001000 8 1000100001000'
	local sq='W 001000 8 200000001' eq='W 002000 8 200002000'

	same "$bell;$event;$sq;R 000008 4 1;$eq" "$bell;$sq;$event;R 000008 4 1;$eq"
	same "$bell;$event;$sq;R 000008 4 1;$eq" "$bell;$sq;R 000008 4 1;$eq;$event"
	# But not before the driver has said what it has read, or for another queue,
	differ "$bell;$event;$sq" "$event;$bell;$sq"
	differ "$bell;$event;$sq" "$bell;$sq;W 001000 8 1000100001001"
	# and not much later.
	same "$bell;$event;R 100008 4 0;R 000300 4 0" "$bell;R 100008 4 0;R 000300 4 0;$event"
	sq=$(printf "$sq;%.0s" {1..16})
	differ "$bell;$event;${sq%;}" "$bell;$sq$event"
}

@test "what is completed while the driver looks needs no event" {
	local first='W 001000 8 100000000;R 000008 4 1;W 002000 8 100002000;W 001000 8 100001000'
	local second='W 001000 8 200000000;R 000008 4 1;W 002000 8 200002000;W 001000 8 200001000'
	local asked='W 001000 8 1000100001000' last='W 001000 8 1000200001000'

	same "$first;$asked;$second;$last" \
		"$first;W 001000 8 200000000;W 001000 8 200001000;$last"
	[[ $output == *'other events, the same in both' ]]
	# But in the end one has to be asked for,
	differ "$first;$asked;$second;$last" "$first;W 001000 8 200000000;W 001000 8 200001000"
	# and all requests have to be there.
	differ "$first;$asked;$second;$last" "$first;W 001000 8 200001000;$last"
	differ 'W 002000 8 2000' 'W 002000 8 3000'
}

@test "--stub: some registers are not compared when they are read" {
	same 'R 100000 4 1c5f;R 000024 4 0;R 1040e4 4 0' 'R 100000 4 0;R 000024 4 1;R 1040e4 4 1' --stub
	differ 'R 100000 4 1c5f' 'R 100000 4 0'
	differ 'W 100000 4 1c5f' 'W 100000 4 0' --stub
	differ 'R 100004 4 1' 'R 100004 4 0' --stub
}

@test "what is no trace is an error, and no difference" {
	echo 'R 000030 4 0' >a
	echo nothing >b
	run -2 "$compare" a b
	run -2 "$compare" a c
	run -2 "$compare" a
}
