#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What happens to files: which are taken, what the new ones look like, and that
# nothing is lost when something goes wrong.

load common

prepare() {
	printf 'hello world\n' >f
	gzip -nc f >g.gz
}

nanoseconds() {
	py -c 'import os, sys; print(os.stat(sys.argv[1]).st_mtime_ns)' "$1"
}

# not_empty FILE: for wait_until.
not_empty() {
	[ -s "$1" ]
}

# big_input: a file that takes long to compress and costs no disk.
big_input() {
	truncate -s 40G big
}

# end_by SIGNAL COMMAND...: start it, wait for its output file, send the signal;
# $status is the status.
end_by() {
	local signal=$1 pid

	shift
	"${signals[@]}" default INT,TERM,HUP,QUIT "$@" 3>&- 2>"$ERR" &
	pid=$!
	pids+=("$pid")
	wait_until [ -e "$output" ]
	kill "-$signal" $pid
	status=0
	wait $pid || status=$?
}

# ---- what the new file looks like ----

@test "the mode of the file is kept in both directions" {
	for mode in 640 755 400 444 600; do
		chmod $mode f
		wdzip f
		[ "$(stat -c %a f.gz)" -eq $mode ]
		wdunzip f.gz
		[ "$(stat -c %a f)" -eq $mode ]
	done
}

@test "the umask does not change the mode" {
	chmod 666 f
	umask 077
	wdzip f
	[ "$(stat -c %a f.gz)" -eq 666 ]
}

@test "the modification time is kept to the nanosecond" {
	touch -d '2020-01-02 03:04:05.123456789' f
	before=$(nanoseconds f)
	wdzip f
	[ "$(nanoseconds f.gz)" -eq "$before" ]
	wdunzip f.gz
	[ "$(nanoseconds f)" -eq "$before" ]
}

@test "the access time is kept" {
	touch -ad '2020-01-02 03:04:05' f
	before=$(stat -c %X f)
	wdzip -k f
	[ "$(stat -c %X f.gz)" -eq "$before" ]
}

@test "owner and group are kept" {
	[ "$(id -u)" -eq 0 ] || skip "only root can give files away"
	chown 1234:2345 f || skip "cannot give files away here"
	wdzip f
	[ "$(stat -c %u:%g f.gz)" = 1234:2345 ]
	wdunzip f.gz
	[ "$(stat -c %u:%g f)" = 1234:2345 ]
}

@test "a group alone that differs is kept" {
	[ "$(id -u)" -eq 0 ] || skip "only root can give files away"
	chgrp 2345 f || skip "cannot give files away here"
	chmod 640 f
	wdzip f
	[ "$(stat -c %u:%g:%a f.gz)" = 0:2345:640 ]
	# A directory that gives its group to what is made in it.
	mkdir d
	chgrp 2345 d
	chmod g+s d
	mv f.gz d
	chgrp 0 d/f.gz
	wdunzip d/f.gz
	[ "$(stat -c %u:%g d/f)" = 0:0 ]
}

@test "a file of somebody else that can be read can be compressed" {
	[ "$(id -u)" -eq 0 ] || skip "only root can set this up"
	need_user
	chmod 644 f
	try as_user wdzip f
	status_is 0
	err_is
	[ "$(stat -c %u f.gz)" -eq 65534 ]
	gone f
}

@test "the output of -o has the mode of the input" {
	chmod 640 f
	wdzip -o out f
	[ "$(stat -c %a out)" -eq 640 ]
}

@test "the output of -o from standard input follows the umask" {
	umask 027
	wdzip -o out <f
	[ "$(stat -c %a out)" -eq 640 ]
}

@test "while it is written the output is nobody else's" {
	big_input
	output=big.gz
	"${signals[@]}" default TERM wdzip -1 big 3>&- 2>"$ERR" &
	pid=$!
	pids+=("$pid")
	wait_until [ -e big.gz ]
	mode=$(stat -c 0%a big.gz)
	kill -TERM $pid
	wait $pid || :
	[ $((mode & 077)) -eq 0 ]
}

