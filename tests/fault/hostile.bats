#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Files made to cost time or memory, and names made to confuse.

load common

@test "a million empty members take bounded time and memory" {
	py - <<-'EOT'
	from faults import *
	wdtest.write("in.gz", wdtest.member(b"") * (1000000 // SLOW))
	EOT
	try helper limit 49152 20 wdunzip -c in.gz
	limits_hold
	out_size 0
	try helper limit 49152 20 wdunzip -c -p1 in.gz
	limits_hold
	out_size 0
	try helper limit 49152 20 wdunzip -t in.gz
	limits_hold
}

@test "a million members of a byte each give a million bytes" {
	py - <<-'EOT'
	from faults import *
	unit = b"".join(wdtest.member(bytes([97 + n])) for n in range(20))
	wdtest.write("in.gz", unit * (50000 // SLOW))
	EOT
	try helper limit 49152 30 wdzcat in.gz
	limits_hold
	py -c 'import sys
from faults import *
assert wdtest.read(sys.argv[1]) == b"abcdefghijklmnopqrst" * (50000 // SLOW)' "$OUT"
}

@test "a hundred thousand empty members with size fields, true or not" {
	py - <<-'EOT'
	from faults import *
	for kind in "BC", "QZ", "IG", "MZ", "Hi":
	    true = wdtest.sized(kind, b"")
	    lie = wdtest.sized(kind, b"", lie=lambda size: 0x7ffffff0)
	    wdtest.write(kind + ".gz", true * (100000 // SLOW))
	    wdtest.write(kind + "-lie.gz", lie * (30000 // SLOW))
	EOT
	for file in *.gz; do
		try helper limit 65536 20 wdzcat "$file"
		limits_hold
		out_size 0
	done
}

@test "a million markers without data between them" {
	py - <<-'EOT'
	import wdtest
	raw = b"\0\0\0\xff\xff" * 2000000 + b"\x03\0"
	wdtest.write("in.gz", wdtest.member(b"", raw=raw))
	wdtest.write("stored.gz", wdtest.member(
	    wdtest.MARKER * 400000, raw=wdtest.stored(wdtest.MARKER * 400000)))
	wdtest.write("packed.gz", wdtest.member(wdtest.MARKER * 400000))
	EOT
	try helper limit 49152 30 wdzcat in.gz
	limits_hold
	out_size 0
	for file in stored packed; do
		try helper limit 49152 30 wdzcat $file.gz
		limits_hold
		out_size 3600000
	done
}

# Zeros, 512 MiB of them, a thousandth of that in the file.
@test "a bomb in one member is decompressed in bounded memory" {
	py - <<-'EOT'
	import zlib, wdtest
	unit, times = 1 << 23, 64
	z = zlib.compressobj(9, zlib.DEFLATED, -15)
	piece = z.compress(bytes(unit)) + z.flush(zlib.Z_FULL_FLUSH)
	crc = 0
	for n in range(times):
	    crc = zlib.crc32(bytes(unit), crc)
	end = wdtest.trailer(b"", crc, unit * times)
	wdtest.write("plain.gz", wdtest.header() + piece * times + b"\3\0" + end)
	# With a marker after each 8 MiB, to be decoded ahead.
	piece += b"\0\0\0\xff\xff"
	wdtest.write("marked.gz", wdtest.header() + piece * times + b"\3\0" + end)
	# One piece without an end to speak of.
	z = zlib.compressobj(9, zlib.DEFLATED, -15)
	raw = b"".join([z.compress(bytes(unit)) for n in range(times)] + [z.flush()])
	wdtest.write("whole.gz", wdtest.header() + raw + end)
	EOT
	for file in plain marked whole; do
		for threads in 1 2; do
			try_to_null helper limit 49152 60 wdzcat -p$threads $file.gz
			limits_hold
			try helper limit 49152 60 wdunzip -t -p$threads $file.gz
			limits_hold
		done
	done
}

@test "a bomb in sized members is decompressed in bounded memory" {
	py - <<-'EOT'
	import wdtest
	data = bytes(1 << 24)
	for kind in "QZ", "IG", "MZ", "Hi":
	    wdtest.write(kind + ".gz", wdtest.sized(kind, data) * 20)
	# The field promises next to nothing, or all there is.
	wdtest.write("small.gz", wdtest.sized("QZsrc", data, lie=lambda n: 1) * 10)
	wdtest.write("large.gz", wdtest.sized("QZsrc", b"x", lie=lambda n: 0xfffffff0) * 10)
	EOT
	for file in *.gz; do
		try_to_null helper limit 65536 60 wdzcat $file
		limits_hold
	done
}

@test "header fields without an end take bounded memory" {
	py - <<-'EOT'
	import wdtest
	head = wdtest.header(flags=wdtest.FNAME)
	wdtest.write("name.gz", head + b"n" * 50000000)
	head = wdtest.header(flags=wdtest.FCOMMENT)
	wdtest.write("comment.gz", head + b"c" * 50000000)
	wdtest.write("extra.gz", wdtest.header(extra=bytes(65535)) * 500)
	EOT
	for file in *.gz; do
		try_to_null helper limit 65536 20 wdzcat $file
		if [ "$status" -ne 1 ]; then
			echo "$file: status $status"
			show
			return 1
		fi
	done
}

# ---- names ----

@test "names with newlines and control characters cannot write messages" {
	names=($'new\nline' $'esc\e[31mred' $'bell\a' $'\r\twhite ')
	for name in "${names[@]}"; do
		try wdzip "$name"
		status_is 1
		no_control
		echo hello >"$name"
		echo other >"$name.gz"
		try wdzip "$name"
		status_is 2
		no_control
		try wdunzip -f "$name.gz"
		status_is 1
		no_control
		rm "$name.gz"
		wdzip "$name"
		try wdunzip -v "$name.gz"
		status_is 0
		[ "$(cat "$name")" = hello ]
	done
	try wdzip $'new\nline.no'
	err_is 'wdzip: new\012line.no: No such file or directory'
}

@test "names that are no UTF-8 are shown so that they can be told apart" {
	for locale in C C.UTF-8; do
		export LC_ALL=$locale
		try wdzip $'bad\xff\xfename' $'cut\xc3'
		status_is 1
		err_is 'wdzip: bad\377\376name: No such file or directory' \
			'wdzip: cut\303: No such file or directory'
	done
	# What can be shown is.
	try wdzip $'caf\xc3\xa9'
	err_is $'wdzip: caf\xc3\xa9: No such file or directory'
}

@test "files with any byte in their name go there and back" {
	py - <<-'EOT'
	import os, subprocess
	names = [b"a" + bytes([n]) + b"b" for n in range(1, 256) if n != 0x2f]
	for name in names:
	    with open(name, "wb") as f:
	        f.write(name)
	subprocess.run([b"wdzip", b"--"] + names, check=True)
	assert sorted(os.listdir(b".")) == sorted(n + b".gz" for n in names)
	subprocess.run([b"wdunzip", b"-N", b"--"] + [n + b".gz" for n in names],
	               check=True)
	assert sorted(os.listdir(b".")) == sorted(names)
	for name in names:
	    with open(name, "rb") as f:
	        assert f.read() == name
	EOT
}

@test "a stored name cannot leave the directory or write messages" {
	py - <<-'EOT'
	from faults import *
	os.mkdir("d")
	for name in (b"../out", b"/tmp/../out", b"../../../etc/out", b"a/../out", b"..",
	             b".", b"", b"/", b"x/", b"out\n\x1b[31m", b"-out", b"out" * 2000):
	    for old in os.listdir("d"):
	        os.unlink("d/" + old)
	    wdtest.write("d/f.gz", wdtest.member(b"hello", name=name))
	    result = run(["wdunzip", "-N", "d/f.gz"])
	    assert result.status in (0, 1), (name, result)
	    assert os.listdir(".") == ["d"], name
	    files = os.listdir("d")
	    assert len(files) == 1, (name, files)
	    assert result.status == 1 or wdtest.read("d/" + files[0]) == b"hello"
	    assert files != ["f.gz"] or result.status == 1, (name, result)
	    assert b"\x1b" not in result.stderr, result
	    assert result.stderr.count(b"\n") == len(result.stderr.splitlines())
	    assert len(result.stderr.splitlines()) <= 1, result
	EOT
}

# ---- judging ----

# limits_hold: helpers/limit.py found nothing to object to.
limits_hold() {
	[ "$status" -ne 98 ] || tail -n 1 "$ERR"
	status_is 0
}

try_to_null() {
	status=0
	"$@" >/dev/null 2>"$ERR" || status=$?
	: >"$OUT"
}

# no_control: standard error has only printable bytes, in whole lines that say
# who speaks, or are empty.
no_control() {
	if grep -q '[^[:print:]	]' "$ERR" || grep -Evq '^(wd(un)?zip: .*)?$' "$ERR"; then
		echo "unexpected bytes or lines:"
		od -c "$ERR"
		return 1
	fi
}
