#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Exit statuses and the number of bytes written: gzip's, case by case.  First
# what decompression makes of well and badly formed input, then what happens
# to files.

load common

# hello.gz has 12 bytes of data in one member of 32 bytes.
prepare() {
	printf 'hello world\n' >hello
	gzip -nc hello >hello.gz
}

# decode STATUS SIZE: in.gz gives this, from standard input and by name.
decode() {
	try_in in.gz wdunzip -c
	status_is "$1"
	out_size "$2"
	try_in in.gz wdzip -d
	status_is "$1"
	out_size "$2"
	try wdzcat in.gz
	status_is "$1"
	out_size "$2"
	try_in in.gz wdunzip -t
	status_is "$1"
	out_size 0
}

@test "one member gives its data and status 0" {
	cp hello.gz in.gz
	decode 0 12
}

@test "two members give the data of both and status 0" {
	cat hello.gz hello.gz >in.gz
	decode 0 24
}

@test "four zero bytes after the member are padding: status 0" {
	{ cat hello.gz; printf '\0\0\0\0'; } >in.gz
	decode 0 12
}

@test "one zero byte after the member is padding: status 0" {
	{ cat hello.gz; printf '\0'; } >in.gz
	decode 0 12
}

@test "a megabyte of zero bytes after the member is padding: status 0" {
	{ cat hello.gz; head -c 1048576 /dev/zero; } >in.gz
	decode 0 12
}

@test "junk after the member is a warning: all data, status 2" {
	{ cat hello.gz; printf 'junkjunk'; } >in.gz
	decode 2 12
}

@test "two bytes of junk after the member are a warning: status 2" {
	{ cat hello.gz; printf 'xy'; } >in.gz
	decode 2 12
}

@test "a zero byte and junk after the member are a warning: status 2" {
	{ cat hello.gz; printf '\0\0x'; } >in.gz
	decode 2 12
}

@test "a single byte after the member could have been a magic number: status 1" {
	{ cat hello.gz; printf 'x'; } >in.gz
	decode 1 12
}

@test "a lone 1f after the member is a truncated one: status 1" {
	{ cat hello.gz; printf '\x1f'; } >in.gz
	decode 1 12
}

@test "1f 8b after the member is a truncated one: status 1" {
	{ cat hello.gz; printf '\x1f\x8b'; } >in.gz
	decode 1 12
}

@test "a truncated member gives what there is and status 1" {
	head -c 20 hello.gz >in.gz
	decode 1 9
}

@test "a member that lacks only its trailer gives all data and status 1" {
	head -c 24 hello.gz >in.gz
	decode 1 12
}

@test "a member that lacks only the last byte gives all data and status 1" {
	head -c 31 hello.gz >in.gz
	decode 1 12
}

@test "empty input gives nothing and status 1" {
	: >in.gz
	decode 1 0
}

@test "a wrong CRC gives all data and status 1" {
	py - <<-'EOT'
	from wdtest import *
	data = read("hello")
	write("in.gz", member(data, crc=0x12345678))
	EOT
	decode 1 12
}

@test "a wrong length gives all data and status 1" {
	py - <<-'EOT'
	from wdtest import *
	data = read("hello")
	write("in.gz", member(data, isize=13))
	EOT
	decode 1 12
}

@test "text in place of compressed data gives nothing and status 1" {
	cp hello in.gz
	decode 1 0
}

# ---- files ----

@test "an output file that exists is a warning, 2, and both files stay" {
	echo precious >hello.gz
	try wdzip hello
	status_is 2
	[ "$(cat hello)" = "hello world" ]
	[ "$(cat hello.gz)" = precious ]
}

@test "an output file that exists stops wdunzip too, with 2" {
	echo precious >hello
	cp hello.gz before.gz
	try wdunzip hello.gz
	status_is 2
	[ "$(cat hello)" = precious ]
	same hello.gz before.gz
}

@test "a missing input file is an error, 1" {
	try wdzip missing
	status_is 1
	gone missing missing.gz
}

@test "a missing input file is an error, 1, for wdunzip" {
	try wdunzip missing.gz
	status_is 1
	gone missing missing.gz
}

@test "-d on a .gz file that is none is an error, 1, and keeps it" {
	mv hello fake.gz
	try wdzip -d fake.gz
	status_is 1
	gone fake
	[ "$(cat fake.gz)" = "hello world" ]
}

@test "a directory is a warning, 2" {
	mkdir dir
	try wdzip dir
	status_is 2
	[ -d dir ]
	gone dir.gz
}

@test "a symbolic link is an error, 1, and stays as it is" {
	ln -s hello link
	try wdzip link
	status_is 1
	[ -L link ]
	there hello
	gone link.gz
}

@test "a file with two names is a warning, 2, and stays as it is" {
	ln hello other
	try wdzip hello
	status_is 2
	there hello other
	[ "$(stat -c %h hello)" -eq 2 ]
}

@test "an unknown option is an error, 1, and nothing is done" {
	rm hello.gz
	try wdzip --no-such-option hello
	status_is 1
	there hello
	gone hello.gz
}

