#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The tools on the ZIP engine, which is its model here: that it is the engine that does
# the work, which is told by the model itself.

load common
load model

# At full length 16 chunks; what is slow gets two and a bit.
size() {
	[ "${WD_SLOW-1}" -gt 1 ] && echo 4500000 || echo 33554432
}

# The first chunk is decoded while nobody knows yet that there are others, and of the
# last only the CPU finds the end.
chunk=2097152

# decode FORMAT FILE: by everybody else who can.
decode() {
	case $1 in
	gzip)
		gzip -dc <"$2" | cmp - plain
		pigz -dc <"$2" | cmp - plain
		;;
	zlib) pigz -dc <"$2" | cmp - plain ;;
	esac
	py -c '
import sys, zlib
bits = {"gzip": 31, "zlib": 15, "deflate": -15}[sys.argv[1]]
d = zlib.decompressobj(bits)
with open(sys.argv[2], "rb") as packed, open("plain", "rb") as plain:
    if d.decompress(packed.read()) != plain.read() or not d.eof or d.unused_data:
        sys.exit("zlib reads something else")
' "$1" "$2"
}

# work KIND: there and back in all formats.
work() {
	local format

	need pigz
	make "$1" "$(size)" 3 >plain
	for format in gzip zlib deflate; do
		forget_counters
		wdzip --engine=hisi_zip --format=$format -b $chunk -c plain >packed
		counted compress_in -eq "$(size)"
		counted failed -eq 0
		decode $format packed
		forget_counters
		wdunzip --engine=hisi_zip --format=$format -c <packed | cmp - plain
		counted decompress_out -ge $(($(size) - 2 * chunk))
		counted failed -eq 0
		counted violations -eq 0
	done
}

@test "text goes through the engine both ways in all formats" {
	work text
}

@test "noise goes through the engine both ways in all formats" {
	work noise
}

@test "zeros go through the engine both ways in all formats" {
	work zeros
}

@test "mixed data goes through the engine both ways in all formats" {
	work mixed
}

@test "the older engine does what it can" {
	export WD_MODEL_VERSION=2
	make text 5000000 >plain
	for format in gzip zlib deflate; do
		forget_counters
		wdzip --engine=hisi_zip --format=$format -c plain >packed
		counted compress_in -eq 5000000
		decode $format packed
		wdunzip --engine=hisi_zip --format=$format -c <packed | cmp - plain
		counted violations -eq 0
	done
}

@test "the newer engine does the same" {
	export WD_MODEL_VERSION=5
	make text 5000000 >plain
	wdzip --engine=hisi_zip -c plain >packed
	counted compress_in -eq 5000000
	decode gzip packed
	wdunzip --engine=hisi_zip -c <packed | cmp - plain
	counted violations -eq 0
}

@test "several engines share the work" {
	export WD_MODEL_DEVICES=4
	make text 9000000 >plain
	wdzip --engine=hisi_zip-0+hisi_zip-1+hisi_zip-2+hisi_zip-3 -b 128K -c plain >packed
	counted compress_in -eq 9000000
	[ "$(wc -l <"$WD_MODEL_TELL")" -eq 4 ]
	! grep -q ' compress=0 ' "$WD_MODEL_TELL"
	gzip -dc <packed | cmp - plain
	forget_counters
	wdzip --engine=hybrid -b 128K -c plain | gzip -dc | cmp - plain
	counted requests -gt 0
}

# What can begin again: a file to a file, or to nothing.
@test "files of others are decoded by the engine, piece by piece, where that can begin again" {
	local size=9000000

	make mixed $size >plain
	gzip -c <plain >f.gz
	for way in -t -k; do
		rm -f f
		forget_counters
		wdunzip --engine=hisi_zip $way f.gz
		counted decompress_out -eq $size
		counted decompress_in -eq $(($(stat -c %s f.gz) - 10))
		counted violations -eq 0
	done
	cmp f plain
	# Not where the output is somebody else's at once, or the input cannot be had again.
	forget_counters
	wdunzip --engine=hisi_zip -c f.gz | cmp - plain
	cat f.gz | wdunzip --engine=hisi_zip -o g
	cmp g plain
	[ ! -e "$WD_MODEL_TELL" ] || counted decompress_out -eq 0
}

@test "files of others that the engine spoils are decoded by the CPU from their beginning" {
	local fault

	make mixed 9000000 >plain
	gzip -c plain >want.gz
	for fault in "flip 1 1000" "flip 3 777" "fail 3 3" "hang 3" "tag 2 99" "@3 remove"; do
		rm -f f
		cp want.gz f.gz
		WD_MODEL_FAULTS=$fault try wdunzip --engine=hisi_zip --stats=json --explain f.gz
		status_is 0
		cmp f plain
		gone f.gz
		grep -q '"redone":1,' "$ERR"
		grep -q 'CPU did them again' "$ERR"
	done
	# Where there is nothing to write back to, it is decoded twice, too.
	mkfifo pipe
	cmp pipe plain &
	wdunzip --engine=hisi_zip -k -o pipe want.gz
	wait $!
}

@test "what is wrong with files of others is told as by the CPU" {
	make mixed 9000000 >plain
	gzip -c plain >f.gz
	head -c -3 f.gz >short.gz
	cp f.gz bad.gz
	printf xxxx | dd of=bad.gz bs=1 seek=2000000 conv=notrunc status=none
	for name in short bad; do
		try wdunzip --engine=sw -k $name.gz
		cp "$ERR" want
		sw=$status
		try wdunzip --engine=hisi_zip -k $name.gz
		status_is "$sw"
		diff want "$ERR"
		gone $name
	done
}

