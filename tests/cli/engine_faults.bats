#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The tools on the model of the ZIP engine, with each fault it can have: the output is
# right, the status 0, no more is done again than the fault spoiled, and who wants to
# know is told why.

load common
load model

chunks=16
# Of random faults; test_zip_sessions and test_zip_streams have more of them.
[ -n "${WD_TEST_ALL-}" ] && seeds=5 || seeds=1

prepare_data() {
	make text $((chunks * 131072)) 5 >plain
	wdzip -b 128K -c plain >plain.gz
	rm -f "$WD_MODEL_TELL"
}

# ran FILE: the tool's, in all four ways; then the output is what it should be.
run_each() {
	local way

	for way in compress_file compress_pipe decompress_file decompress_pipe; do
		rm -rf work
		mkdir work
		$way
		judge "$way"
	done
}

tool=(--engine=hisi_zip -b 128K --stats=json --explain)

compress_file() {
	cp plain work/f
	try wdzip "${tool[@]}" work/f
	gzip -dc work/f.gz | cmp - plain
	gone work/f
}

compress_pipe() {
	# shellcheck disable=SC2002 # it is to be a pipe
	cat plain | wdzip "${tool[@]}" >work/f.gz 2>"$ERR"
	status=$?
	gzip -dc work/f.gz | cmp - plain
}

decompress_file() {
	cp plain.gz work/f.gz
	try wdunzip "${tool[@]}" work/f.gz
	cmp work/f plain
	gone work/f.gz
}

decompress_pipe() {
	# shellcheck disable=SC2002
	cat plain.gz | wdunzip "${tool[@]}" >work/f 2>"$ERR"
	status=$?
	cmp work/f plain
}

# number NAME: in the JSON.
number() {
	grep -o "\"$1\":[0-9]*" "$ERR" | tail -n 1 | tr -dc 0-9
}

complain() {
	echo "$WD_MODEL_FAULTS: $1"
	cat "$ERR" "$WD_MODEL_TELL"
	return 1
}

# The last work of a decompressed stream is always the CPU's: it is no failure, but done
# again, and may be as well where the device is left.
judge() {
	local redone extra=0

	status_is 0
	[[ $1 == decompress* ]] && extra=1
	redone=$(number redone)
	[ "$redone" -le $((most + extra)) ] || complain "$1: $redone done again"
	if [ "$least" -gt 0 ]; then
		[ "$redone" -ge "$least" ] || complain "$1: only $redone done again"
		grep -Eq 'requests failed there.*CPU did them again' "$ERR" ||
			complain "$1: does not say so"
	fi
	if [ -n "$why" ]; then
		grep -Fxq "$1: left" <(sed -n "s/.*the device was left for the rest: \(${why}\)$/$1: left/p" "$ERR") ||
			complain "$1: no reason"
	elif grep -q 'the device was left' "$ERR"; then
		complain "$1: left"
	fi
	[ "$(count faults)" -gt 0 ] || [[ $WD_MODEL_FAULTS == late* ]] ||
		complain "$1: there was no fault"
	counted violations -eq 0
	forget_counters
}

# fault MOST LEAST WHY SCRIPT...: so many are done again; WHY it is left, or nothing.
fault() {
	most=$1 least=$2 why=$3
	shift 3
	for WD_MODEL_FAULTS; do
		export WD_MODEL_FAULTS
		run_each
	done
}

# As many as are given to it at a time, and those that come while it is left.
lost=13
nonsense='the device talks nonsense'
went='no such device, or it went away'

@test "a request that fails is done by the CPU, and no other" {
	prepare_data
	fault 1 1 "" "fail 3 1" "fail 5 0xff" "fail 9 0x10"
	fault 3 3 "" "fail 1 1; fail 5 8; fail 12 1"
}

@test "output or a checksum that is wrong is made by the CPU, and no other" {
	prepare_data
	fault 1 1 "" "flip 3 12345" "flip 7 0" "flip-crc 4 7"
	fault 3 3 "" "flip 3 1; flip 8 99999; flip-crc 11 31"
}

@test "a device that fails again and again is left" {
	prepare_data
	fault $chunks 4 "device error" "fail 3 1$(printf '; fail %d 1' $(seq 4 $chunks))"
}

# whatever: in all four ways, whatever happens.
whatever() {
	local way

	for way in compress_file compress_pipe decompress_file decompress_pipe; do
		rm -rf work
		mkdir work
		$way
		status_is 0
		counted violations -eq 0
	done
}

@test "a device that lies at any rate never gets a byte into a file" {
	prepare_data
	for WD_MODEL_ILL in 30 300 1000; do
		for WD_MODEL_SEED in $(seq "$seeds"); do
			export WD_MODEL_ILL WD_MODEL_SEED
			whatever
		done
	done
	counted faults -gt 0
}

@test "requests that take long, and interrupts that are lost or come twice, cost nothing" {
	prepare_data
	fault 0 0 "" "delay 3 20000" "drop-irq 1; drop-irq 2" "dup-irq 1" \
		"@3 storm 0 100" "@3 storm 1 100" "@3 storm 3 100" "@3 aer 14"
}

@test "events that nobody asked for cost nothing" {
	prepare_data
	fault 0 0 "" "@3 eqe 0" "@3 eqe 65535" "@3 eqe 0 stale" \
		"@3 aeq 2 0 stale" "@3 aeq 9 65535" "@9 cqe 0 3 stale"
}

@test "errors that the device has corrected cost nothing" {
	prepare_data
	fault 0 0 "" "@3 ras qm 3" "@3 ras zip 0 5"
}

@test "a device that talks nonsense is left with all that it was given" {
	prepare_data
	fault $lost 1 "$nonsense" "tag 3 1" "tag 3 0x100000000" "@3 cqe 0 900" "fail 3 0"
}

@test "a queue with an error is left with all that it was given" {
	prepare_data
	fault $lost 1 "$went" "@3 aeq 2 0" "@3 aeq 0 0"
}

@test "a device that is reset is left with all that it was given" {
	prepare_data
	fault $lost 1 "$went" "@3 aeq 1 0" "@3 ras qm 1" "@3 ras qm 10 0" \
		"@3 ras qm 12" "@3 ras zip 2" "@3 ras zip 5"
}

@test "a device that comes back late, or not at all, from a reset is left" {
	prepare_data
	fault $lost 1 "$went" "@3 ras zip 2; flr-slow 50" "@3 ras zip 2; mem-hang always" \
		"@3 ras zip 2; vft-hang always" "@3 mailbox 3 always; @3 ras zip 2"
}

@test "a device that is gone is left with all that it was given" {
	prepare_data
	fault $lost 1 "$went" "@3 remove" "@1 remove" "@$chunks remove"
}

@test "a device that never answers is left with all that it was given" {
	prepare_data
	export WD_MODEL_STALL_MS=2000
	fault $lost 1 "timed out" "hang 3" "hang 3; stop 3" "hang 3; stop-hang" \
		"hang 3; mem-hang"
}

@test "a queue that cannot be started leaves the work to the CPU" {
	prepare_data
	fault $lost 1 "device error" "mailbox 1" "mailbox 15 always" "mailbox-hang"
}

@test "a queue that does not stop is reset" {
	prepare_data
	fault 0 0 "" "stop 1" "stop-hang" "late 0 1000"
}

@test "random values never get into a file" {
	prepare_data
	export WD_MODEL_STALL_MS=2000
	for rate in 20 200; do
		for seed in $(seq "$seeds"); do
			export WD_MODEL_FAULTS="fuzz $seed,$rate"
			whatever
		done
	done
	counted fuzzed -gt 0
}
