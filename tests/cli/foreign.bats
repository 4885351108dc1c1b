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
	helper foreign lzw 80
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

# ---- zip ----

# zips: Python on standard input that makes files with zipped() and put().
zips() {
	{
		echo "from wdtest import *"
		echo "from wdzips import *"
		echo 'data = read("m")'
		cat
	} | py -
}

@test "a zip entry whose header says that it is empty, but is not, stays" {
	zips <<-'EOT'
	deflated, stored = zipped([data], 8), zipped([data], 0)
	write("1.zip", put(deflated, PACKED, 0))
	write("2.zip", put(put(deflated, PACKED, 0), UNPACKED, 0))
	write("3.zip", put(put(put(deflated, PACKED, 0), UNPACKED, 0), CRC, 0))
	write("4.zip", put(stored, PACKED, 0))
	write("5.zip", put(put(stored, PACKED, 0), UNPACKED, 0))
	write("6.zip", put(zipped([b""], 0), CRC, 1))
	write("7.zip", put(zipped([b""], 0), UNPACKED, 1))
	write("8.zip", put(zipped([b""], 8), CRC, 1))
	EOT
	for n in 1 2 3 4 5 6 7 8; do
		for how in -c -t -lq; do
			try wdunzip $how $n.zip
			status_is 1
			out_size 0
			err_like "wdunzip: $n.zip: invalid compressed data--.*"
		done
		try wdunzip -S .zip $n.zip
		status_is 1
		there $n.zip
		gone $n
	done
}

@test "wdunzip reads zip entries of nothing" {
	zips <<-'EOT'
	for method in 0, 8:
	    for pipe in False, True:
	        for zip64 in False, True:
	            name = "%d%d%d.zip" % (method, pipe, zip64)
	            write(name, zipped([b""], method, pipe, zip64))
	EOT
	for name in *.zip; do
		try wdunzip -c "$name"
		status_is 0
		out_size 0
		err_is
	done
}

@test "-lv tells how a zip entry was compressed, as gzip does" {
	zips <<-'EOT'
	for method, name in (0, "store"), (8, "defla"), (12, "zip"):
	    write(name + ".zip", zipped([data], method))
	EOT
	for name in store defla zip; do
		try wdunzip -lv $name.zip
		status_is 0
		out_like "$name +ffffffff .* +$(wc -c <$name.zip) +20000 .* $name.zip"
	done
}

@test "a zip file cut after its only entry gives the data, status 0" {
	zips <<-'EOT'
	for pipe in False, True:
	    whole = zipped([data], 8, pipe)
	    at = whole.index(b"PK\1\2")
	    for more in 0, 1, 4, 10, 40:
	        write("%d%d.zip" % (pipe, more), whole[:at + more])
	EOT
	for name in *.zip; do
		as_gzip wdunzip -c "$name"
		status_is 0
		wdunzip -c <"$name" | cmp - m
		as_gzip wdunzip -t "$name"
	done
	wdunzip -S .zip 00.zip
	same 00 m
	gone 00.zip
}

@test "a zip file cut within its entry is an error and stays" {
	zips <<-'EOT'
	for pipe in False, True:
	    whole = zipped([data], 8, pipe)
	    end = whole.index(b"PK\1\2")
	    for n, at in enumerate((4, 20, 29, 31, 40, 1000, end - 20, end - 1)):
	        write("%d%d.zip" % (pipe, n), whole[:at - 4 * pipe])
	EOT
	for name in *.zip; do
		try wdunzip -c "$name"
		status_is 1
		cmp -n "$(wc -c <"$OUT")" "$OUT" m
		err_like "wdunzip: $name: (unexpected end of file|not a valid zip file)"
		try wdunzip -S .zip "$name"
		status_is 1
		there "$name"
		gone "${name%.zip}"
	done
}

@test "what a damaged zip entry could still give is written with -c" {
	zips <<-'EOT'
	deflated = zipped([data], 8)
	write("crc.zip", put(deflated, CRC, 5))
	write("length.zip", put(deflated, UNPACKED, 5))
	bad = bytearray(zipped([data], 0))
	bad[5000] ^= 1
	write("stored.zip", bad)
	EOT
	for name in crc length stored; do
		gzip -dc $name.zip >want || :
		try wdunzip -c $name.zip
		status_is 1
		same "$OUT" want
		[ $name = length ] || fault_first wdunzip $name.zip "crc error"
		[ $name != length ] || fault_first wdunzip $name.zip "length error"
	done
}

# fault_first TOOL NAME WHAT: the first two lines are gzip's.
fault_first() {
	printf '\n%s: %s: invalid compressed data--%s\n' "$1" "$2" "$3" |
		cmp - <(head -n 2 "$ERR")
}

@test "a zip entry that is encrypted or of an unknown method stays, and so does an old output" {
	zips <<-'EOT'
	deflated = zipped([data], 8)
	write("1.zip", put(deflated, FLAGS, 1, "<H"))
	write("2.zip", put(deflated, FLAGS, 0x41, "<H"))
	for n, method in enumerate((1, 6, 9, 99, 200)):
	    write("%d.zip" % (n + 3), put(deflated, METHOD, method, "<H"))
	EOT
	for n in 1 2 3 4 5 6 7; do
		echo precious >$n
		for how in "-f -S .zip" "-fk -S .zip" -c -t -l; do
			# shellcheck disable=SC2086 # several options
			try wdunzip $how $n.zip
			status_is 1
			out_size 0
			err_like "wdunzip: $n.zip: .* -- use unzip"
			there $n.zip
			grep -Fqx precious $n
		done
	done
}

