#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What others read and write: each program and library, in both directions.

load common

prepare() {
	set -o pipefail
	make mixed 700K >m
}

# options_of_all VARIABLE: every kind of gzip output, as options.
kinds=(
	"-1"
	"-6"
	"-9"
	"--level=12"
	"-6 -b 64K"
	"-1 -b 32K -n"
	"-6 --rsyncable"
	"-6 -b 64K --members=qz"
	"-6 -b 64K --members=mz"
	"-6 --members=bgzf"
)

# reads COMMAND...: it gets the data back from every kind of output.
reads() {
	local kind

	for kind in "${kinds[@]}"; do
		# shellcheck disable=SC2086
		wdzip $kind -c m >a.gz
		"$@" <a.gz | cmp - m || {
			echo "$1 on the output of wdzip $kind"
			return 1
		}
	done
}

# accepts COMMAND...: it finds every kind of output intact.
accepts() {
	local kind

	for kind in "${kinds[@]}"; do
		# shellcheck disable=SC2086
		wdzip $kind -c m >a.gz
		"$@" a.gz || {
			echo "$1 on the output of wdzip $kind"
			return 1
		}
	done
}

# gives NAME: wdunzip finds in NAME what is in m, with any number of threads,
# from a file and from a pipe, and the name it is read by does not matter.
gives() {
	local p

	for p in 1 2 3; do
		wdunzip -p$p -c "$1" | cmp - m
		cat "$1" | wdunzip -p$p | cmp - m
		wdunzip -p$p -t "$1"
	done
}

# ---- what others read ----

@test "gzip reads every kind of output" {
	reads gzip -dc
	accepts gzip -t
}

@test "pigz reads every kind of output" {
	need pigz
	reads pigz -dc
	accepts pigz -t
}

@test "igzip reads every kind of output" {
	need igzip
	reads igzip -dc
	accepts igzip -t
}

@test "bgzip reads every kind of output" {
	need bgzip
	reads bgzip -dc
}

@test "busybox reads every kind of output" {
	need busybox
	busybox gzip --help >/dev/null 2>&1 || skip "busybox has no gzip"
	reads busybox gzip -dc
}

@test "bsdtar reads every kind of output" {
	need bsdtar
	mkdir d
	mv m d/m
	tar -cf m d
	for kind in "${kinds[@]}"; do
		# shellcheck disable=SC2086
		wdzip $kind -c m >a.tar.gz
		bsdtar -xOf a.tar.gz d/m | cmp - d/m
	done
}

@test "python's gzip reads every kind of output" {
	for kind in "${kinds[@]}"; do
		# shellcheck disable=SC2086
		wdzip $kind -c m >a.gz
		py -c '
import gzip
assert gzip.open("a.gz").read() == open("m", "rb").read()'
	done
}

@test "python's zlib reads the formats gzip, zlib and deflate" {
	for kind in gzip:31 zlib:15 deflate:-15; do
		for level in 1 6 9 12; do
			wdzip --format=${kind%:*} --level=$level -b 64K -c m >a
			py - "${kind#*:}" <<-'EOT'
			import sys
			from wdtest import *
			z = zlib.decompressobj(int(sys.argv[1]))
			assert z.decompress(read("a")) == read("m")
			assert z.eof and not z.unused_data
			EOT
		done
	done
}

@test "zlib reads the output however it is fed" {
	wdzip -b 64K -c m >a
	py - <<-'EOT'
	from wdtest import *
	buf, want = read("a"), read("m")
	for step in (1, 7, 4096):
	    z = zlib.decompressobj(31)
	    got = [z.decompress(buf[at:at + step])
	           for at in range(0, len(buf), step)]
	    assert b"".join(got) == want and z.eof
	EOT
}

@test "pigz reads zlib format" {
	need pigz
	wdzip -z -b 64K -c m >m.zz
	pigz -t m.zz
	pigz -dc m.zz | cmp - m
}

@test "gzip -l and wdzip -l agree on the output" {
	wdzip -k -b 64K m
	as_gzip wdzip -l m.gz
}