@test "a time that gzip's header cannot hold is a warning" {
	touch -d '1931-01-01' f
	[ "$(stat -c %Y f)" -lt 0 ] || skip "no times before 1970 here"
	try wdzip -k f
	status_is 2
	err_is "wdzip: f: warning: file timestamp out of range for gzip format"
	py -c 'from wdtest import *; assert members(read("f.gz"))[0].mtime == 0'
}

@test "with -n a time that gzip's header cannot hold does not matter" {
	touch -d '1931-01-01' f
	try wdzip -n f
	status_is 0
	err_is
}

@test "a time after 2038 is kept" {
	touch -d '2050-01-01' f
	wdzip f
	py -c '
from wdtest import *
assert members(read("f.gz"))[0].mtime == 2524608000'
	[ "$(stat -c %Y f.gz)" -eq 2524608000 ]
}

# ---- which files are taken ----

@test "-f compresses what a symbolic link points to" {
	ln -s f link
	try wdzip -f link
	status_is 0
	there f
	gone link
	[ "$(gzip -dc link.gz)" = "hello world" ]
	[ ! -L link.gz ]
}

@test "-c reads what a symbolic link points to" {
	ln -s f link
	try wdzip -c link
	status_is 0
	[ "$(gzip -dc <"$OUT")" = "hello world" ]
}

@test "a symbolic link to nowhere is an error" {
	ln -s nowhere link
	try wdzip -f link
	status_is 1
	err_is "wdzip: link: No such file or directory"
}

@test "wdunzip refuses a symbolic link, too" {
	ln -s g.gz link.gz
	try wdunzip link.gz
	status_is 1
	err_is "wdunzip: link.gz: Too many levels of symbolic links"
	[ -L link.gz ]
	gone link
}

@test "-f compresses a file with several names and leaves the others" {
	ln f other
	try wdzip -f f
	status_is 0
	gone f
	same other <(gzip -dc f.gz)
}

@test "-k refuses a file with several names, as gzip" {
	ln f other
	try wdzip -k f
	status_is 2
	gone f.gz
}

@test "-c reads a file with several names" {
	ln f other
	try wdzip -c f
	status_is 0
}

@test "-f does not help set-user-ID and set-group-ID files" {
	for bit in u+s g+s; do
		chmod u-s,g-s f
		chmod $bit f
		try wdzip -f f
		status_is 2
		there f
		gone f.gz
	done
}

@test "-f compresses a sticky file" {
	chmod +t f 2>/dev/null && [ -k f ] || skip "cannot set the sticky bit here"
	try wdzip -f f
	status_is 0
	there f.gz
}

@test "-c reads set-user-ID and sticky files" {
	chmod u+s,+t f
	try wdzip -c f
	status_is 0
}

@test "-f does not compress a directory" {
	mkdir d
	try wdzip -f d
	status_is 2
	err_is "wdzip: d is a directory -- ignored"
}

@test "-f does not replace a FIFO" {
	mkfifo fifo
	try wdzip -f fifo
	status_is 2
	[ -p fifo ]
}

@test "a FIFO does not make -r wait" {
	mkdir top
	mkfifo top/fifo
	cp f top
	try wdzip -r top
	status_is 2
	err_is "wdzip: top/fifo is not a directory or a regular file - ignored"
	there top/f.gz
}

@test "-c reads a FIFO" {
	mkfifo fifo
	cat f >fifo 3>&- &
	pids+=($!)
	try wdzip -c fifo
	status_is 0
	[ "$(gzip -dc <"$OUT")" = "hello world" ]
}

@test "a device is not replaced" {
	try wdzip /dev/null
	status_is 2
	err_is "wdzip: /dev/null is not a directory or a regular file - ignored"
	[ -c /dev/null ]
}

@test "-c reads a device" {
	try wdzip -c /dev/null
	status_is 0
	[ "$(gzip -dc <"$OUT" | wc -c)" -eq 0 ]
}