@test "a second zip entry that is damaged still counts" {
	zips <<-'EOT'
	two = zipped([data, b"second"], 0)
	second = two.index(b"PK\3\4", 4)
	write("1.zip", two[:second + 20])
	write("2.zip", two[:second + 6])
	EOT
	for n in 1 2; do
		as_gzip wdunzip -c $n.zip
		status_is 2
		try wdunzip -S .zip $n.zip
		status_is 1
		there $n.zip
	done
}

@test "a damaged zip file is never called good" {
	need gzip
	helper foreign zip 80
}

# ---- formats of one stream ----

@test "wdzip refuses to write several zlib or DEFLATE streams one after the other" {
	cp m n
	mkdir d
	cp m d/
	for format in zlib deflate; do
		for args in "-c m n" "-c m - n" "m n -o -" "-rc d" "- -" "- /dev/stdin" "-c missing m"; do
			# shellcheck disable=SC2086 # several options
			try wdzip --format=$format $args
			usage_error
			out_size 0
			err_line "wdzip: the $format format holds one stream: several inputs cannot be written one after the other"
			err_line "wdzip: leave out -c to get a file for each, or use the gzip format"
		done
	done
	WDZIP=-z try wdzip -c m n
	usage_error
	there m n d/m
	gone m.zz n.zz
}

@test "one zlib or DEFLATE stream goes to standard output, or a file for each input" {
	cp m n
	mkdir d
	cp m n d/
	for format in zlib:zz deflate:deflate; do
		how="--format=${format%:*}"
		suffix=${format#*:}
		wdzip $how -c m | wdunzip $how -c | cmp - m
		wdzip $how <m | wdunzip $how -c | cmp - m
		wdzip $how -k - n <m | wdunzip $how -c | cmp - m
		wdzip $how -rk d m
		there m.$suffix n.$suffix d/m.$suffix d/n.$suffix
		wdunzip $how -c m.$suffix n.$suffix d/m.$suffix | cmp - <(cat m n m)
		try_in m wdzip $how -rc
		status_is 0
	done
	wdzip -c m n | wdunzip | cmp - <(cat m n)
}

# streams: files of two streams, of one and something else.
streams() {
	py - <<-'EOT'
	from wdtest import *
	data = read("m")
	for name, one in ("zz", zlib.compress(data)), ("deflate", deflate(data)):
	    write("two." + name, one + one)
	    write("zeros." + name, one + bytes(4))
	    write("byte." + name, one + b"x")
	    write("one." + name, one)
	EOT
}

@test "a second zlib or DEFLATE stream is never dropped in silence" {
	streams
	for format in zlib:zz deflate:deflate; do
		how="--format=${format%:*}"
		suffix=${format#*:}
		for name in two zeros byte; do
			file=$name.$suffix
			for flag in -c -t -lq; do
				try wdunzip $how $flag $file
				status_is 2
				[ $flag = -lq ] ||
					err_is "" "wdunzip: $file: decompression OK, trailing garbage ignored"
			done
			try wdunzip $how -c $file
			same "$OUT" m
			wdzip -dcf $how $file | cmp - <(cat m; tail -c +$(($(wc -c <one.$suffix) + 1)) $file)
		done
		wdunzip $how -t one.$suffix
	done
}

@test "a file of several zlib or DEFLATE streams is not removed" {
	streams
	for file in two.zz zeros.zz byte.zz two.deflate; do
		cp $file before
		try wdunzip --format="$([ ${file##*.} = zz ] && echo zlib || echo deflate)" $file
		status_is 2
		err_is "" "wdunzip: $file: decompression OK, trailing garbage ignored" \
			"wdunzip: $file goes on after its stream -- not removed"
		same $file before
		same ${file%.*} m
		rm ${file%.*}
	done
	try wdunzip -q two.zz
	status_is 2
	err_is
	same two m
	there two.zz
}

@test "a second zlib or DEFLATE stream that comes late through a pipe is seen, too" {
	streams
	py - <<-'EOT'
	import fcntl, os, struct, subprocess, termios, time
	from wdtest import *

	def unread(fd):
	    return struct.unpack("i", fcntl.ioctl(fd, termios.FIONREAD, bytes(4)))[0]

	for form, name in ("zlib", "one.zz"), ("deflate", "one.deflate"):
	    for force in [], ["-f"]:
	        read_end, write_end = os.pipe()
	        with subprocess.Popen(["wdzip", "-dc", "--format=" + form, *force],
	                              stdin=read_end, stdout=subprocess.PIPE,
	                              stderr=subprocess.PIPE) as tool:
	            os.write(write_end, read(name))
	            end = time.monotonic() + 60
	            while unread(read_end) and time.monotonic() < end:
	                time.sleep(0.001)
	            os.close(read_end)
	            os.write(write_end, read(name))
	            os.close(write_end)
	            out, err = tool.communicate()
	        want = read("m") + (read(name) if force else b"")
	        assert out == want, (form, force, len(out))
	        assert tool.returncode == (0 if force else 2), (form, force, err)
	EOT
}