@test "gzip restores name and time of the output" {
	touch -d '2020-01-02 03:04:05' m
	cp -p m want
	wdzip m
	mv m.gz other.gz
	gzip -dN other.gz
	same m want
	[ "$(stat -c %Y m)" -eq 1577934245 ]
}

# ---- what others write ----

@test "wdunzip reads what gzip writes at every level" {
	for level in 1 2 3 4 5 6 7 8 9; do
		gzip -$level -c m >a.gz
		wdunzip -p1 -c a.gz | cmp - m
		wdunzip -p3 -c a.gz | cmp - m
	done
	gives a.gz
}

@test "wdunzip reads gzip --rsyncable" {
	gzip --rsyncable -c m >a.gz
	gives a.gz
}

@test "wdunzip reads pigz" {
	need pigz
	pigz -c m >a.gz
	gives a.gz
}

@test "wdunzip reads pigz with small blocks" {
	need pigz
	pigz -b 32 -p 4 -c m >a.gz
	gives a.gz
}

@test "wdunzip reads pigz -i" {
	need pigz
	pigz -i -c m >a.gz
	gives a.gz
	pigz -i -b 32 -c m >b.gz
	gives b.gz
}

@test "wdunzip reads pigz -11" {
	need pigz
	head -c 100000 m >s
	mv s m
	pigz -11 -c m >a.gz
	gives a.gz
}

@test "wdunzip reads igzip at every level" {
	need igzip
	for level in 0 1 2 3; do
		igzip -$level -c m >a.gz
		gives a.gz
	done
}

@test "wdunzip reads bgzip" {
	need bgzip
	bgzip -c m >a.gz
	gives a.gz
	bgzip -@ 2 -l 0 -c m >b.gz
	gives b.gz
}

@test "wdunzip reads busybox" {
	need busybox
	busybox gzip --help >/dev/null 2>&1 || skip "busybox has no gzip"
	busybox gzip -c <m >a.gz
	gives a.gz
}

@test "wdunzip reads python's gzip" {
	py -c '
import gzip
gzip.open("a.gz", "wb").write(open("m", "rb").read())'
	gives a.gz
}

@test "wdunzip reads every strategy and memory level of zlib" {
	py - <<-'EOT'
	from wdtest import *
	data, out = read("m"), b""
	for strategy in (zlib.Z_DEFAULT_STRATEGY, zlib.Z_FILTERED,
	                 zlib.Z_HUFFMAN_ONLY, zlib.Z_RLE, zlib.Z_FIXED):
	    for mem in (1, 9):
	        for wbits in (-9, -15):
	            z = zlib.compressobj(6, zlib.DEFLATED, wbits, mem, strategy)
	            raw = z.compress(data[:100000]) + z.flush()
	            out += member(data[:100000], raw=raw)
	write("a.gz", out)
	write("m", data[:100000] * 20)
	EOT
	gives a.gz
}

@test "wdunzip reads every kind of flush of zlib" {
	py - <<-'EOT'
	from wdtest import *
	data, out = read("m"), b""
	for flush in (zlib.Z_SYNC_FLUSH, zlib.Z_FULL_FLUSH, zlib.Z_PARTIAL_FLUSH,
	              zlib.Z_BLOCK):
	    z, raw = zlib.compressobj(6, zlib.DEFLATED, -15), b""
	    for at in range(0, len(data), 10000):
	        raw += z.compress(data[at:at + 10000])
	        raw += z.flush(flush)
	        raw += z.flush(flush)
	    raw += z.flush()
	    out += member(data, raw=raw)
	write("a.gz", out)
	write("m", data * 4)
	EOT
	gives a.gz
}

@test "wdunzip reads stored blocks of all sizes" {
	py - <<-'EOT'
	from wdtest import *
	data = read("m")[:200000]
	out = b"".join(member(data, raw=stored(data, block=size))
	               for size in (65535, 65534, 32768, 1000, 100))
	write("a.gz", out)
	write("m", data * 5)
	EOT
	gives a.gz
}