@test "a file that ends in .gz already is left alone, with status 0" {
	cp hello.gz before.gz
	try wdzip hello.gz
	status_is 0
	same hello.gz before.gz
	gone hello.gz.gz
}

@test "a full standard output is an error, 1, when compressing" {
	try sh -c 'exec wdzip -c hello >/dev/full'
	status_is 1
	there hello
}

@test "a full standard output is an error, 1, when compressing much" {
	make noise 3M >big
	try sh -c 'exec wdzip -c big >/dev/full'
	status_is 1
	there big
}

@test "a full standard output is an error, 1, when decompressing" {
	try sh -c 'exec wdunzip -c hello.gz >/dev/full'
	status_is 1
	there hello.gz
}

@test "a full standard output is an error, 1, when decompressing much" {
	make zeros 20M | gzip -1 >big.gz
	try sh -c 'exec wdunzip -c big.gz >/dev/full'
	status_is 1
	there big.gz
}

@test "a full standard output is an error, 1, when listing" {
	try sh -c 'exec wdzip -l hello.gz >/dev/full'
	status_is 1
}

@test "a full standard output is an error, 1, for --help" {
	try sh -c 'exec wdzip --help >/dev/full'
	status_is 1
}

@test "a full standard output is an error, 1, for --version" {
	try sh -c 'exec wdzip --version >/dev/full'
	status_is 1
}

@test "a closed standard output is an error, 1" {
	try sh -c 'exec wdzip -c hello >&-'
	status_is 1
}

@test "a closed standard input is an error, 1" {
	try sh -c 'exec wdzip -c <&-'
	status_is 1
}

@test "after compressing the input file is gone" {
	rm hello.gz
	try wdzip hello
	status_is 0
	gone hello
	there hello.gz
}

@test "after decompressing the input file is gone" {
	rm hello
	try wdunzip hello.gz
	status_is 0
	gone hello.gz
	[ "$(cat hello)" = "hello world" ]
}

# ---- several files ----

@test "the others are done when one file of several is missing, and 1 stays" {
	rm hello.gz
	cp hello again
	try wdzip hello missing again
	status_is 1
	there hello.gz again.gz
	gone hello again
}

@test "the others are done when one file of several is a directory, and 2 stays" {
	rm hello.gz
	cp hello again
	mkdir dir
	try wdzip hello dir again
	status_is 2
	there hello.gz again.gz dir
}

@test "an error outweighs a warning that comes after it" {
	mkdir dir
	try wdzip missing dir
	status_is 1
}

@test "an error outweighs a warning that came before it" {
	mkdir dir
	try wdzip dir missing
	status_is 1
}

@test "a corrupt file gives 1 and is kept, and the good one before it is done" {
	cp hello.gz one.gz
	py -c 'from wdtest import *; write("two.gz", member(b"x", crc=0))'
	try wdunzip one.gz two.gz
	status_is 1
	there one two.gz
	gone one.gz two
}

@test "-t goes on after a corrupt file, and 1 stays" {
	cp hello.gz three.gz
	py -c 'from wdtest import *; write("two.gz", member(b"x", crc=0))'
	try wdunzip -tv two.gz three.gz
	status_is 1
	err_line $'three.gz:\t OK'
}

@test "-c writes the good ones of several files and keeps the worst status" {
	try wdunzip -c hello.gz missing.gz hello.gz
	status_is 1
	out_size 24
}

# ---- pipes ----

@test "a reader that goes away early ends wdunzip by SIGPIPE" {
	head -c 20000000 /dev/zero | gzip -1 >zeros.gz
	status=0
	helper signals default PIPE bash -c '
		wdunzip -c zeros.gz | head -c 1 >/dev/null
		exit "${PIPESTATUS[0]}"' || status=$?
	[ "$status" -eq 141 ]
}

@test "a reader that goes away early ends wdzip by SIGPIPE" {
	make noise 3M >noise
	status=0
	helper signals default PIPE bash -c '
		wdzip -c noise | head -c 1 >/dev/null
		exit "${PIPESTATUS[0]}"' || status=$?
	[ "$status" -eq 141 ]
}

@test "a reader that goes away early is a warning, 2, if SIGPIPE is ignored" {
	head -c 20000000 /dev/zero | gzip -1 >zeros.gz
	status=0
	helper signals ignore PIPE bash -c '
		wdunzip -c zeros.gz 2>err | head -c 1 >/dev/null
		exit "${PIPESTATUS[0]}"' || status=$?
	[ "$status" -eq 2 ]
}

@test "with -q a reader that goes away early gives 2" {
	head -c 20000000 /dev/zero | gzip -1 >zeros.gz
	status=0
	helper signals default PIPE bash -c '
		wdunzip -cq zeros.gz 2>err | head -c 1 >/dev/null
		exit "${PIPESTATUS[0]}"' || status=$?
	[ "$status" -eq 2 ]
	[ ! -s err ]
}