@test "small files go through the engine" {
	make text 4000000 >plain
	mkdir d
	split -b 9973 plain d/
	cp -r d want
	wdzip --engine=hisi_zip -r d
	counted compress_in -eq 4000000
	gzip -dr d
	diff -r d want
}

@test "wdbench measures the engine" {
	for mode in session closed; do
		wdbench --mode=$mode --engine=hisi_zip --op=both -s 1M -n 1 -t 0.01 >out
		grep -q hisi_zip out
	done
	counted requests -gt 0
	counted violations -eq 0
}

# requests HOW ARG...: in a closed loop or an open one, waiting HOW for the engine.
requests() {
	timeout 600 wdbench --wait="$1" --engine=hisi_zip -b 16K -s 256K -n 2 -t 0.05 --warm-up=0 "${@:2}" \
		--json >json
}

@test "wdbench waits for the engine in each way, in both directions" {
	for how in sync poll event; do
		forget_counters
		requests $how -m closed --op=both --depth=1,8 --queues=1,2
		grep -q "\"wait\": \"$how\"" json
		[ "$(grep -c '"outcome": "ok"' json)" -eq 8 ]
		requests $how -m open --op=both --depth=8 --rate=200
		[ "$(grep -c '"outcome": "ok"' json)" -eq 2 ]
		counted compress -gt 0
		counted decompress -gt 0
		counted failed -eq 0
		counted violations -eq 0
	done
}

# The first 16 requests show what becomes of the input.
@test "wdbench notices what the engine has lost, however it waits" {
	export WD_MODEL_STALL_MS=1500 WD_MODEL_FAULTS="hang 18"
	for how in sync poll event; do
		for mode in "closed" "open --rate=1000"; do
			status=0
			# shellcheck disable=SC2086
			requests $how -m $mode --depth=4 2>err || status=$?
			[ "$status" -eq 1 ]
			grep -q '^wdbench: hisi_zip:6, compress: hisi_zip: ' err
		done
	done
}

# shares: of the first result of the JSON, as "name queues" with commas.
shares() {
	py -c 'import json
r = json.load(open("json"))["results"][0]
assert sum(s["bytes"] for s in r["shares"]) == r["bytes"], r
assert sum(s["requests"] for s in r["shares"]) == r["requests"], r
assert all(s["requests"] > 0 for s in r["shares"]), r
print(*("%s %d" % (s["name"], s["queues"]) for s in r["shares"]), sep=",")'
}

# spread DEVICES QUEUES ENGINE WANTED: of so many devices and queues; all of them did something.
spread() {
	forget_counters
	WD_MODEL_DEVICES=$1 wdbench -m closed --queues="$2" --engine="$3" -b 16K -s 256K -n 2 \
		-t 0.01 --warm-up=0.01 --depth=4 --op=compress --json >json
	[ "$(shares)" = "$4" ]
	counted violations -eq 0
	# What is measured is no more than what was done.
	[ "$(count compress_in)" -ge "$(py -c 'import json
print(json.load(open("json"))["results"][0]["bytes"])')" ]
}

@test "wdbench spreads queues over several engines" {
	spread 1 3 hisi_zip "hisi_zip-0 3"
	spread 2 1 hisi_zip "hisi_zip-0 1"
	spread 2 2 hisi_zip "hisi_zip-0 1,hisi_zip-1 1"
	spread 2 3 hw "hisi_zip-0 2,hisi_zip-1 1"
	spread 4 8 hw "hisi_zip-0 2,hisi_zip-1 2,hisi_zip-2 2,hisi_zip-3 2"
	spread 4 3 hisi_zip-3+hisi_zip-1 "hisi_zip-3 2,hisi_zip-1 1"
	spread 4 4 hisi_zip-2+hisi_zip "hisi_zip-2 1,hisi_zip-0 1,hisi_zip-1 1,hisi_zip-3 1"
}

@test "wdbench spreads queues over engines and the CPU, whatever these make of a block" {
	for op in compress decompress; do
		wdbench -m closed --queues=2 --engine=hisi_zip+sw -b 16K -s 256K -n 2 -t 0.05 \
			--op=$op --json >json
		[ "$(shares)" = "hisi_zip-0 1,soft-0 1" ]
	done
	wdbench -m closed --queues=2 --engine=hisi_zip+sw -b 16K -s 256K -n 1 -t 0.05 >out
	grep -Eq '^  hisi_zip-0: [0-9.]+ % of the bytes, [0-9]+ requests, 1 queue$' out
	grep -Eq '^  soft-0: [0-9.]+ % of the bytes, [0-9]+ requests, 1 queue$' out
	wdbench -m closed --queues=2 --engine=hisi_zip+sw -b 16K -s 256K -n 1 -t 0.05 --csv >csv
	tail -n 1 csv | tr -d '\r' | grep -Eq ',"hisi_zip-0=[01]\.[0-9]{4} soft-0=[01]\.[0-9]{4}"$'
}

@test "wdbench tells what each engine of a session did" {
	export WD_MODEL_DEVICES=4
	all=hisi_zip-0+hisi_zip-1+hisi_zip-2+hisi_zip-3
	wdbench --engine=$all -b 64K -s 4M -n 1 -t 0.01 --json >json
	py -c 'import json
r = json.load(open("json"))["results"][0]
assert r["engine"] == "'$all'" and r["outcome"] == "ok", r
work = {s["name"]: s["bytes"] for s in r["shares"]}
assert [n for n in work if work[n]] == ["hisi_zip-%d" % i for i in range(4)], work
assert sum(work.values()) == r["bytes"], r'
	wdbench --engine=$all -b 64K -s 4M -n 1 -t 0.01 >out
	grep -q "^$all:6 " out
	[ "$(grep -c '^  hisi_zip-[0-3]: ' out)" -eq 4 ]
}
