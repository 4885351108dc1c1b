#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Formats of other programs that gzip reads as well, compress's .Z and zip, and
# streams of which there is more than one: whole, after something else, damaged.
# What is not decoded is never called good.

load common

prepare() {
	py -c 'from wdtest import *; write("m", text(20000))'
}

# ---- .Z ----

@test "of a .Z file in a .Z file one layer is taken off" {
	py -c '
from wdtest import *
write("inner", lzw(read("m")))
write("a.Z", lzw(read("inner")))'
	wdunzip -c a.Z | cmp - inner
	wdunzip <a.Z | cmp - inner
	wdzip -dcf a.Z | cmp - inner
	try wdunzip -lq a.Z
	out_like " +$(wc -c <a.Z) +$(wc -c <inner) .* a"
	try wdunzip a.Z
	status_is 0
	same a inner
	gone a.Z
}

@test "a .Z file with unknown flags is decoded with a warning" {
	py -c '
from wdtest import *
for flags in 0x20, 0x40, 0x60:
    z = bytearray(lzw(read("m")))
    z[2] |= flags
    write("%x.Z" % flags, z)'
	for flags in 20 40 60; do
		for how in -c -t -tv; do
			as_gzip wdunzip $how $flags.Z
			status_is 2
		done
		try wdunzip -c $flags.Z
		same "$OUT" m
		try_in $flags.Z wdunzip
		status_is 2
		same "$OUT" m
		try wdunzip -q $flags.Z
		status_is 2
		err_is
		same $flags m
		gone $flags.Z
	done
}

@test "a .Z file of less than its header is an error and stays" {
	printf '\x1f\x9d' >a.Z
	for how in "" -c -t -l -k -dcf; do
		# shellcheck disable=SC2086 # no option at all
		try wdunzip $how a.Z
		status_is 1
		err_is "" "wdunzip: a.Z: unexpected end of file"
		there a.Z
		gone a
	done
}

@test "a .Z file with codes of more than 16 bits is an error and stays" {
	py -c '
from wdtest import *
write("b.Z", lzw(read("m")))
for flags, name in (0x80, "a.Z"), (0xe0, "f.Z"):
    write(name, b"\x1f\x9d" + bytes([flags | 17]) + lzw(read("m"))[3:])'
	for how in -c -t -lq; do
		as_gzip wdunzip $how a.Z
		as_gzip wdunzip $how f.Z
		status_is 1
	done
	try wdunzip a.Z b.Z
	status_is 1
	err_is "" "wdunzip: a.Z: compressed with 17 bits, can only handle 16 bits"
	there a.Z
	gone a
	same b m
}

@test "a .Z file that ends within a code is an error and stays" {
	py -c '
from wdtest import *
z = lzw(read("m"), 16)
write("a.Z", z[:5])
write("b.Z", z[:4])'
	as_gzip wdunzip -c a.Z		# whether it ends within one, nobody can tell
	try wdunzip b.Z
	status_is 1
	err_is "" "wdunzip: b.Z: unexpected end of file"
	there b.Z
	gone b
}

@test "corrupt .Z data ends the run as with gzip, and what came before is written" {
	py -c '
from wdtest import *
z = bytearray(lzw(read("m"), 16))
z[2000:2004] = b"\xff\xff\xff\xff"
write("a.Z", z)
write("b.Z", lzw(b"b"))'
	for how in -c -t -lq; do
		as_gzip wdunzip $how a.Z b.Z
		status_is 1
	done
	try wdunzip -c a.Z
	cmp -n "$(wc -c <"$OUT")" "$OUT" m
	try wdunzip a.Z
	status_is 1
	err_is "" "wdunzip: a.Z: corrupt input."
	there a.Z
	gone a
}

@test "wdunzip reads .Z files whose table is cleared, or never is" {
	py - <<-'EOT'
	from wdtest import *
	for bits in range(10, 17):
	    for every in None, 1, 7, 8, 255, 256, 1000:
	        write("%d.%s.Z" % (bits, every), lzw(read("m"), bits, every))
	EOT
	for file in *.Z; do
		gzip -dc "$file" | cmp - m	# the fixture is right
		wdunzip -c "$file" | cmp - m
	done
}

@test "wdunzip does with damaged .Z files what gzip does" {
	need gzip
	helper foreign lzw 120
}

@test "--verify says that it cannot compare .Z data" {
	py -c '
from wdtest import *
write("a.Z", lzw(read("m")))
write("b.gz", member(b"hello") + lzw(read("m")))'
	for name in a.Z b.gz; do
		try wdunzip --verify $name
		status_is 1
		err_is "wdunzip: $name: cannot be verified: only DEFLATE data can be"
		there $name
		gone "${name%.*}"
	done
}

# ---- after gzip members ----

@test "a .Z member after gzip members is decoded" {
	py -c '
from wdtest import *
write("a.gz", member(b"hello") + member(b"world") + lzw(read("m")))
write("want", b"helloworld" + read("m"))'
	for how in -c -dcf -t -tv; do
		as_gzip wdunzip $how a.gz
		status_is 0
	done
	cat a.gz | wdunzip | cmp - want
	try wdunzip -lv a.gz
	out_like "compr ffffffff .* +$(wc -c <a.gz) +$(wc -c <want) .* a"
	try wdunzip a.gz
	status_is 0
	err_is
	same a want
	gone a.gz
}

@test "what is wrong with a .Z member after gzip members is said and the file stays" {
	py -c '
from wdtest import *
z = lzw(b"some text")
for n, bad in enumerate((b"\x1f\x9d", b"\x1f\x9d\x91abc", z[:3] + b"\xff" * 9, z + z)):
    write("%d.gz" % n, member(b"hello") + bad)'
	for name in ?.gz; do
		for how in -c -t -lq -dcf; do
			as_gzip wdunzip $how "$name"
			status_is 1
		done
		try wdunzip "$name"
		status_is 1
		there "$name"
		gone "${name%.gz}"
	done
}

@test "what pack, LZH or gzip before 1.0 made is refused, after gzip members too" {
	py - <<-'EOT'
	from wdtest import *
	for n, magic in enumerate((b"\x1f\x1e", b"\x1f\xa0", b"\x1f\x9e")):
	    write("%d.gz" % n, magic + b"abcdef")
	    write("%d.after.gz" % n, member(b"hello") + magic + b"abcdef")
	EOT
	for name in *.gz; do
		for how in "" -c -t -l -dcf; do
			# shellcheck disable=SC2086 # no option at all
			try wdunzip $how "$name"
			status_is 1
			err_like "wdunzip: $name: .* -- not supported"
			there "$name"
			gone "${name%.gz}"
		done
	done
	try wdunzip -c 0.after.gz
	same "$OUT" <(printf hello)
}
