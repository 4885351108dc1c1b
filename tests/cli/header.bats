#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The bytes that are written: headers, chunks, members.

load common

# bytes FILE FROM COUNT: in hexadecimal.
bytes() {
	od -An -v -tx1 -j"$2" -N"$3" "$1" | tr -d ' \n'
}

prepare() {
	printf 'hello world\n' >f
	touch -d '2020-01-02 03:04:05' f
}

# ---- the header ----

@test "the header of a file is gzip's, byte by byte" {
	# magic, DEFLATE, FNAME, time, XFL 0, Unix, name
	wdzip -k f
	[ "$(bytes f.gz 0 12)" = 1f8b0808a55d0d5e00036600 ]
	gzip -c f >want.gz
	[ "$(bytes want.gz 0 12)" = "$(bytes f.gz 0 12)" ]
}

@test "the header without a name is gzip's, byte by byte" {
	wdzip -nc f >a
	[ "$(bytes a 0 10)" = 1f8b0800000000000003 ]
}

@test "XFL tells the fastest and the best level as gzip does" {
	for level in 1 2 3 4 5 6 7 8 9; do
		wdzip -$level -c f >a
		gzip -$level -c f >b
		[ "$(bytes a 8 1)" = "$(bytes b 8 1)" ]
	done
}

@test "XFL is 2 at levels 10 to 12" {
	for level in 10 11 12; do
		wdzip --level=$level -c f >a
		[ "$(bytes a 8 2)" = 0203 ]
	done
}

@test "XFL of empty and of large input follows the level, too" {
	: >e
	make text 3M >t
	for file in e t; do
		wdzip -1c $file >a
		[ "$(bytes a 8 2)" = 0403 ]
		wdzip -9c $file >a
		[ "$(bytes a 8 2)" = 0203 ]
	done
}

@test "input from a pipe has no name and no time" {
	cat f | wdzip >a
	cat f | gzip >b
	[ "$(bytes a 0 10)" = "$(bytes b 0 10)" ]
	[ "$(bytes a 0 10)" = 1f8b0800000000000003 ]
}

@test "a file as standard input has its time and no name" {
	wdzip <f >a
	gzip <f >b
	[ "$(bytes a 0 10)" = "$(bytes b 0 10)" ]
	[ "$(bytes a 0 10)" = 1f8b0800a55d0d5e0003 ]
}

@test "an empty file is 22 bytes and its name, as gzip's" {
	: >empty
	touch -d '2020-01-02 03:04:05' empty
	wdzip -kc empty >a
	gzip -c empty >b
	same a b
}

@test "names go into the header byte by byte" {
	name=$'caf\xe9\n'
	cp f "$name"
	wdzip -c "$name" >a
	py - <<-'EOT'
	from wdtest import *
	assert members(read("a"))[0].name == b"caf\xe9\n"
	EOT
}

@test "-N keeps the name with standard output" {
	wdzip -Nc f >a
	[ "$(bytes a 3 1)" = 08 ]
}

@test "SOURCE_DATE_EPOCH caps the time" {
	SOURCE_DATE_EPOCH=1000000000 wdzip -c f >a
	[ "$(bytes a 4 4)" = 00ca9a3b ]
}

@test "SOURCE_DATE_EPOCH leaves an older time" {
	SOURCE_DATE_EPOCH=2000000000 wdzip -c f >a
	[ "$(bytes a 4 4)" = a55d0d5e ]
}

@test "SOURCE_DATE_EPOCH that is no number changes nothing" {
	SOURCE_DATE_EPOCH=yesterday wdzip -c f >a
	[ "$(bytes a 4 4)" = a55d0d5e ]
}

@test "the trailer is CRC and length" {
	wdzip -nc f >a
	gzip -nc f >b
	[ "$(tail -c 8 a | od -An -tx1)" = "$(tail -c 8 b | od -An -tx1)" ]
}

# ---- one member ----

# one_member FILE ORIGINAL CHUNKS: one header, one trailer, nothing after it,
# and the marker between the chunks.
one_member() {
	py - "$@" <<-'EOT'
	import sys
	from wdtest import *

	name, original, chunks = sys.argv[1], read(sys.argv[2]), int(sys.argv[3])
	buf = read(name)
	z = zlib.decompressobj(31)
	assert z.decompress(buf) + z.flush() == original, "wrong data"
	assert z.eof, "no end"
	assert z.unused_data == b"", "%d bytes past the end" % len(z.unused_data)
	m, = members(buf)
	assert m.extra is None and m.comment is None
	if chunks:
	    # Data made for this holds no marker of its own.
	    assert MARKER not in original
	    got = m.deflate.count(MARKER) + 1
	    assert got == chunks, "%d chunks, expected %d" % (got, chunks)
	EOT
}

