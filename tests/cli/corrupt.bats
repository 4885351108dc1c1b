#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Damaged, odd and hostile input.  The rule: status 0 only with the right bytes,
# and gzip's verdict wherever it has one.

load common

# both NAME: -p1 and -p3, file and pipe, give what is in want, with status 0.
both() {
	local p

	for p in 1 3; do
		try wdunzip -p$p -c "$1"
		status_is 0
		err_is
		same "$OUT" want
		try_in <(cat "$1") wdunzip -p$p
		status_is 0
		err_is
		same "$OUT" want
	done
}

# fails NAME: -p1 and -p3, file and pipe, give status 1, and a prefix of want.
fails() {
	local p

	for p in 1 3; do
		try wdunzip -p$p -c "$1"
		status_is 1
		cmp -n "$(wc -c <"$OUT")" "$OUT" want
		try_in <(cat "$1") wdunzip -p$p
		status_is 1
		cmp -n "$(wc -c <"$OUT")" "$OUT" want
		try wdunzip -p$p -t "$1"
		status_is 1
	done
}

# ---- truncation ----

@test "a small file cut anywhere gives status 1 and what can be had" {
	make text 400 >d
	gzip -c d >d.gz
	helper damage cut d.gz d
}

@test "the tool's own small file cut anywhere gives status 1 and what can be had" {
	make text 300 >d
	wdzip -c d >d.gz
	helper damage cut d.gz d
}

@test "members cut anywhere give status 1, but between them 0" {
	make text 60 >one
	cat one one one >d
	for n in 1 2 3; do gzip -nc one; done >d.gz
	helper damage cut d.gz d
}

@test "chunks cut anywhere give status 1 and what can be had" {
	py - <<-'EOT'
	from wdtest import *
	pieces = [text(40, n) for n in range(6)]
	write("d", b"".join(pieces))
	write("d.gz", member(b"".join(pieces), raw=chunked(pieces)))
	EOT
	helper damage cut d.gz d
}

@test "members with size fields cut anywhere give status 1, but between them 0" {
	py - <<-'EOT'
	from wdtest import *
	pieces = [text(25, n) for n in range(5)]
	write("d", b"".join(pieces))
	write("d.gz", b"".join(sized(kind, piece) for kind, piece in
	                       zip(("BC", "QZ", "IG", "MZ", "Hi"), pieces)))
	EOT
	helper damage cut d.gz d
}

@test "stored blocks cut anywhere give status 1 and what can be had" {
	py - <<-'EOT'
	from wdtest import *
	data = noise(150)
	write("d", data)
	write("d.gz", member(data, raw=stored(data, block=40)))
	EOT
	helper damage cut d.gz d
}

@test "a header with all fields cut anywhere gives status 1" {
	py - <<-'EOT'
	from wdtest import *
	write("d", b"hello hello hello\n")
	write("d.gz", member(b"hello hello hello\n", name=b"name", hcrc=True,
	                     comment=b"comment", extra=subfield("XX", b"12345")))
	EOT
	helper damage cut d.gz d
}

@test "a large file of several chunks cut in many places gives status 1" {
	make mixed 1M >want
	wdzip -b 64K -c want >d.gz
	size=$(wc -c <d.gz)
	for at in 1 17 100 1000 65536 100000 $((size / 2)) $((size * 3 / 4)) \
		$((size - 1000)) $((size - 9)) $((size - 8)) $((size - 7)) $((size - 1)); do
		head -c $at d.gz >cut.gz
		fails cut.gz
		[ "$(wc -c <"$OUT")" -eq 0 ]	# -t writes nothing
		[ "$(wdunzip -p3 -c cut.gz 2>/dev/null | wc -c)" -ge \
			"$(gzip -dc cut.gz 2>/dev/null | wc -c)" ]
	done
}