@test "an unreadable directory is an error with -r" {
	need_user
	mkdir top
	chmod 0 top
	try as_user wdzip -r top
	chmod 755 top
	status_is 1
	err_is "wdzip: top: Permission denied"
}

@test "a read-only directory keeps everything as it was" {
	need_user
	mkdir ro
	cp g.gz ro
	chmod 555 ro
	try as_user wdunzip ro/g.gz
	chmod 755 ro
	status_is 1
	err_is "wdunzip: ro/g: Permission denied"
	there ro/g.gz
	gone ro/g
}

@test "a read-only directory can be read with -c" {
	need_user
	mkdir ro
	cp g.gz ro
	chmod 555 ro
	try as_user wdunzip -c ro/g.gz
	chmod 755 ro
	status_is 0
	out_is "hello world"
}

# ---- names ----

@test "names with blanks and line breaks work" {
	for name in 'with blank' $'new\nline' ' ' $'\t' "quote'\""; do
		cp f "$name"
		try wdzip -- "$name"
		status_is 0
		there "$name.gz"
		gone "$name"
		try wdunzip -- "$name.gz"
		status_is 0
		same "$name" f
	done
}

@test "a name that begins with a dash works after --" {
	cp f ./-9
	try wdzip -- -9
	status_is 0
	there ./-9.gz
	try wdunzip ./-9.gz
	same ./-9 f
}

@test "a name that is no UTF-8 works" {
	name=$'caf\xe9'
	cp f "$name"
	try wdzip "$name"
	status_is 0
	there "$name.gz"
	try wdunzip -N "$name.gz"
	same "$name" f
}

@test "a name of 252 bytes, the longest that leaves room for .gz, works" {
	name=$(printf 'n%.0s' {1..252})
	cp f "$name"
	try wdzip "$name"
	status_is 0
	there "$name.gz"
	try wdunzip "$name.gz"
	status_is 0
	same "$name" f
}

@test "a name of 255 bytes leaves no room for .gz: an error, and the file stays" {
	name=$(printf 'n%.0s' {1..255})
	cp f "$name"
	try wdzip "$name"
	status_is 1
	err_like "wdzip: n+(\.gz)?: File name too long"
	same "$name" f
	[ "$(find . -name '*.gz' | wc -l)" -eq 1 ]	# g.gz
}

@test "a path in a deep directory works" {
	deep=$(printf 'directory%.0s/' {1..100})
	mkdir -p "$deep"
	cp f "$deep"
	try wdzip "${deep}f"
	status_is 0
	there "${deep}f.gz"
}

# ---- the operand - ----

@test "- is standard input, and stands between files" {
	echo one >first
	echo two >last
	try_in f wdzip -c first - last
	status_is 0
	[ "$(gzip -dc <"$OUT")" = $'one\nhello world\ntwo' ]
}

@test "- among files that are replaced goes to standard output" {
	echo one >first
	try_in f wdzip first -
	status_is 0
	there first.gz
	gone first
	[ "$(gzip -dc <"$OUT")" = "hello world" ]
}

@test "- decompresses standard input" {
	try_in g.gz wdunzip - g.gz
	status_is 0
	out_is "hello world"
	there g
}

@test "- may be repeated; the second finds the end of the input" {
	cat f | wdzip -c - - >out
	[ "$(gzip -dc out)" = "hello world" ]
	[ "$(py -c 'from wdtest import *; print(len(members(read("out"))))')" -eq 2 ]
}

@test "a file called - is ./-" {
	cp f ./-
	try wdzip ./-
	status_is 0
	there ./-.gz
}

# ---- nothing is lost ----

@test "corrupt input is left alone and the partial output removed" {
	make text 3M | gzip -c >t.gz
	truncate -s -100000 t.gz
	cp t.gz before
	try wdunzip t.gz
	status_is 1
	same t.gz before
	gone t
}