@test "wdunzip reads several members of different programs" {
	gzip -9c m >a.gz
	wdzip -b 64K -c m >>a.gz
	! command -v pigz >/dev/null || pigz -ic m >>a.gz
	! command -v igzip >/dev/null || igzip -c m >>a.gz
	! command -v bgzip >/dev/null || bgzip -c m >>a.gz
	wdzip --members=qz -c m >>a.gz
	gzip -1c m >>a.gz
	gzip -dc a.gz >want
	mv want m
	gives a.gz
}

@test "wdunzip reads members with each of the size fields" {
	py - <<-'EOT'
	from wdtest import *
	data = read("m")
	cut = [data[at:at + 60000] for at in range(0, len(data), 60000)]
	for kind in ("BC", "QZ", "IG", "MZ", "Hi"):
	    write(kind + ".gz", b"".join(sized(kind, piece) for piece in cut))
	EOT
	for kind in BC QZ IG MZ Hi; do
		gives $kind.gz
	done
}

@test "wdunzip reads size fields that are not the first of the extra field" {
	py - <<-'EOT'
	from wdtest import *
	data = read("m")
	out = b""
	for at in range(0, len(data), 60000):
	    piece = data[at:at + 60000]
	    raw = deflate(piece)
	    extra = (subfield("xx", b"hello") + subfield("ZZ", b"") +
	             subfield("MZ", struct.pack("<I", len(raw))))
	    out += member(piece, raw=raw, extra=extra, name=b"n", comment=b"c")
	write("a.gz", out)
	EOT
	gives a.gz
}

@test "wdunzip reads pgzip's members, which have size field and name" {
	py - <<-'EOT'
	from wdtest import *
	data, out = read("m"), b""
	for at in range(0, len(data), 60000):
	    piece = data[at:at + 60000]
	    raw = deflate(piece)
	    size = 20 + len(b"m\0") + len(raw) + 8
	    out += member(piece, raw=raw, name=b"m", xfl=2, os=255,
	                  extra=subfield("IG", struct.pack("<I", size)))
	write("a.gz", out)
	EOT
	gives a.gz
}

@test "wdunzip reads the pgzf and dictzip fields as the hints they are" {
	py - <<-'EOT'
	from wdtest import *
	data, out = read("m"), b""
	for at in range(0, len(data), 60000):
	    piece = data[at:at + 60000]
	    raw = deflate(piece)
	    extra = (subfield("GC", struct.pack("<Q", 12345)) +
	             subfield("ZC", struct.pack("<I", len(raw))))
	    out += member(piece, raw=raw, extra=extra)
	extra = subfield("RA", struct.pack("<HHHH", 1, 1000, 1, 77))
	out += member(data, extra=extra)
	write("a.gz", out)
	write("m", data * 2)
	EOT
	gives a.gz
}

@test "wdunzip reads zlib format of pigz and python" {
	py -c '
from wdtest import *
write("a.zz", zlib.compress(read("m"), 9))'
	for p in 1 3; do
		wdunzip -p$p -zc a.zz | cmp - m
		cat a.zz | wdunzip -p$p -z | cmp - m
	done
	command -v pigz >/dev/null || skip "pigz is not installed"
	pigz -zc m >b.zz
	wdunzip -zc b.zz | cmp - m
	pigz -zi -b 32 -c m >c.zz
	wdunzip -p3 -zc c.zz | cmp - m
}

@test "wdunzip recognizes zlib format by its name" {
	py -c '
from wdtest import *
write("a.zz", zlib.compress(read("m"), 9))'
	try wdunzip a.zz
	status_is 0
	same a m
}

@test "wdunzip reads raw deflate of python" {
	py -c '
from wdtest import *
write("a", deflate(read("m"), 9))
write("b", chunked([read("m")[at:at + 50000] for at in range(0, 716800, 50000)]))'
	for p in 1 3; do
		wdunzip -p$p --format=deflate -c a | cmp - m
		wdunzip -p$p --format=deflate -c b | cmp - m
		cat b | wdunzip -p$p --format=deflate | cmp - m
	done
}