@test "a large file of sized members cut in many places gives status 1" {
	make mixed 1M >want
	for kind in qz mz bgzf; do
		wdzip --members=$kind -b 64K -c want >d.gz
		size=$(wc -c <d.gz)
		for at in 100 50000 $((size / 2)) $((size * 3 / 4)) $((size - 40)); do
			head -c $at d.gz >cut.gz
			fails cut.gz
			[ "$(wdunzip -p3 -c cut.gz 2>/dev/null | wc -c)" -ge \
				"$(gzip -dc cut.gz 2>/dev/null | wc -c)" ]
		done
	done
}

@test "a large file of one chunk cut in many places gives status 1" {
	make mixed 1M >want
	gzip -c want >d.gz
	size=$(wc -c <d.gz)
	for at in 100 32768 65536 100000 $((size / 2)) $((size - 9)) $((size - 8)) $((size - 1)); do
		head -c $at d.gz >cut.gz
		fails cut.gz
		[ "$(wdunzip -p3 -c cut.gz 2>/dev/null | wc -c)" -ge \
			"$(gzip -dc cut.gz 2>/dev/null | wc -c)" ]
	done
}

# ---- inverted bits ----

@test "every inverted bit of a small file gets gzip's verdict" {
	make text 60 >d
	gzip -nc d >d.gz
	helper damage flip d.gz d
}

@test "every inverted bit of a file with a dynamic block gets gzip's verdict" {
	# Enough different bytes for zlib to build codes of its own.
	py - <<-'EOT'
	from wdtest import *
	data = b"aaaaaaabbbbbcccdde" * 3 + bytes(range(97, 117)) * 2
	z = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zlib.Z_HUFFMAN_ONLY)
	raw = z.compress(data) + z.flush()
	assert raw[0] >> 1 & 3 == 2
	write("d", data)
	write("d.gz", member(data, raw=raw))
	EOT
	helper damage flip d.gz d
}

@test "every inverted bit of chunks gets gzip's verdict" {
	py - <<-'EOT'
	from wdtest import *
	pieces = [b"chunk one ", b"two", b"", b"three"]
	data = b"".join(pieces)
	write("d", data)
	write("d.gz", member(data, raw=chunked(pieces)))
	EOT
	helper damage flip d.gz d
}

@test "every inverted bit of sized members gets gzip's verdict" {
	py - <<-'EOT'
	from wdtest import *
	write("d", b"onetwothree")
	write("d.gz", sized("QZ", b"one") + sized("MZ", b"two") + sized("BC", b"three"))
	EOT
	helper damage flip d.gz d
}

@test "every inverted bit of a header with all fields gets gzip's verdict" {
	py - <<-'EOT'
	from wdtest import *
	write("d", b"hello\n")
	write("d.gz", member(b"hello\n", name=b"nm", comment=b"co", hcrc=True,
	                     extra=subfield("XX", b"1")))
	EOT
	helper damage flip d.gz d
}

@test "random changes get gzip's verdict" {
	make mixed 3000 >d
	gzip -c d >d.gz
	helper damage noise d.gz d 150
}

@test "random changes of chunks get gzip's verdict" {
	make mixed 200K >d
	wdzip -b 32K -c d >d.gz
	helper damage noise d.gz d 100
}

@test "random changes of sized members get gzip's verdict" {
	make mixed 150K >d
	for kind in qz mz bgzf; do
		wdzip --members=$kind -b 32K -c d >d.gz
		helper damage noise d.gz d 50
	done
}

@test "an inverted bit in each chunk of a large file is found" {
	make mixed 2M >want
	wdzip -b 128K -c want >d.gz
	py - <<-'EOT'
	from wdtest import *
	data = bytearray(read("d.gz"))
	for n in range(12):
	    at = 100 + n * (len(data) - 200) // 11
	    data[at] ^= 16
	    write("bad%d.gz" % n, data)
	    data[at] ^= 16
	EOT
	for n in {0..11}; do
		for p in 1 3; do
			try wdunzip -p$p -t bad$n.gz
			status_is 1
			try wdunzip -p$p -c bad$n.gz
			status_is 1
		done
	done
}

# ---- markers that are none ----

