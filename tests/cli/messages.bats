#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The words of messages.  They are gzip's, so that scripts that look for them keep
# working; for corrupt data a line of our own may follow that tells where.

load common

prepare() {
	printf 'hello world\n' >f
	gzip -nc f >g.gz
}

# ---- files ----

@test "an existing output file is named, as not overwritten" {
	echo x >f.gz
	try wdzip f
	status_is 2
	err_is $'wdzip: f.gz already exists;\tnot overwritten'
}

@test "an existing output file is named when decompressing" {
	echo x >g
	try wdunzip g.gz
	status_is 2
	err_is $'wdunzip: g already exists;\tnot overwritten'
}

@test "-q does not hide that a file was not overwritten" {
	echo x >f.gz
	try wdzip -q f
	status_is 2
	err_is $'wdzip: f.gz already exists;\tnot overwritten'
}

@test "a file that has the suffix is named as unchanged" {
	try wdzip g.gz
	status_is 0
	err_is "wdzip: g.gz already has .gz suffix -- unchanged"
}

@test "each known suffix is named as it stands" {
	touch a.tgz b.taz c.Z d-z e-gz f.GZ h.z i_z
	try wdzip a.tgz b.taz c.Z d-z e-gz f.GZ h.z i_z
	status_is 0
	err_is "wdzip: a.tgz already has .tgz suffix -- unchanged" \
		"wdzip: b.taz already has .taz suffix -- unchanged" \
		"wdzip: c.Z already has .Z suffix -- unchanged" \
		"wdzip: d-z already has -z suffix -- unchanged" \
		"wdzip: e-gz already has -gz suffix -- unchanged" \
		"wdzip: f.GZ already has .GZ suffix -- unchanged" \
		"wdzip: h.z already has .z suffix -- unchanged" \
		"wdzip: i_z already has _z suffix -- unchanged"
}

@test "-q hides that a file has the suffix" {
	try wdzip -q g.gz
	status_is 0
	err_is
}

@test "-r meets files that have the suffix in silence" {
	mkdir dir
	mv g.gz dir
	try wdzip -r dir
	status_is 0
	err_is
}

@test "a missing file is named" {
	try wdzip missing
	status_is 1
	err_is "wdzip: missing: No such file or directory"
}

@test "a missing file is named with the suffix that was tried" {
	try wdunzip missing
	status_is 1
	err_is "wdunzip: missing.gz: No such file or directory"
}

@test "a missing file in a missing directory is named with its directory" {
	try wdunzip no/such/file.gz
	status_is 1
	err_is "wdunzip: no/such/file.gz: No such file or directory"
}

@test "-q does not hide a missing file" {
	try wdzip -q missing
	status_is 1
	err_is "wdzip: missing: No such file or directory"
}

@test "an unknown suffix is ignored with a warning" {
	try wdunzip f
	status_is 2
	err_is "wdunzip: f: unknown suffix -- ignored"
}

@test "with -q an unknown suffix is ignored without a word, with status 0" {
	try wdunzip -q f
	status_is 0
	err_is
	there f
}

@test "a file that is not gzip's is named after a blank line" {
	mv f f.gz
	try wdunzip f.gz
	status_is 1
	fault_is wdunzip f.gz "not in gzip format"
}

@test "standard input that is not gzip's is called stdin" {
	try_in f wdunzip
	status_is 1
	fault_is wdunzip stdin "not in gzip format"
}

@test "standard input that is not gzip's ends the run, as with gzip" {
	local option

	for option in -d -dc -t -l -dk; do
		try wdzip $option - g.gz <f
		status_is 1
		out_is
		fault_is wdzip stdin "not in gzip format"
		gone g
		there g.gz
	done
}

@test "wrong data in standard input does not end a test" {
	head -c 24 g.gz >broken
	printf 'xxxxxxxx' >>broken
	try wdzip -tv - g.gz <broken
	status_is 1
	err_line $'g.gz:\t OK'
}

