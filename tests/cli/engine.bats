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