@test "a wrong CRC leaves the input alone and removes the output" {
	py -c 'from wdtest import *; write("bad.gz", member(b"hello", crc=1))'
	try wdunzip bad.gz
	status_is 1
	there bad.gz
	gone bad
}

@test "a wrong CRC in the last of many members removes the output" {
	py -c '
from wdtest import *
write("bad.gz", member(text(100000)) * 20 + member(b"hello", crc=1))'
	try wdunzip bad.gz
	status_is 1
	there bad.gz
	gone bad
}

@test "with -f corrupt input is left alone, too" {
	head -c 20 g.gz >cut.gz
	echo precious >cut
	try wdunzip -f cut.gz
	status_is 1
	there cut.gz
}

@test "SIGINT removes the partial output, keeps the input and ends by itself" {
	big_input
	output=big.gz
	end_by INT wdzip big
	[ "$status" -eq 130 ]
	there big
	gone big.gz
	[ "$(stat -c %s big)" -eq 42949672960 ]
}

@test "SIGTERM removes the partial output, keeps the input and ends by itself" {
	big_input
	output=big.gz
	end_by TERM wdzip -p3 big
	[ "$status" -eq 143 ]
	there big
	gone big.gz
}

@test "SIGHUP removes the partial output, keeps the input and ends by itself" {
	big_input
	output=big.gz
	end_by HUP wdzip -p1 big
	[ "$status" -eq 129 ]
	there big
	gone big.gz
}

@test "a signal removes the partial output of decompression" {
	# One member of 2 GiB of zeros, made of a repeated chunk.
	py - <<-'EOT'
	from wdtest import *
	chunk = chunked([bytes(16 << 20), b""], 9)[:-2]
	with open("big.gz", "wb") as out:
	    out.write(header())
	    for n in range(2000):
	        out.write(chunk)
	EOT
	cp big.gz before.gz
	output=big
	end_by TERM wdunzip big.gz
	[ "$status" -eq 143 ]
	same big.gz before.gz
	gone big
}

@test "a signal removes what -o writes from a pipe" {
	mkfifo fifo
	output=out
	cat /dev/zero >fifo 2>/dev/null 3>&- &
	pids+=($!)
	end_by TERM sh -c 'exec wdzip -b 64K -o out <fifo'
	[ "$status" -eq 143 ]
	gone out
}

@test "a signal while many files are done keeps the complete ones" {
	for n in {1..20}; do
		cp f small$n
	done
	big_input
	output=big.gz
	end_by TERM wdzip small* big
	[ "$status" -eq 143 ]
	gone big.gz
	there big
	for n in {1..20}; do
		there small$n.gz
		gone small$n
	done
}

@test "a signal that was ignored stays ignored" {
	mkfifo fifo
	"${signals[@]}" ignore INT,HUP sh -c 'exec wdzip -b 64K -o out <fifo' 3>&- &
	pid=$!
	pids+=("$pid")
	exec 4>fifo
	head -c 20000000 /dev/zero >&4
	wait_until [ -e out ]
	kill -INT $pid
	kill -HUP $pid
	exec 4>&-
	status=0
	wait $pid || status=$?
	[ "$status" -eq 0 ]
	[ "$(gzip -dc out | wc -c)" -eq 20000000 ]
}

@test "a file size limit removes the output and keeps the input" {
	make noise 3M >n
	status=0
	(ulimit -f 100; helper signals default XFSZ wdzip n) 2>"$ERR" || status=$?
	[ "$status" -eq 153 ] || status_is 1
	there n
	gone n.gz
}

@test "with SIGXFSZ ignored a file size limit is an error" {
	make noise 3M >n
	status=0
	(ulimit -f 100; helper signals ignore XFSZ wdzip n) 2>"$ERR" || status=$?
	status_is 1
	err_is "" "wdzip: n.gz: File too large"
	there n
	gone n.gz
}

@test "a file size limit keeps the input of wdunzip" {
	make noise 3M | gzip -c >n.gz
	status=0
	(ulimit -f 100; helper signals default XFSZ wdunzip n.gz) 2>"$ERR" || status=$?
	[ "$status" -eq 153 ] || status_is 1
	there n.gz
	gone n
}

