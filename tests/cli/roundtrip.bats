#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# There and back: every level, format, number of threads, chunk size and way of
# input, over generated data.  The work is in helpers/roundtrip.py, which says
# what it found wrong.

load common

# ---- every combination, level by level ----

@test "level 1: every format, thread count, chunk size and way of input" {
	helper roundtrip all 1
}

@test "level 2: every format, thread count, chunk size and way of input" {
	helper roundtrip all 2
}

@test "level 3: every format, thread count, chunk size and way of input" {
	helper roundtrip all 3
}

@test "level 4: every format, thread count, chunk size and way of input" {
	helper roundtrip all 4
}

@test "level 5: every format, thread count, chunk size and way of input" {
	helper roundtrip all 5
}

@test "level 6: every format, thread count, chunk size and way of input" {
	helper roundtrip all 6
}

@test "level 7: every format, thread count, chunk size and way of input" {
	helper roundtrip all 7
}

@test "level 8: every format, thread count, chunk size and way of input" {
	helper roundtrip all 8
}

@test "level 9: every format, thread count, chunk size and way of input" {
	helper roundtrip all 9
}

@test "level 10: every format, thread count, chunk size and way of input" {
	helper roundtrip all 10
}

@test "level 11: every format, thread count, chunk size and way of input" {
	helper roundtrip all 11
}

@test "level 12: every format, thread count, chunk size and way of input" {
	helper roundtrip all 12
}

# ---- kinds of data ----

@test "text goes there and back" {
	helper roundtrip kind text 3000000
}

@test "random data goes there and back" {
	helper roundtrip kind noise 3000000
}

@test "zeros go there and back" {
	helper roundtrip kind zeros 6291456
}

@test "binary records go there and back" {
	helper roundtrip kind records 3000000
}

@test "a mixture of all goes there and back" {
	helper roundtrip kind mixed 4000000
}

@test "nothing goes there and back" {
	helper roundtrip kind text 0
}

@test "one byte goes there and back" {
	helper roundtrip kind text 1
}

@test "a few bytes go there and back" {
	helper roundtrip kind noise 5
}

@test "sizes around the borders of chunks and blocks go there and back" {
	helper roundtrip edges
}

@test "input in pieces of odd sizes gives the same bytes" {
	helper roundtrip pieces
}

# ---- the same bytes, run after run ----

@test "level 1 gives the same bytes in 20 runs at 1, 2, 3 and 8 threads" {
	helper roundtrip repeat 1 20
}

@test "level 2 gives the same bytes in 20 runs at 1, 2, 3 and 8 threads" {
	helper roundtrip repeat 2 20
}

@test "level 3 gives the same bytes in 20 runs at 1, 2, 3 and 8 threads" {
	helper roundtrip repeat 3 20
}

@test "level 4 gives the same bytes in 20 runs at 1, 2, 3 and 8 threads" {
	helper roundtrip repeat 4 20
}

@test "level 5 gives the same bytes in 20 runs at 1, 2, 3 and 8 threads" {
	helper roundtrip repeat 5 20
}

@test "level 6 gives the same bytes in 20 runs at 1, 2, 3 and 8 threads" {
	helper roundtrip repeat 6 20
}

@test "level 7 gives the same bytes in 20 runs at 1, 2, 3 and 8 threads" {
	helper roundtrip repeat 7 20
}

@test "level 8 gives the same bytes in 20 runs at 1, 2, 3 and 8 threads" {
	helper roundtrip repeat 8 20
}

@test "level 9 gives the same bytes in 20 runs at 1, 2, 3 and 8 threads" {
	helper roundtrip repeat 9 20
}

@test "level 10 gives the same bytes in 5 runs at 1, 2, 3 and 8 threads" {
	helper roundtrip repeat 10 5
}

@test "level 11 gives the same bytes in 5 runs at 1, 2, 3 and 8 threads" {
	helper roundtrip repeat 11 5
}

@test "level 12 gives the same bytes in 5 runs at 1, 2, 3 and 8 threads" {
	helper roundtrip repeat 12 5
}

# ---- small input ----

@test "level 1: inputs of 0 to 2000 bytes are never larger than gzip's" {
	helper roundtrip small 1
}

@test "level 2: inputs of 0 to 2000 bytes are never larger than gzip's" {
	helper roundtrip small 2
}

@test "level 3: inputs of 0 to 2000 bytes are never larger than gzip's" {
	helper roundtrip small 3
}

@test "level 4: inputs of 0 to 2000 bytes are never larger than gzip's" {
	helper roundtrip small 4
}

@test "level 5: inputs of 0 to 2000 bytes are never larger than gzip's" {
	helper roundtrip small 5
}

@test "level 6: inputs of 0 to 2000 bytes are never larger than gzip's" {
	helper roundtrip small 6
}

@test "level 7: inputs of 0 to 2000 bytes are never larger than gzip's" {
	helper roundtrip small 7
}

@test "level 8: inputs of 0 to 2000 bytes are never larger than gzip's" {
	helper roundtrip small 8
}

@test "level 9: inputs of 0 to 2000 bytes are never larger than gzip's" {
	helper roundtrip small 9
}

@test "200 threads decode what 200 threads made" {
	make text 6M >t
	wdzip -p200 -b 32K -c t >a.gz
	for p in 1 127 200 1024; do
		wdunzip -p$p -c a.gz | cmp - t
	done
}

# A busy machine may let the writer pause for longer than it is waited for, 10 ms: then
# the rest says nothing.
@test "a writer that pauses does not end decoding side by side" {
	local long

	make text 4M >t
	wdzip --members=bgzf -c t >b.gz
	for _ in 1 2 3 4 5; do
		py - b.gz <<-'EOF' | wdunzip -p2 --stats=json 2>stats | cmp - t
			import os, sys, time
			long = 0
			with open(sys.argv[1], "rb") as f:
			    while piece := f.read(20000):
			        begun = time.monotonic()
			        os.write(1, piece)
			        time.sleep(0.001)
			        long += time.monotonic() - begun > 0.008
			with open("long", "w") as f:
			    print(long, file=f)
		EOF
		py - <<-'EOF' && return
			import json, sys
			stats = json.load(open("stats"))
			sys.exit(stats["parallel_out"] < stats["out_bytes"] / 2)
		EOF
		long=$(<long)
		echo "$long long pauses"
		cat stats
		[ "$long" -ge 3 ]
	done
	skip "a machine that lets a writer go on within 8 ms: $long times it did not"
}