@test "a small file is one member of one chunk" {
	wdzip -k f
	one_member f.gz f 1
}

@test "an empty file is one member of one chunk" {
	: >e
	wdzip -k e
	one_member e.gz e 1
}

@test "a large file is one member of as many chunks as -b says" {
	make text 1M >t
	for level in 1 3 6 9 12; do
		wdzip --level=$level -b 128K -c t >a
		one_member a t 8
	done
}

@test "input that ends on a chunk's border has no empty chunk behind it" {
	make text 256K >t
	wdzip -b 64K -c t >a
	one_member a t 4
	wdzip -b 64K -c <t >b
	one_member b t 4
	cat t | wdzip -b 64K -c >c
	one_member c t 4
}

@test "one byte more than a chunk's border makes one chunk more" {
	make text 262145 >t
	wdzip -b 64K -c t >a
	one_member a t 5
	cat t | wdzip -b 64K -c >b
	one_member b t 5
}

@test "incompressible data is one member of stored blocks, little larger" {
	make noise 1M >n
	for level in 1 6 9; do
		wdzip --level=$level -c n >a
		one_member a n 0
		# 5 bytes a block of 65535 and the frames of the chunks
		[ "$(wc -c <a)" -lt $((1048576 + 400)) ]
	done
}

@test "with default chunks a large file is one member of several" {
	make text 6M >t
	wdzip -1c t >a
	one_member a t 0
	py - <<-'EOT'
	from wdtest import *
	count = read("a").count(MARKER)
	assert 1 <= count <= 63, count
	EOT
}

@test "no match reaches back over a chunk's border" {
	make text 300K >t
	cat t t >tt
	wdzip -b 64K -c tt >a
	py - <<-'EOT'
	# Each chunk must decode without what came before it.
	from wdtest import *
	m, = members(read("a"))
	data, rest = b"", m.deflate
	while rest:
	    cut = rest.find(MARKER)
	    chunk = rest if cut < 0 else rest[:cut + len(MARKER)]
	    rest = b"" if cut < 0 else rest[cut + len(MARKER):]
	    z = zlib.decompressobj(-15)
	    data += z.decompress(chunk)
	    assert z.eof == (not rest), "BFINAL in the wrong chunk"
	assert data == read("tt")
	EOT
}

@test "each chunk but the last ends with two empty stored blocks" {
	make mixed 1M >m
	wdzip -b 64K -c m >a
	py - <<-'EOT'
	from wdtest import *
	buf = read("a")
	m, = members(buf)
	original = read("m")
	# Follow the chunks by decoding: each gives 64 KiB.
	pos, done = m.header_len, 0
	while done < len(original):
	    z = zlib.decompressobj(-15)
	    want = original[done:done + 65536]
	    # Byte by byte at the end, to see where the chunk ends.
	    got = z.decompress(buf[pos:-8], 65536)
	    assert got == want, done
	    end = len(buf) - 8 - len(z.unconsumed_tail) - len(z.unused_data)
	    done += len(want)
	    if done == len(original):
	        break
	    # zlib stopped where it needed room for the next chunk's first byte.
	    at = buf.rfind(MARKER, pos, end)
	    assert at >= 0, "no marker after %d bytes" % done
	    pos = at + len(MARKER)
	EOT
}

@test "the output is the same for a file, standard input and a pipe" {
	make mixed 3M >m
	wdzip -nb 256K -c m >a
	wdzip -nb 256K <m >b
	cat m | wdzip -nb 256K >c
	same_output a b
	same_output a c
}

@test "zlib format begins and ends as RFC 1950 has it" {
	make text 300K >t
	for level in 1 6 9; do
		wdzip -z --level=$level -b 64K -c t >a
		py - <<-'EOT'
		from wdtest import *
		buf, data = read("a"), read("t")
		assert buf[0] == 0x78 and (buf[0] * 256 + buf[1]) % 31 == 0
		assert not buf[1] & 0x20
		assert buf[-4:] == struct.pack(">I", zlib.adler32(data))
		z = zlib.decompressobj()
		assert z.decompress(buf) == data and z.eof and not z.unused_data
		EOT
	done
}

@test "deflate format is the DEFLATE data alone" {
	make text 300K >t
	wdzip --format=deflate -b 64K -c t >a
	wdzip -nb 64K -c t | tail -c +11 | head -c -8 >b
	same a b
}

# ---- members with a size ----