@test "-o with the input itself is refused, and the input is intact" {
	cp f before
	try wdzip -fo f f
	status_is 1
	same f before
	try wdzip -o ./f f
	[ "$status" -ne 0 ]
	same f before
}

@test "-o with another name of the input is refused, and the input is intact" {
	ln f other
	try wdzip -fo other f
	status_is 1
	same other <(echo hello world)
	ln -s f link
	try wdzip -fo link f
	there f
	same f <(echo hello world)
}

@test "wdunzip -o with the input itself is refused, and the input is intact" {
	cp g.gz before
	try wdunzip -fo g.gz g.gz
	status_is 1
	same g.gz before
}

@test "standard output that is the input does not grow for ever" {
	cp f before
	timeout 600 wdzip -c f >>f 2>"$ERR" || status=$?
	[ "${status-0}" -ne 124 ]
	head -c 12 f | cmp - before
}

@test "an existing output that is a directory is not touched" {
	mkdir f.gz
	try wdzip f
	[ "$status" -ne 0 ]
	there f
	[ -d f.gz ]
	try wdzip -f f
	[ "$status" -ne 0 ]
	there f
	[ -d f.gz ]
}

@test "an existing output that is a symbolic link is not followed" {
	echo precious >target
	ln -s target f.gz
	try wdzip f
	status_is 2
	[ "$(cat target)" = precious ]
	try wdzip -f f
	status_is 0
	[ "$(cat target)" = precious ]
	[ ! -L f.gz ]
}

@test "a file that vanishes between others is an error, and the rest is done" {
	cp f 1
	cp f 3
	try wdzip 1 2 3
	status_is 1
	there 1.gz 3.gz
}

@test "the same file twice is compressed once" {
	try wdzip f f
	status_is 1
	err_is "wdzip: f: No such file or directory"
	there f.gz
}

@test "--synchronous writes the same and removes the input" {
	make text 300K >t
	wdzip -k t
	mv t.gz want.gz
	try wdzip --synchronous t
	status_is 0
	err_is
	same t.gz want.gz
	gone t
	try wdunzip --synchronous t.gz
	status_is 0
	there t
}

@test "--synchronous brings the file to the disk before the input is removed" {
	need strace
	try strace -f -e trace=fsync,fdatasync,unlink,unlinkat -o trace \
		wdzip --synchronous f
	grep -q ptrace "$ERR" && skip "cannot trace here"
	status_is 0
	py - <<-'EOT'
	import re
	calls = re.findall(r"(f(?:data)?sync|unlink(?:at)?)\((.*)", open("trace").read())
	# A sanitizer removes files of its own.
	calls = [name for name, args in calls if "sync" in name or '"f"' in args]
	assert "sync" in calls[0] and any("unlink" in c for c in calls), calls
	EOT
}

@test "no other file appears beside the output" {
	mkdir d
	cp f d
	wdzip --verify d/f
	[ "$(ls d)" = f.gz ]
}

@test "file descriptors do not leak over many files" {
	for n in {1..100}; do
		cp f "many$n"
	done
	(ulimit -n 32; wdzip many*)
	[ "$(find . -name 'many*.gz' | wc -l)" -eq 100 ]
	(ulimit -n 32; wdunzip many*.gz)
	[ "$(find . -name 'many*.gz' | wc -l)" -eq 0 ]
}

# ---- directories that contain themselves ----

@test "-r does not follow a link to a directory it is in" {
	mkdir -p d/e
	echo hi >d/e/f
	ln -s .. d/e/up
	ln -s . d/e/self
	try wdzip -rc d
	[ "$status" -eq 1 ]
	gzip -dc "$OUT" | cmp - <(echo hi)
	err_line "wdzip: d/e/self: Too many levels of symbolic links"
	try wdzip -rkf d
	[ "$status" -eq 1 ]
	[ "$(find d -type f | wc -l)" -eq 2 ]
}