@test "a wrong Adler-32 of zlib format is an error" {
	py -c '
from wdtest import *
data = bytearray(zlib.compress(read("m")))
data[-1] ^= 1
write("a.zz", data)'
	try wdunzip -zc a.zz
	status_is 1
	same "$OUT" m
	try wdunzip -z -p1 -t a.zz
	status_is 1
}

# ---- .Z ----

@test "wdunzip reads .Z files" {
	py - <<-'EOT'
	from wdtest import *
	data = text(200000)
	write("m", data)
	for bits in (12, 14, 16):
	    write("a%d.Z" % bits, lzw(data, bits))
	EOT
	for bits in 12 14 16; do
		gzip -dc a$bits.Z | cmp - m	# the fixture is right
		wdunzip -c a$bits.Z | cmp - m
	done
	try wdunzip a16.Z
	status_is 0
	same a16 m
	gone a16.Z
}

@test "wdunzip reads .Z data from standard input" {
	py -c '
from wdtest import *
write("m", text(50000))
write("a.Z", lzw(text(50000)))'
	try_in a.Z wdunzip -c
	status_is 0
	same "$OUT" m
	cat a.Z | wdunzip | cmp - m
}

@test "wdunzip reads a .Z file of nothing" {
	printf '\x1f\x9d\x90' >e.Z
	try wdunzip -c e.Z
	status_is 0
	out_size 0
}

@test "wdunzip -t tests a .Z file" {
	py -c 'from wdtest import *; write("a.Z", lzw(text(50000)))'
	try wdunzip -tv a.Z
	status_is 0
	err_is $'a.Z:\t OK'
}

@test "-l lists a .Z file with its sizes" {
	py -c 'from wdtest import *; write("a.Z", lzw(text(50000)))'
	try wdunzip -lq a.Z
	status_is 0
	out_like " +$(wc -c <a.Z) +50000 .* a"
}

@test "a corrupt .Z file is an error and stays" {
	printf '\x1f\x9d\x90\xff\xff\xff\xff\xff\xff' >a.Z
	try wdunzip a.Z
	status_is 1
	there a.Z
	gone a
}

# ---- .zip ----

@test "wdunzip reads a zip file with one entry" {
	py - <<-'EOT'
	import zipfile
	with zipfile.ZipFile("a.zip", "w", zipfile.ZIP_DEFLATED) as z:
	    z.write("m", "inner")
	with zipfile.ZipFile("b.zip", "w", zipfile.ZIP_STORED) as z:
	    z.write("m", "inner")
	EOT
	wdunzip -c a.zip | cmp - m
	wdunzip -c b.zip | cmp - m
	wdunzip -t a.zip
	cp a.zip c.gz
	try wdunzip c.gz
	status_is 0
	same c m
	gone c.gz
	try wdunzip -S .zip a.zip
	status_is 0
	same a m
	gone a.zip
}

@test "wdunzip reads a zip file from standard input" {
	py - <<-'EOT'
	import zipfile
	with zipfile.ZipFile("a.zip", "w", zipfile.ZIP_DEFLATED) as z:
	    z.write("m", "inner")
	EOT
	wdunzip <a.zip | cmp - m
	cat a.zip | wdunzip | cmp - m
}

@test "a zip file with several entries is refused and stays" {
	py - <<-'EOT'
	import zipfile
	with zipfile.ZipFile("a.zip", "w", zipfile.ZIP_DEFLATED) as z:
	    z.writestr("one", "1")
	    z.writestr("two", "2")
	EOT
	cp a.zip before
	cp a.zip b.gz
	try wdunzip -S .zip a.zip
	status_is 1
	err_is "wdunzip: a.zip has more than one entry -- unchanged"
	same a.zip before
	gone a
	try wdunzip b.gz
	status_is 1
	there b.gz
	gone b
}

@test "a zip file with several entries gives the first with -c, and a warning" {
	py - <<-'EOT'
	import zipfile
	with zipfile.ZipFile("a.zip", "w", zipfile.ZIP_DEFLATED) as z:
	    z.writestr("one", "1")
	    z.writestr("two", "2")
	EOT
	try wdunzip -c a.zip
	status_is 2
	[ "$(cat "$OUT")" = 1 ]
	err_is "wdunzip: a.zip has more than one entry--rest ignored"
}