@test "markers inside stored data are data" {
	py - <<-'EOT'
	from wdtest import *
	data = b"".join(noise(100 * n, n) + MARKER * (n % 3 + 1)
	                for n in range(1, 60))
	write("want", data)
	write("a.gz", member(data, raw=stored(data)))
	write("b.gz", member(data, raw=stored(data, block=5000)))
	write("c.gz", member(MARKER * 100000, raw=stored(MARKER * 100000)))
	EOT
	both a.gz
	both b.gz
	py -c 'from wdtest import *; write("want", MARKER * 100000)'
	both c.gz
}

@test "compressed data behind a false marker is data" {
	# What follows the marker is a valid DEFLATE stream, only not ours.
	py - <<-'EOT'
	from wdtest import *
	inner = deflate(text(100000, 3))
	data = b"".join(noise(70000, n) + MARKER + inner for n in range(8))
	write("want", data)
	write("a.gz", member(data, raw=stored(data)))
	pieces = [data[at:at + 90000] for at in range(0, len(data), 90000)]
	raw = b"".join(stored(piece, final=False) + b"\0\0\0\xff\xff\0\0\0\xff\xff"
	               for piece in pieces[:-1]) + stored(pieces[-1])
	write("b.gz", member(data, raw=raw))
	EOT
	both a.gz
	both b.gz
}

@test "markers across the border of two stored blocks are data" {
	py - <<-'EOT'
	from wdtest import *
	data = b"".join(noise(1000 - at) + MARKER + noise(1000 + at)
	                for at in range(10)) * 30
	write("want", data)
	write("a.gz", member(data, raw=stored(data, block=1004)))
	EOT
	both a.gz
}

@test "an archive of wdzip's own output goes there and back" {
	make text 2M >t
	wdzip -b 64K -c t >inner.gz
	cat inner.gz inner.gz inner.gz >want
	for level in 1 6 9; do
		wdzip -$level -b 64K -c want >a.gz
		both a.gz
	done
	gzip -1c want >a.gz
	both a.gz
}

@test "an archive of pigz -i's output goes there and back" {
	need pigz
	make text 2M >t
	pigz -i -b 64 -c t >inner.gz
	cat inner.gz inner.gz inner.gz >want
	wdzip -b 64K -c want >a.gz
	both a.gz
	pigz -i -b 32 -c want >a.gz
	both a.gz
}

@test "a file compressed five times over goes there and back" {
	make mixed 1M >want
	cp want f
	for n in 1 2 3 4 5; do
		wdzip -b 32K f
		mv f.gz f
	done
	for n in 1 2 3 4 5; do
		mv f f.gz
		wdunzip -p3 f.gz
	done
	same f want
}