@test "a zero byte alone is not in gzip format, and the next file is done" {
	printf '\0' >zero.gz
	as_gzip wdzip -t zero.gz g.gz
	as_gzip wdzip -dc zero.gz g.gz
}

@test "-lf calls what is too short a file of another format, and goes on" {
	: >empty
	printf x >byte
	as_gzip wdzip -lf empty byte g.gz
}

@test "-lf ignores a single byte after the data, with a warning" {
	printf x >>g.gz
	try wdzip -lf g.gz
	status_is 2
	fault_is wdzip g.gz "decompression OK, trailing garbage ignored"
}

@test "the totals of -l count as gzip's after a file that is none" {
	as_gzip wdzip -l g.gz g.gz f
	as_gzip wdzip -l f g.gz
}

@test "an empty name is looked for with a suffix, as by gzip" {
	as_gzip wdunzip ""
	as_gzip wdzip ""
	mv g.gz .gz
	as_gzip wdunzip -l ""
}

@test "a directory is ignored with a warning" {
	mkdir d
	try wdzip d
	status_is 2
	err_is "wdzip: d is a directory -- ignored"
}

@test "a directory is ignored with a warning by wdunzip" {
	mkdir d
	try wdunzip d
	status_is 2
	err_is "wdunzip: d is a directory -- ignored"
}

@test "-q hides the warning about a directory but not the status" {
	mkdir d
	try wdzip -q d
	status_is 2
	err_is
}

@test "a symbolic link is refused in the system's words" {
	ln -s f link
	try wdzip link
	status_is 1
	err_is "wdzip: link: Too many levels of symbolic links"
}

@test "a second name of a file is counted in the warning" {
	ln f other
	try wdzip f
	status_is 2
	err_is "wdzip: f has 1 other link -- file ignored"
}

@test "two more names of a file are counted in the plural" {
	ln f second
	ln f third
	try wdzip f
	status_is 2
	err_is "wdzip: f has 2 other links -- file ignored"
}

@test "a set-user-ID file is ignored with a warning" {
	chmod u+s f
	try wdzip f
	status_is 2
	err_is "wdzip: f is set-user-ID on execution - ignored"
}

@test "a set-group-ID file is ignored with a warning" {
	chmod g+s f
	try wdzip f
	status_is 2
	err_is "wdzip: f is set-group-ID on execution - ignored"
}

@test "a sticky file is ignored with a warning" {
	chmod +t f 2>/dev/null && [ -k f ] || skip "cannot set the sticky bit here"
	try wdzip f
	status_is 2
	err_is "wdzip: f has the sticky bit set - file ignored"
}

@test "a FIFO is ignored with a warning" {
	mkfifo fifo
	try wdzip fifo
	status_is 2
	err_is "wdzip: fifo is not a directory or a regular file - ignored"
}

@test "a file that may not be read is named in the system's words" {
	need_user
	chmod 0 f
	try as_user wdzip f
	status_is 1
	err_is "wdzip: f: Permission denied"
}

@test "an output that may not be created is the one that is named" {
	need_user
	mkdir ro
	mv f ro
	chmod 555 ro
	try as_user wdzip ro/f
	chmod 755 ro
	status_is 1
	err_is "wdzip: ro/f.gz: Permission denied"
}

@test "a name with a line break is shown on one line" {
	try wdzip $'new\nline'
	status_is 1
	err_is 'wdzip: new\012line: No such file or directory'
}

@test "a name with an escape sequence does not reach the terminal" {
	try wdzip $'\e[31mred'
	status_is 1
	err_is 'wdzip: \033[31mred: No such file or directory'
}

# ---- the command line ----

@test "an unknown long option is named, with the way to help" {
	try wdzip --frob f
	status_is 1
	err_is "wdzip: unrecognized option '--frob'" \
		"Try \`wdzip --help' for more information."
}

@test "an unknown short option is named, with the way to help" {
	try wdzip -Y f
	status_is 1
	err_is "wdzip: invalid option -- 'Y'" \
		"Try \`wdzip --help' for more information."
}