@test "a zip file with a wrong CRC is an error and stays" {
	py - <<-'EOT'
	import zipfile
	with zipfile.ZipFile("a.zip", "w", zipfile.ZIP_STORED) as z:
	    z.writestr("one", "hello world")
	data = open("a.zip", "rb").read().replace(b"hello", b"jello")
	open("a.zip", "wb").write(data)
	EOT
	try wdunzip -S .zip a.zip
	status_is 1
	there a.zip
	gone a
}

# ---- what is not supported ----

@test "pack's format is refused in clear words, and the file stays" {
	printf '\x1f\x1e\0\0\0\4abcdef' >a.z
	cp a.z before
	try wdunzip a.z
	status_is 1
	grep -q 'not supported' "$ERR"
	grep -q 'a\.z' "$ERR"
	same a.z before
	gone a
}

@test "compress -H's format is refused, and the file stays" {
	printf '\x1f\xa0abcdef' >a.z
	try wdunzip a.z
	status_is 1
	there a.z
	gone a
}

@test "files of bzip2 and xz are not taken for gzip's" {
	printf 'BZh91AY&SY' >a.gz
	printf '\xfd7zXZ\0' >b.gz
	try wdunzip a.gz b.gz
	status_is 1
	there a.gz b.gz
	gone a b
}

# ---- scripts ----

@test "zgrep and zcmp of gzip work with wdzip in place of gzip" {
	need zgrep zcmp
	mkdir bin
	printf '#!/bin/sh\nexec wdzip "$@"\n' >bin/gzip
	chmod +x bin/gzip
	echo needle >n
	wdzip -k n m
	PATH=$PWD/bin:$PATH zgrep -q needle n.gz
	PATH=$PWD/bin:$PATH zcmp m m.gz
}

# ---- real data ----

@test "the corpus goes there and back, others read it, gzip makes it no smaller" {
	[ -n "${WD_CORPUS-}" ] || skip "WD_CORPUS does not name a directory"
	ours=0
	gzips=0
	while read -r file; do
		wdzip -c "$file" >a.gz
		gzip -6c "$file" >b.gz
		echo "$file: $(wc -c <a.gz) bytes, gzip: $(wc -c <b.gz)"
		ours=$((ours + $(wc -c <a.gz)))
		gzips=$((gzips + $(wc -c <b.gz)))
		gzip -dc a.gz | cmp - "$file"
		wdunzip -c a.gz | cmp - "$file"
		wdunzip -c b.gz | cmp - "$file"
	done < <(find "$WD_CORPUS" -type f -size -64M ! -name '*.gz')
	[ "$ours" -gt 0 ] || skip "no files of less than 64 MiB in $WD_CORPUS"
	[ "$ours" -le "$gzips" ]
}

# ---- kinds of CPU ----

# on CPU ARG...: wdzip as a CPU of that kind would run it.
on() {
	local cpu=$1

	shift
	qemu-x86_64 -cpu "$cpu" "$(command -v wdzip)" "$@" 2>qemu.err
}

@test "no level but 2 depends on what an x86 CPU can do" {
	need_plain
	[ "$(uname -m)" = x86_64 ] || skip "the tools are not for x86"
	command -v qemu-x86_64 >/dev/null || skip "qemu-x86_64 is not installed"
	make records 300K >r
	make noise 20000 >n
	cat m r n n n >all
	for level in 1 3 6 9 12; do
		wdzip -n -p 1 --level=$level -c all >native.gz
		for cpu in Nehalem Haswell; do
			on $cpu -n -p 1 --level=$level -c all >other.gz
			same native.gz other.gz
		done
	done
	# What comes out there is other bytes, but as right.
	for cpu in Nehalem Haswell; do
		on $cpu -n -p 1 --level=2 -c all >other.gz
		gzip -dc <other.gz | cmp - all
	done
}