# sized_members KIND CHUNK: a.gz holds m in members of CHUNK bytes.
sized_members() {
	py - "$@" <<-'EOT'
	import sys
	from wdtest import *

	kind, chunk = sys.argv[1], int(sys.argv[2])
	buf, original = read("a.gz"), read("m")
	found = members(buf)
	assert b"".join(m.data for m in found) == original
	if kind == "bgzf":
	    assert buf.endswith(BGZF_EOF), "no EOF member"
	    assert found.pop().data == b""
	for n, m in enumerate(found):
	    want = original[n * chunk:(n + 1) * chunk]
	    assert not chunk or m.data == want, "member %d" % n
	    assert m.flags == FEXTRA and m.mtime == 0 and m.name is None, m.mtime
	    fields = m.subfields()
	    assert len(fields) == 1
	    (si, value), = fields.items()
	    if kind == "bgzf":
	        assert si == "BC" and len(m.extra) == 6 and m.os == 255
	        assert m.header_len == 18 and m.size <= 65536
	        assert value == struct.pack("<H", m.size - 1)
	        assert 0 < len(m.data) <= 65536
	    elif kind == "qz":
	        assert si == "QZ" and len(m.extra) == 12 and m.os == 255
	        assert m.header_len == 24 and m.xfl in (0, 2, 4)
	        assert value == struct.pack("<II", len(m.data), m.deflate_len)
	    elif kind == "mz":
	        assert si == "MZ" and len(m.extra) == 8 and m.header_len == 20
	        assert value == struct.pack("<I", m.deflate_len)
	assert len(found) >= (len(original) + chunk - 1) // chunk if chunk else found
	EOT
}

@test "--members=qz writes QATzip's header for each chunk" {
	make mixed 1M >m
	wdzip -n --members=qz -b 128K -c m >a.gz
	sized_members qz 131072
	[ "$(bytes a.gz 0 16)" = 1f8b080400000000"$(bytes a.gz 8 1)"ff0c00515a0800 ]
}

@test "--members=mz writes MiGz's header for each chunk" {
	make mixed 1M >m
	wdzip -n --members=mz -b 128K -c m >a.gz
	sized_members mz 131072
	[ "$(bytes a.gz 10 6)" = 08004d5a0400 ]
}

@test "--members=bgzf writes members of at most 64 KiB and the empty last one" {
	make mixed 1M >m
	wdzip -n --members=bgzf -c m >a.gz
	sized_members bgzf 0
	[ "$(bytes a.gz 0 4)" = 1f8b0804 ]
	[ "$(bytes a.gz 9 7)" = ff060042430200 ]
}

@test "--members=bgzf fits incompressible data into its members" {
	make noise 1M >m
	for level in 1 6 9 12; do
		wdzip -n --members=bgzf --level=$level -c m >a.gz
		sized_members bgzf 0
	done
}

@test "--members works at every level" {
	make mixed 300K >m
	for level in 1 2 3 4 5 6 7 8 9 10 11 12; do
		wdzip -n --members=qz --level=$level -b 64K -c m >a.gz
		sized_members qz 65536
	done
}

@test "--members of empty input is an empty member that gzip reads" {
	: >m
	for kind in qz mz bgzf; do
		wdzip --members=$kind -c m >a.gz
		[ "$(gzip -dc a.gz | wc -c)" -eq 0 ]
	done
	[ "$(wc -c <a.gz)" -eq 28 ]	# BGZF: the last member alone
}

@test "--members of a pipe is that of a file" {
	make mixed 1M >m
	for kind in qz mz bgzf; do
		wdzip -n --members=$kind -b 128K -c m >a
		cat m | wdzip --members=$kind -b 128K >b
		same a b
	done
}

@test "--members stores the time in each member, and no name" {
	make mixed 300K >m
	touch -d '2020-01-02 03:04:05' m
	for kind in qz mz bgzf; do
		wdzip --members=$kind -b 64K -c m >a
		py - <<-'EOT'
		from wdtest import *
		found = members(read("a"))
		assert len(found) > 3
		assert {m.name for m in found} == {None}
		assert all(m.mtime == 1577934245 for m in found if m.data)
		EOT
	done
}

@test "bgzip accepts what --members=bgzf writes" {
	need bgzip
	make mixed 1M >m
	wdzip --members=bgzf -c m >a.gz
	bgzip -t a.gz
	bgzip -dc a.gz | cmp - m
	bgzip -dc -@ 2 a.gz | cmp - m
}

@test "bgzip finds its way with an index in what --members=bgzf writes" {
	need bgzip
	make text 1M >m
	wdzip --members=bgzf -c m >a.gz
	bgzip -r a.gz
	bgzip -c -b 700000 -s 1000 a.gz | cmp - <(tail -c +700001 m | head -c 1000)
}