@test "level 0 is an unknown option" {
	try wdzip -0 f
	status_is 1
	err_is "wdzip: invalid option -- '0'" \
		"Try \`wdzip --help' for more information."
}

@test "wdunzip points to its own help" {
	try wdunzip -Y f
	status_is 1
	err_is "wdunzip: invalid option -- 'Y'" \
		"Try \`wdunzip --help' for more information."
}

@test "a short option without its argument is named" {
	try wdzip -S
	status_is 1
	err_is "wdzip: option requires an argument -- 'S'" \
		"Try \`wdzip --help' for more information."
}

@test "a long option without its argument is named" {
	try wdzip --suffix
	status_is 1
	err_is "wdzip: option '--suffix' requires an argument" \
		"Try \`wdzip --help' for more information."
}

@test "a long option with an argument it does not take is named" {
	try wdzip --keep=yes f
	status_is 1
	err_is "wdzip: option '--keep' doesn't allow an argument" \
		"Try \`wdzip --help' for more information."
}

@test "an abbreviation that fits several options is named" {
	try wdzip --ver f
	usage_error
	head -n 1 "$ERR" | grep -q "^wdzip: option '--ver' is ambiguous"
}

@test "an empty suffix is refused" {
	try wdzip -S '' f
	status_is 1
	err_is "wdzip: invalid suffix ''"
	there f
}

@test "a suffix of another directory is refused" {
	try wdzip -S a/b f
	status_is 1
	err_is "wdzip: invalid suffix 'a/b'"
}

@test "-a is ignored with a word about it" {
	try wdzip -ac f
	status_is 0
	err_is "wdzip: option --ascii ignored on this system"
}

@test "-q hides the word about -a" {
	try wdzip -aqc f
	status_is 0
	err_is
}

@test "-Z is refused" {
	try wdzip -Z f
	status_is 1
	err_is "wdzip: -Z not supported in this version" \
		"Try \`wdzip --help' for more information."
}

# ---- corrupt data ----

@test "a truncated file is named after a blank line" {
	head -c 20 g.gz >cut.gz
	try wdunzip cut.gz
	status_is 1
	fault_is wdunzip cut.gz "unexpected end of file"
}

@test "truncated standard input is called stdin" {
	head -c 20 g.gz >cut.gz
	try_in cut.gz wdunzip -c
	status_is 1
	fault_is wdunzip stdin "unexpected end of file"
}

@test "empty standard input has an unexpected end" {
	try wdunzip
	status_is 1
	fault_is wdunzip stdin "unexpected end of file"
}

@test "an empty file has an unexpected end" {
	: >empty.gz
	try wdunzip empty.gz
	status_is 1
	fault_is wdunzip empty.gz "unexpected end of file"
}

@test "a wrong CRC is called a crc error" {
	py -c 'from wdtest import *; write("bad.gz", member(b"hello", crc=1))'
	try wdunzip bad.gz
	status_is 1
	fault_is wdunzip bad.gz "invalid compressed data--crc error"
}

@test "a wrong CRC is told with member and byte" {
	py -c 'from wdtest import *; write("bad.gz",
		member(b"hello") + member(b"world", crc=1))'
	try wdunzip bad.gz
	place_is wdunzip bad.gz
	err_like "wdunzip: bad.gz: member 2, byte [0-9]+(: .+)?"
}

@test "a wrong length is called a length error" {
	py -c 'from wdtest import *; write("bad.gz", member(b"hello", isize=4))'
	try wdunzip bad.gz
	status_is 1
	err_line "wdunzip: bad.gz: invalid compressed data--length error"
	place_is wdunzip bad.gz
}

@test "impossible compressed data is called a violation of the format" {
	# Block type 3 does not exist.
	py -c 'from wdtest import *; write("bad.gz", member(b"hello", raw=b"\7\0\0"))'
	try wdunzip bad.gz
	status_is 1
	fault_is wdunzip bad.gz "invalid compressed data--format violated"
	place_is wdunzip bad.gz
}