@test "matches that reach back over a marker are followed" {
	# As pigz writes without -i, but with both empty blocks.
	py - <<-'EOT'
	from wdtest import *
	z, raw, data = zlib.compressobj(6, zlib.DEFLATED, -15), b"", b""
	for n in range(20):
	    piece = text(50000, n % 3)
	    data += piece
	    raw += z.compress(piece) + z.flush(zlib.Z_SYNC_FLUSH)
	    raw += b"\0\0\0\xff\xff"
	raw += z.flush()
	write("want", data)
	write("a.gz", member(data, raw=raw))
	EOT
	[ "$(py -c '
from wdtest import *
print(read("a.gz").count(MARKER))')" -ge 20 ]
	both a.gz
}

@test "a marker right at the beginning, and many in a row, are fine" {
	py - <<-'EOT'
	from wdtest import *
	data = text(300000)
	empty = b"\0\0\0\xff\xff"
	write("want", data)
	write("a.gz", member(data, raw=empty * 3 + deflate(data)))
	write("b.gz", member(data, raw=empty * 100000 + deflate(data)))
	write("c.gz", member(data, raw=chunked([data] + [b""] * 50)))
	write("d.gz", member(data, raw=chunked([b""] * 50 + [data])))
	EOT
	for name in a b c d; do
		both $name.gz
	done
}

@test "chunks of one byte are fine" {
	py - <<-'EOT'
	from wdtest import *
	data = text(3000)
	write("want", data)
	write("a.gz", member(data, raw=chunked([data[n:n + 1]
	                                        for n in range(len(data))])))
	EOT
	both a.gz
}

@test "a final block before a marker ends the data" {
	# What follows is no member: trailing garbage.
	py - <<-'EOT'
	from wdtest import *
	data = text(100000)
	write("want", data)
	write("a.gz", member(data) + MARKER + deflate(text(100000, 2)) + b"1234")
	EOT
	for p in 1 3; do
		try wdunzip -p$p -c a.gz
		status_is 2
		same "$OUT" want
		try wdunzip -p$p -t a.gz
		status_is 2
	done
}

# ---- sizes that lie ----

@test "size fields that lie are only hints" {
	py - <<-'EOT'
	from wdtest import *
	pieces = [text(40000, n) for n in range(8)]
	write("want", b"".join(pieces))
	lies = {
	    "more": lambda n: n + 1,
	    "less": lambda n: n - 1,
	    "zero": lambda n: 0,
	    "half": lambda n: n // 2,
	    "double": lambda n: n * 2,
	    "huge": lambda n: 0xffffffff,
	    "sign": lambda n: 0x80000000,
	    "header": lambda n: 3,
	}
	for kind in ("BC", "QZ", "QZsrc", "IG", "MZ", "Hi"):
	    for name, lie in lies.items():
	        # all of them, or only some
	        write("%s-%s-all.gz" % (kind, name),
	              b"".join(sized(kind, piece, lie) for piece in pieces))
	        write("%s-%s-some.gz" % (kind, name),
	              b"".join(sized(kind, piece, lie if n in (2, 5) else None)
	                       for n, piece in enumerate(pieces)))
	EOT
	[ "$(ls ./*.gz | wc -l)" -eq 96 ]
	py - <<-'EOT'
	import glob, subprocess
	from wdtest import *
	want = read("want")
	for name in sorted(glob.glob("*.gz")):
	    for threads in ("-p1", "-p3"):
	        done = subprocess.run(["wdunzip", threads, "-c", name],
	                              capture_output=True)
	        assert done.returncode == 0 and done.stderr == b"", (name, done.stderr)
	        assert done.stdout == want, name
	EOT
}

@test "a size field that points to another member does not skip one" {
	py - <<-'EOT'
	from wdtest import *
	pieces = [text(40000, n) for n in range(8)]
	raws = [deflate(piece) for piece in pieces]
	out = b""
	for n, (piece, raw) in enumerate(zip(pieces, raws)):
	    # over the next member: header 20, data, trailer 8, header 20
	    skip = 28 + len(raws[n + 1]) if n in (1, 4) else 0
	    out += sized("MZ", piece, lambda size: size + skip, raw=raw)
	write("want", b"".join(pieces))
	write("a.gz", out)
	EOT
	both a.gz
}

@test "a size field that points into stored data with a false header is a hint" {
	py - <<-'EOT'
	from wdtest import *
	fake = sized("MZ", b"fake " * 1000)
	data = noise(5000) + fake + noise(5000)
	raw = stored(data)
	at = raw.index(fake)
	out = sized("MZ", data, lambda size: at - 8, raw=raw)
	out += sized("MZ", text(50000))
	write("want", data + text(50000))
	write("a.gz", out)
	EOT
	both a.gz
}

@test "a wrong CRC in a sized member is found, whatever the threads" {
	py - <<-'EOT'
	from wdtest import *
	pieces = [text(40000, n) for n in range(8)]
	out = b""
	for n, piece in enumerate(pieces):
	    m = bytearray(sized("QZ", piece))
	    if n == 5:
	        m[-8] ^= 1
	    out += m
	write("want", b"".join(pieces))
	write("a.gz", out)
	EOT
	fails a.gz
	try wdunzip -p3 -c a.gz
	err_line "wdunzip: a.gz: invalid compressed data--crc error"
	err_like "wdunzip: a.gz: member 6, byte [0-9]+(: .+)?"
}

@test "a wrong length in a sized member is found, whatever the threads" {
	py - <<-'EOT'
	from wdtest import *
	pieces = [text(40000, n) for n in range(8)]
	out = b""
	for n, piece in enumerate(pieces):
	    m = bytearray(sized("BC", piece))
	    if n == 3:
	        m[-4] ^= 1
	    out += m
	write("want", b"".join(pieces))
	write("a.gz", out)
	EOT
	fails a.gz
	try wdunzip -p3 -c a.gz
	err_line "wdunzip: a.gz: invalid compressed data--length error"
}

@test "sized members followed by zeros or garbage get gzip's verdict" {
	py - <<-'EOT'
	from wdtest import *
	data = b"".join(sized("QZ", text(40000, n)) for n in range(8))
	write("zeros.gz", data + bytes(1000))
	write("junk.gz", data + b"junkjunk")
	write("one.gz", data + b"x")
	EOT
	for p in 1 3; do
		for name in zeros junk one; do
			status=0
			gzip -dc $name.gz >want 2>/dev/null || status=$?
			expected=$status
			try wdunzip -p$p -c $name.gz
			status_is "$expected"
			same "$OUT" want
		done
	done
}

@test "an extra field that is not made of subfields is no reason to fail" {
	py - <<-'EOT'
	from wdtest import *
	data = text(50000)
	out = b""
	for extra in (b"", b"x", b"QZ", b"QZ\xff\xff1234", b"MZ\x04", b"BC\x02\0\0",
	              b"MZ\4\0\1\0\0", bytes(65535), noise(5000),
	              subfield("MZ", b"") * 100, subfield("BC", b"\1\2\3")):
	    out += member(data, extra=extra)
	write("want", data * 11)
	write("a.gz", out)
	EOT
	[ "$(gzip -dc a.gz | wc -c)" -eq 550000 ]
	both a.gz
}

# ---- headers ----

@test "headers with every combination of fields are read" {
	py - <<-'EOT'
	from wdtest import *
	out = want = b""
	for n in range(16):
	    data = text(1000, n)
	    want += data
	    out += member(data, name=b"name" if n & 1 else None,
	                  comment=b"a comment\nof two lines" if n & 2 else None,
	                  hcrc=bool(n & 4),
	                  extra=subfield("AB", b"12") + subfield("CD", b"")
	                  if n & 8 else None, flags=FTEXT if n % 3 else 0,
	                  xfl=n, os=n, mtime=n * 1000)
	write("want", want)
	write("a.gz", out)
	EOT
	both a.gz
}

@test "very long names and comments are read" {
	py - <<-'EOT'
	from wdtest import *
	data = text(1000)
	write("want", data * 2)
	write("a.gz", member(data, name=b"n" * 70000, comment=b"c" * 300000) +
	      member(data, name=b"n" * 1000000, extra=bytes(65535)))
	EOT
	both a.gz
}

@test "a wrong header CRC is an error, as for gzip" {
	py - <<-'EOT'
	from wdtest import *
	data = bytearray(member(b"hello", name=b"n", hcrc=True))
	data[4] ^= 1
	write("a.gz", data)
	EOT
	gzip -t a.gz 2>/dev/null && skip "this gzip does not check it"
	try wdunzip -c a.gz
	status_is 1
}

@test "reserved header flags are refused, as by gzip" {
	py - <<-'EOT'
	from wdtest import *
	for flag in (32, 64, 128):
	    data = bytearray(member(b"hello"))
	    data[3] |= flag
	    write("f%d.gz" % flag, data)
	EOT
	for flag in 32 64 128; do
		run ! gzip -t f$flag.gz
		try wdunzip f$flag.gz
		status_is 1
		there f$flag.gz
		gone f$flag
	done
}

# ---- odd, but right ----

@test "100000 empty members are read" {
	py -c '
from wdtest import *
write("a.gz", member(b"") * 100000 + member(b"end"))'
	printf end >want
	both a.gz
}

@test "100000 empty members with size fields are read" {
	py -c '
from wdtest import *
write("a.gz", sized("MZ", b"") * 50000 + BGZF_EOF * 50000 + member(b"end"))'
	printf end >want
	both a.gz
}

@test "members of one byte each are read" {
	py -c '
from wdtest import *
data = text(3000)
write("want", data)
write("a.gz", b"".join(member(data[n:n + 1]) for n in range(3000)))'
	both a.gz
}

@test "members are found wherever buffers end" {
	# A header at every offset around powers of two.
	py - <<-'EOT'
	from wdtest import *
	out, want = b"", b""
	for base in (32768, 65536, 131072, 262144):
	    for shift in range(-12, 13):
	        pad = noise(base - 40 + shift)
	        out += member(pad, raw=stored(pad)) + member(b"tail")
	        want += pad + b"tail"
	write("want", want)
	write("a.gz", out)
	EOT
	both a.gz
}

@test "a chunked file between plain ones and sized ones is read" {
	make text 300K >t
	{ gzip -c t; wdzip -b 64K -c t; wdzip --members=mz -b 64K -c t
	  wdzip -b 32K -c t; gzip -nc </dev/null; } >a.gz
	cat t t t t >want
	both a.gz
}

@test "zeros between members are trailing garbage, as for gzip" {
	make text 1000 >t
	{ gzip -c t; printf '\0\0\0\0'; gzip -c t; } >a.gz
	expected=0
	gzip -dc a.gz >want 2>/dev/null || expected=$?
	for p in 1 3; do
		try wdunzip -p$p -c a.gz
		status_is $expected
		same "$OUT" want
	done
}

@test "garbage behind chunks and members gets gzip's verdict" {
	make mixed 300K >t
	wdzip -b 64K -c t >chunks.gz
	cat chunks.gz chunks.gz >two.gz
	for name in chunks two; do
		for tail in 'x' 'xy' '\x1f' '\x1f\x8b' '\x1f\x8b\x08' '\0' '\0\0\0x' \
			'\x1f\x8c' '\x1f\x8b\x07\0\0\0\0\0\0\0\0\0'; do
			{ cat $name.gz; printf "$tail"; } >a.gz
			expected=0
			gzip -dc a.gz >want 2>/dev/null || expected=$?
			for p in 1 3; do
				try wdunzip -p$p -c a.gz
				echo "$name $tail -p$p"
				status_is $expected
				same "$OUT" want
			done
		done
	done
}

@test "zlib data behind gzip data is garbage" {
	py -c '
from wdtest import *
write("want", b"hello")
write("a.gz", member(b"hello") + zlib.compress(b"hello"))'
	try wdunzip -c a.gz
	status_is 2
	same "$OUT" want
}

@test "distances that reach before the data are errors" {
	py - <<-'EOT'
	from wdtest import *
	# A fixed block: literal, then a match with a distance of 32768.
	bits = []

	def put(value, count, msb_first=False):
	    order = range(count - 1, -1, -1) if msb_first else range(count)
	    bits.extend(value >> n & 1 for n in order)

	put(1, 1)                       # final
	put(1, 2)                       # fixed codes
	put(0x30 + 65, 8, True)         # "A"
	put(1, 7, True)                 # length 3
	put(29, 5, True)                # distances 24577 to 32768
	put(8191, 13)
	put(0, 7, True)                 # end
	raw = bytes(sum(bit << n for n, bit in enumerate(bits[at:at + 8]))
	            for at in range(0, len(bits), 8))
	write("want", b"A")
	write("a.gz", member(b"A\0\0\0", raw=raw))
	EOT
	fails a.gz
}

@test "blocks without an end are errors" {
	py - <<-'EOT'
	from wdtest import *
	data = text(50000)
	write("want", data)
	# no final block: the trailer is read as data
	z = zlib.compressobj(6, zlib.DEFLATED, -15)
	raw = z.compress(data) + z.flush(zlib.Z_SYNC_FLUSH)
	write("a.gz", member(data, raw=raw))
	write("b.gz", header() + raw)
	EOT
	for name in a b; do
		for p in 1 3; do
			try wdunzip -p$p -c $name.gz
			status_is 1
			# What follows the data may decode to something.
			cmp -n 50000 "$OUT" want
		done
	done
}

# ---- bombs ----

@test "a bomb is written out in bounded memory" {
	need_plain
	# 1 GiB of zeros in a megabyte.
	py - <<-'EOT'
	from wdtest import *
	chunk = chunked([bytes(16 << 20), b""], 9)[:-2]
	crc = 0
	for n in range(64):
	    crc = zlib.crc32(bytes(16 << 20), crc)
	write("bomb.gz", header() + chunk * 64 + stored(b"") +
	      struct.pack("<II", crc, 1 << 30))
	EOT
	py - <<-'EOT'
	import os, resource, subprocess
	for threads in ("-p1", "-p3"):
	    with open("bomb.gz", "rb") as f, open(os.devnull, "wb") as null:
	        subprocess.run(["wdunzip", threads], stdin=f, stdout=null,
	                       check=True)
	peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
	print("%d KiB" % peak)
	assert peak < 300 << 10, peak
	EOT
}

@test "a plain bomb without chunks is written out in bounded memory" {
	need_plain
	head -c 400000000 /dev/zero | gzip -1 >bomb.gz
	py - <<-'EOT'
	import os, resource, subprocess
	for threads in ("-p1", "-p3"):
	    with open("bomb.gz", "rb") as f, open(os.devnull, "wb") as null:
	        subprocess.run(["wdunzip", threads], stdin=f, stdout=null,
	                       check=True)
	peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
	print("%d KiB" % peak)
	assert peak < 300 << 10, peak
	EOT
}

@test "sized members that unpack to far more than they say stay in bounds" {
	py - <<-'EOT'
	from wdtest import *
	piece = bytes(16 << 20)
	m = sized("QZsrc", piece, lambda size: 1000)
	write("bomb.gz", m * 32)
	EOT
	[ "$(wdunzip -p3 -c bomb.gz | wc -c)" -eq 536870912 ]
}

@test "a size field of 4 GiB takes no memory for it" {
	need_plain
	py -c '
from wdtest import *
write("want", text(1000) * 2)
write("a.gz", sized("QZsrc", text(1000), lambda size: 0xffffffff) * 2)'
	try bash -c 'ulimit -v 2000000; exec wdunzip -p3 -c a.gz'
	status_is 0
	same "$OUT" want
}

@test "output that goes nowhere is no reason to be slow about a truncated file" {
	head -c 100000000 /dev/zero | gzip -1 | head -c 200000 >cut.gz
	try wdunzip -t cut.gz
	status_is 1
	fault_is wdunzip cut.gz "unexpected end of file"
}

@test "a distance that reaches back too far shows nothing of the file before" {
	py - <<-'EOT'
	from wdtest import *
	secret = b"".join(b"SECRET-%05d;" % n for n in range(30000))
	write("a.gz", member(secret))

	# A fixed block (RFC 1951, section 3.2.6): ten A, 258 bytes from 16485
	# bytes before, where there is nothing, and many B.
	bits = []
	def put(value, count):
	    bits.extend(value >> n & 1 for n in range(count))
	def code(value, count):
	    bits.extend(value >> n & 1 for n in reversed(range(count)))
	put(1, 1), put(1, 2)
	for n in range(10):
	    code(0x30 + 0x41, 8)
	code(0xc0 + 285 - 280, 8), code(28, 5), put(100, 13)
	for n in range(2000):
	    code(0x30 + 0x42, 8)
	code(0, 7)
	raw = bytes(sum(bit << i for i, bit in enumerate(bits[n:n + 8]))
	            for n in range(0, len(bits), 8))
	write("b.gz", member(b"", raw=raw))
	EOT
	for p in 1 3; do
		wdunzip -p$p -c a.gz >secret
		try wdunzip -p$p -c a.gz b.gz
		status_is 1
		fault_is wdunzip b.gz "invalid compressed data--format violated"
		tail -c +$(($(wc -c <secret) + 1)) "$OUT" >rest
		[ "$(wc -c <rest)" -le 10 ]
	done
}