@test "-q does not hide that data is corrupt" {
	py -c 'from wdtest import *; write("bad.gz", member(b"hello", crc=1))'
	try wdunzip -q bad.gz
	status_is 1
	err_line "wdunzip: bad.gz: invalid compressed data--crc error"
}

@test "-t names the file that is corrupt" {
	py -c 'from wdtest import *; write("bad.gz", member(b"hello", crc=1))'
	try wdunzip -t g.gz bad.gz
	status_is 1
	err_line "wdunzip: bad.gz: invalid compressed data--crc error"
	run ! grep -q g.gz "$ERR"
}

@test "a wrong CRC in standard input is told with member and byte" {
	py -c 'from wdtest import *; write("bad.gz", member(b"hello", crc=1))'
	try_in bad.gz wdunzip
	status_is 1
	err_line "wdunzip: stdin: invalid compressed data--crc error"
	place_is wdunzip stdin
}

@test "an unknown compression method is told" {
	py -c '
from wdtest import *
data = bytearray(member(b"hello"))
data[2] = 7
write("bad.gz", data)'
	try wdunzip bad.gz
	status_is 1
	err_line "wdunzip: bad.gz: unknown method 7 -- not supported"
}

@test "junk after the data is ignored with a warning" {
	printf junkjunk >>g.gz
	try wdunzip g.gz
	status_is 2
	fault_is wdunzip g.gz "decompression OK, trailing garbage ignored"
	[ "$(cat g)" = "hello world" ]
	gone g.gz
}

@test "-q hides the warning about junk but not the status" {
	printf junkjunk >>g.gz
	try wdunzip -cq g.gz
	status_is 2
	err_is
}

@test "zero bytes after the data are ignored in silence" {
	printf '\0\0\0\0' >>g.gz
	try wdunzip -c g.gz
	status_is 0
	err_is
}

@test "with -v zero bytes after the data are a warning" {
	printf '\0\0\0\0' >>g.gz
	try_in g.gz wdunzip -cv
	status_is 2
	fault_is wdunzip stdin "decompression OK, trailing zero bytes ignored"
}

# ---- writing ----

@test "a full output is told in the system's words" {
	try sh -c 'exec wdzip -c f >/dev/full'
	status_is 1
	err_is "" "wdzip: stdout: No space left on device"
}

@test "a full output is told in the system's words when decompressing" {
	try sh -c 'exec wdunzip -c g.gz >/dev/full'
	status_is 1
	err_is "" "wdunzip: stdout: No space left on device"
}

@test "a closed output is told in the system's words" {
	try sh -c 'exec wdunzip -c g.gz >&-'
	status_is 1
	err_is "" "wdunzip: stdout: Bad file descriptor"
}

@test "a closed input is told in the system's words" {
	try sh -c 'exec wdunzip -c <&-'
	status_is 1
	err_is "wdunzip: standard input: Bad file descriptor"
}

@test "a broken pipe is not worth a word if SIGPIPE is ignored" {
	head -c 20000000 /dev/zero | gzip -1 >zeros.gz
	helper signals ignore PIPE wdunzip -c zeros.gz 2>"$ERR" | head -c 1 >/dev/null || :
	err_is
}

# ---- terminals ----

@test "compressed data is not written to a terminal" {
	status=0
	helper terminal '!' wdzip >"$OUT" || status=$?
	status_is 1
	out_is "wdzip: compressed data not written to a terminal. Use -f to force compression." \
		"For help, type: wdzip -h"
}

@test "compressed data is not read from a terminal" {
	status=0
	helper terminal '!' wdunzip >"$OUT" || status=$?
	status_is 1
	out_is "wdunzip: compressed data not read from a terminal. Use -f to force decompression." \
		"For help, type: wdunzip -h"
}

@test "with -q compressed data is not read from a terminal either" {
	status=0
	helper terminal '!' wdunzip -q >"$OUT" || status=$?
	status_is 1
	out_is
}

@test "on a terminal the user is asked before a file is overwritten" {
	echo precious >f.gz
	status=0
	helper terminal 'n\n' wdzip f >"$OUT" || status=$?
	status_is 2
	out_is "wdzip: f.gz already exists; do you wish to overwrite (y or n)? n" \
		$'\tnot overwritten'
	[ "$(cat f.gz)" = precious ]
	there f
}

@test "on a terminal the answer y overwrites the file" {
	echo precious >f.gz
	status=0
	helper terminal 'y\n' wdzip f >"$OUT" || status=$?
	status_is 0
	out_is "wdzip: f.gz already exists; do you wish to overwrite (y or n)? y"
	[ "$(gzip -dc f.gz)" = "hello world" ]
	gone f
}

@test "in the background nobody is asked, and the file is kept" {
	py - <<-'EOT'
	from screen import *
	for name in "f", "f.gz":
	    with open(name, "w") as f:
	        f.write("as it was")
	screen = Screen(80)
	child = screen.start(["wdzip", "f"])
	assert child.wait() == 2
	while screen.look():
	    pass
	assert b"f.gz already exists;" in screen.raw and b"y or n" not in screen.raw
	with open("f.gz") as f:
	    assert f.read() == "as it was"
	EOT
	there f
}

@test "on a terminal an empty answer keeps the file" {
	echo precious >f.gz
	status=0
	helper terminal '\n' wdzip f >"$OUT" || status=$?
	status_is 2
	[ "$(cat f.gz)" = precious ]
}

@test "decompressed data goes to a terminal" {
	status=0
	helper terminal '!' wdunzip -c g.gz >"$OUT" || status=$?
	status_is 0
	out_is "hello world"
}

# ---- -v ----

@test "-v tells by how much a file shrank and what replaced it" {
	make text 20K >t
	try wdzip -v t
	status_is 0
	want=$(ratio 20480 "$(wc -c <t.gz)" $((10 + 2 + 8)))
	err_is "t:"$'\t'"$want -- replaced with t.gz"
}

@test "-kv tells what was created" {
	make text 20K >t
	try wdzip -kv t
	status_is 0
	want=$(ratio 20480 "$(wc -c <t.gz)" $((10 + 2 + 8)))
	err_is "t:"$'\t'"$want -- created t.gz"
}

@test "-cv tells that it went to standard output" {
	make text 20K >t
	try wdzip -cv t
	status_is 0
	want=$(ratio 20480 "$(wc -c <"$OUT")" $((10 + 2 + 8)))
	err_is "t:"$'\t'"$want -- replaced with stdout"
}

@test "-v without a file tells the ratio alone" {
	make text 20K >t
	try_in t wdzip -v
	status_is 0
	want=$(ratio 20480 "$(wc -c <"$OUT")" $((10 + 8)))
	err_is "$want"
}

@test "-v of empty input is 0.0%" {
	: >e
	try wdzip -v e
	status_is 0
	err_is "e:"$'\t'"  0.0% -- replaced with e.gz"
}

@test "-v of a file that grows has a negative ratio" {
	try wdzip -v f
	status_is 0
	want=$(ratio 12 "$(wc -c <f.gz)" $((10 + 2 + 8)))
	[ "${want:0:1}" = - ]
	err_is "f:"$'\t'"$want -- replaced with f.gz"
}

@test "-dv tells what replaced the file" {
	try wdunzip -v g.gz
	status_is 0
	err_is "g.gz:"$'\t'"-16.7% -- replaced with g"
}

@test "-dv without a file says nothing" {
	try_in g.gz wdunzip -v
	status_is 0
	err_is
}

@test "-tv says OK for each file" {
	cp g.gz h.gz
	try wdunzip -tv g.gz h.gz
	status_is 0
	err_is $'g.gz:\t OK' $'h.gz:\t OK'
	out_is
}

@test "-tv says OK for standard input" {
	try_in g.gz wdunzip -tv
	status_is 0
	err_is " OK"
}

@test "-v says nothing about files that are refused" {
	mkdir d
	try wdzip -v d
	status_is 2
	err_is "wdzip: d is a directory -- ignored"
}

@test "without -v success is silent" {
	try wdzip f
	out_is
	err_is
	try wdunzip f.gz
	out_is
	err_is
}
