#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What the output of -o may be beside a new file: a descriptor, a device, a file
# bound to its place.  And what must never be removed, whoever asks.

load common

# As root a fault of the tools could cost the links in /dev: whatever is run here has
# a /dev of its own, in a mount namespace that ends with it.
prepare() {
	make text 300000 >f
	gzip -c f >g.gz
	echo before >before
	REAL_PATH=$PATH
	if [ "$(id -u)" -eq 0 ]; then
		need unshare mknod
		own_dev true 2>/dev/null ||
			skip "no device nodes can be made in a mount namespace here"
		wrap wdzip wdunzip wdzcat
	fi
}

# shellcheck disable=SC2016
own_dev_script='
	set -e
	mount -t tmpfs -o mode=755 tmpfs /dev
	cd /dev
	mknod null c 1 3; mknod zero c 1 5; mknod full c 1 7; mknod disk b 7 0
	chmod 666 null zero full
	ln -s /proc/self/fd fd
	ln -s /proc/self/fd/0 stdin
	ln -s /proc/self/fd/1 stdout
	ln -s /proc/self/fd/2 stderr
	cd "$OLDPWD"
	exec "$@"'

# own_dev COMMAND...: run with a /dev of its own.
own_dev() {
	unshare -m sh -c "$own_dev_script" - "$@"
}

# wrap TOOL...: scripts that run the tools so.
wrap() {
	local tool bin=$BATS_TEST_TMPDIR/bin

	mkdir "$bin"
	printf '%s\n' "$own_dev_script" >"$bin/own_dev"
	for tool; do
		cat >"$bin/$tool" <<-EOT
		#!/bin/sh
		[ "\$(id -u)" -eq 0 ] || exec "$(command -v "$tool")" "\$@"
		exec unshare -m sh "$bin/own_dev" "$(command -v "$tool")" "\$@"
		EOT
	done
	chmod 755 "$bin"/wd*
	PATH=$bin:$PATH
}

# Each name of standard output; the last by a link of the user's.
names_of_stdout() {
	ln -sf /dev/stdout link
	ln -sf link further
	echo /dev/stdout /dev/fd/1 /proc/self/fd/1 /proc/thread-self/fd/1 \
		/dev//stdout /dev/../dev/fd/./1 link further
}

# private_dev COMMAND...: run all of it with one /dev of its own, whose beginning
# dev.before tells.
private_dev() {
	[ "$(id -u)" -eq 0 ] || skip "only root can make device nodes"
	# shellcheck disable=SC2016
	PATH=$REAL_PATH own_dev sh -c 'ls -l /dev >dev.before && exec "$@"' - "$@"
}

# in_namespace COMMAND...: in a mount namespace, as root of it.
in_namespace() {
	local how=(-m)

	need unshare
	[ "$(id -u)" -eq 0 ] || how=(-r -m)
	mkdir -p mnt
	unshare "${how[@]}" mount -t tmpfs tmpfs mnt 2>/dev/null ||
		skip "nothing can be mounted in a namespace of its own here"
	unshare "${how[@]}" "$@"
}

# ---- standard output by name ----

@test "-o /dev/stdout goes to standard output that is a file, from where it stands" {
	for name in $(names_of_stdout); do
		for force in "" -f; do
			# shellcheck disable=SC2086
			{ echo first; wdzip $force -o "$name" f; echo last; } >out
			head -n 1 out | grep -qx first
			tail -c 5 out | grep -qx last
			tail -c +7 out | head -c -5 | gzip -dc | cmp - f
			there f
		done
	done
}

@test "wdunzip -o /dev/stdout does the same" {
	for name in $(names_of_stdout); do
		{ echo first; wdunzip -o "$name" g.gz; echo last; } >out
		{ echo first; cat f; echo last; } | cmp - out
		there g.gz
	done
}

@test "-o /dev/stdout appends where standard output does" {
	for name in $(names_of_stdout); do
		cp before out
		wdunzip -fo "$name" g.gz >>out
		cat before f | cmp - out
	done
}

@test "-o with the file that is standard output writes to standard output" {
	{ echo first; wdunzip -o out g.gz; } >out
	{ echo first; cat f; } | cmp - out
	ln out other
	{ echo first; wdunzip -fo ./other g.gz; } >out
	{ echo first; cat f; } | cmp - out
	same other out
}

@test "-o /dev/stdout goes into a pipe, a FIFO and a socket" {
	for name in $(names_of_stdout); do
		wdunzip -fo "$name" g.gz | cmp - f
	done
	mkfifo fifo
	cat fifo >got 3>&- &
	pids+=($!)
	wdunzip -fo /dev/stdout g.gz >fifo
	wait $!
	same got f
	[ -p fifo ]
	py - <<-'EOT'
	import socket, subprocess
	for name in "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1":
	    a, b = socket.socketpair()
	    child = subprocess.Popen(["wdunzip", "-fo", name, "g.gz"], stdout=b)
	    b.close()
	    with a.makefile("rb") as f:
	        got = f.read()
	    assert child.wait() == 0
	    with open("f", "rb") as f:
	        assert got == f.read()
	EOT
}

@test "-o /dev/stderr and /dev/fd/7 are these descriptors" {
	{ echo first; wdunzip -fo /dev/stderr g.gz; } 2>out >&2
	{ echo first; cat f; } | cmp - out
	{ echo first >&7; wdunzip -fo /dev/fd/7 g.gz; echo last >&7; } 7>out
	{ echo first; cat f; echo last; } | cmp - out
	{ wdunzip -o /proc/self/fd/7 g.gz; } 7>>out
	{ echo first; cat f; echo last; cat f; } | cmp - out
}

@test "-o with a descriptor that is closed, or open for reading only, is an error" {
	try sh -c 'exec wdzip -fo /dev/fd/7 f 7>&-'
	status_is 1
	err_is "wdzip: /dev/fd/7: Bad file descriptor"
	for fd in 3 4 5 6 8 9; do
		try sh -c 'exec wdzip -fo /dev/fd/'$fd' f 3>&- 4>&- 5>&- 6>&- 8>&- 9>&-'
		status_is 1
		err_is "wdzip: /dev/fd/$fd: Bad file descriptor"
	done
	try sh -c 'exec wdzip -fo /dev/fd/7 f 7<before'
	status_is 1
	[ "$(cat before)" = before ]
	try sh -c 'exec wdzip -fo /dev/stdout f >&-'
	status_is 1
	err_like "wdzip: stdout: Bad file descriptor"
	status=0
	wdzip -fo /dev/stderr f 2>&- >"$OUT" || status=$?
	status_is 1
	status=0
	wdzip -fo /dev/stdin f <&- >"$OUT" 2>"$ERR" || status=$?
	status_is 1
	same f <(gzip -dc g.gz)
}

@test "-o /dev/stdout with the input as standard output is refused" {
	cp f copy
	for name in $(names_of_stdout) /dev/fd/7 ./f; do
		status=0
		wdzip -fo "$name" f >>f 7>>f 2>"$ERR" || status=$?
		status_is 1
		err_like "wdzip: (f|/dev/fd/7): input and output are the same file"
		same f copy
	done
}

@test "-o with the file that is read as standard input is refused" {
	cp g.gz copy
	for name in - /dev/stdin /proc/self/fd/0; do
		try_in g.gz wdunzip -fo g.gz "$name"
		status_is 1
		err_is "wdunzip: g.gz: input and output are the same file"
		try_in g.gz wdunzip -fo /dev/fd/0 "$name"
		status_is 1
		same g.gz copy
	done
}

@test "a full device is an error by each name of standard output" {
	for name in $(names_of_stdout); do
		status=0
		wdzip -fo "$name" f >/dev/full 2>"$ERR" || status=$?
		status_is 1
		err_like "wdzip: .*: No space left on device"
	done
}

@test "-o /dev/stdout with --verify is refused as -c is, and writes nothing" {
	for name in $(names_of_stdout); do
		cp before out
		status=0
		wdzip --verify -fo "$name" f >>out 2>"$ERR" || status=$?
		status_is 1
		err_like ".*: cannot be verified: standard output cannot be read back"
		same before out
	done
	cp before out
	status=0
	wdzip --verify -fo /dev/fd/7 f 7>>out 2>"$ERR" || status=$?
	status_is 1
	err_like ".*: cannot be verified: .*"
	same before out
}

@test "-o /dev/stdout passes on what is not compressed, as -c does" {
	wdunzip -fo /dev/stdout before | cmp - before
}

@test "-o /dev/stdout leaves the links in /dev alone, as root as well" {
	# shellcheck disable=SC2016
	private_dev bash -c '
		for name in /dev/stdout /dev/stderr /dev/fd/1 /dev/fd/7; do
			for to in out /dev/null; do
				rm -f out
				wdzip -fo $name f >$to 2>&1 7>&1 || exit
				[ $to = /dev/null ] || gzip -dc out | cmp - f || exit
			done
			rm -f out
			wdzip -fo $name f 2>&1 7>&1 | gzip -dc | cmp - f || exit
		done
		cd /dev
		wdzip -fo stdout "$OLDPWD/f" | gzip -dc | cmp - "$OLDPWD/f" || exit
		cd "$OLDPWD"
		ls -l /dev | diff dev.before -'
}

# ---- devices ----

@test "what fails before it gives a byte is told, whatever the output is" {
	gzip -c <f | head -c 12 >short.gz
	mkfifo pipe
	for out in /dev/null pipe new; do
		[ $out != pipe ] || cat pipe >came 3>&- &
		try wdunzip -o $out short.gz
		status_is 1
		grep -q 'short.gz: unexpected end of file' "$ERR"
		[ $out != pipe ] || wait $!
	done
	gone new
}

@test "a device is never removed, with -f or by whatever way" {
	cp f n
	# shellcheck disable=SC2016
	private_dev bash -c '
		mknod n.gz c 1 3 && ln -s /dev/null l.gz && cp f l && cp g.gz n2.gz &&
		mknod n2 c 1 3 && ln -s /dev/./null link
		wdzip -fo /dev/null f || exit
		wdzip -fo /dev/./null f || exit
		wdzip -fo link f || exit
		wdunzip -fo link g.gz || exit
		for command in "wdzip -f n" "wdzip -f l" "wdunzip -f n2.gz" \
			"wdzip -fk n" "wdzip n" "wdunzip -fk n2.gz"; do
			$command 2>err </dev/null && exit 1
			grep -q "not.*overwritten" err || exit
		done
		wdzip -f n.gz n2; wdunzip -f n.gz n2
		[ -c n.gz ] && [ -c n2 ] && [ -L l.gz ] && [ -L link ] &&
			cmp n f && cmp l f && cmp n2.gz g.gz &&
			ls -l /dev | diff dev.before -' 2>"$ERR"
}

@test "a disk that is the input is not written to" {
	# shellcheck disable=SC2016
	private_dev bash -c '
		exec 5</dev/disk || exit 77
		mknod disk b 7 0
		for name in /dev/disk disk; do
			wdzip -fo $name /dev/disk 2>err && exit 1
			grep "input and output are the same file" err || exit 1
		done
		[ -b /dev/disk ] && [ -b disk ]' || status=$?
	[ "${status-0}" -ne 77 ] || skip "there is no block device to try it on"
	[ "${status-0}" -eq 0 ]
}

@test "a FIFO or a socket that has the output's name stays" {
	mkfifo f.gz
	py -c 'import socket; socket.socket(socket.AF_UNIX).bind("g")'
	for command in "wdzip -f f" "wdunzip -f g.gz" "wdzip -fk f"; do
		# shellcheck disable=SC2086
		try $command
		status_is 1
		err_like ".* is not a regular file -- not overwritten"
	done
	[ -p f.gz ]
	[ -S g ]
	there f g.gz
	rm f.gz
	mkfifo fifo
	ln -s fifo f.gz
	try wdzip -f f
	status_is 1
	[ -p fifo ]
	[ -L f.gz ]
	# -o can write to a FIFO, but not to this.
	try wdunzip -fo g g.gz
	status_is 1
	[ -S g ]
}

@test "what -N restores cannot replace a FIFO" {
	cp f data
	wdzip data
	mv data.gz other.gz
	mkfifo data
	try wdunzip -fN other.gz
	status_is 1
	[ -p data ]
	there other.gz
}

# ---- standard input by name ----

@test "standard input by its names is read, and neither replaced nor removed" {
	for name in /dev/stdin /dev/fd/0 /proc/self/fd/0; do
		wdzip "$name" <f | gzip -dc | cmp - f
		wdzip -f "$name" <f | gzip -dc | cmp - f
		wdunzip "$name" <g.gz | cmp - f
		# shellcheck disable=SC2002
		cat g.gz | wdunzip -f "$name" | cmp - f
		wdzip -c "$name" <f | gzip -dc | cmp - f
		wdunzip -t "$name" <g.gz
		wdunzip -l "$name" <g.gz >"$OUT"
		wdzip -o out "$name" <f
		gzip -dc out | cmp - f
		rm out
		[ -e "$name" ]
	done
	there f g.gz
}

@test "standard input by name is read from where it stands, and if it is a socket" {
	{ head -c 5 >"$OUT"; wdzip -c /dev/stdin; } <f | gzip -dc >got
	tail -c +6 f | cmp - got
	py - <<-'EOT'
	import socket, subprocess
	a, b = socket.socketpair()
	child = subprocess.Popen(["wdunzip", "-c", "/dev/stdin"], stdin=b,
	                         stdout=subprocess.PIPE)
	b.close()
	with open("g.gz", "rb") as f:
	    a.sendall(f.read())
	a.close()
	with open("f", "rb") as f:
	    assert child.communicate()[0] == f.read()
	EOT
}

@test "-f does not remove the links of standard input, as root as well" {
	# shellcheck disable=SC2016
	private_dev bash -c '
		for name in stdin fd/0 ../dev/stdin ./stdin; do
			(cd /dev && wdzip -f $name <"$OLDPWD/f" >/dev/null 2>&1)
			wdzip -f /dev/$name <f >/dev/null 2>&1
		done
		ln -s /dev/stdin link
		wdzip -f link <f >/dev/null 2>&1
		[ -L link ] && [ -e f ] && ls -l /dev | diff dev.before -'
}

@test "a name of a descriptor that is not open is an error, not another file" {
	for fd in 3 4 5 6; do
		try sh -c 'exec wdzip -c before /dev/fd/'$fd' 3>&- 4>&- 5>&- 6>&-'
		status_is 1
		err_is "wdzip: /dev/fd/$fd: Bad file descriptor"
		gzip -dc "$OUT" | cmp - before
	done
}

# ---- bound to its place ----

@test "-f -o with a file that is mounted writes into it" {
	cp before real
	# shellcheck disable=SC2016
	in_namespace bash -c '
		echo old >place && mount --bind real place || exit 77
		wdzip -o place f 2>err </dev/null && exit 1
		grep -q "already exists" err && [ "$(cat real)" = before ] || exit 2
		wdunzip -fo place g.gz && cmp real f || exit 3
		wdunzip --verify --synchronous -fo place g.gz && cmp real f || exit 4
		wdzip --verify -fo place f && gzip -dc real | cmp - f || exit 5
		: | gzip >empty.gz
		wdunzip --verify -fo place empty.gz && [ ! -s real ] || exit 6
		umount place && [ "$(cat place)" = old ]'
}

@test "-f -o with a file in a directory that is not to be written to writes into it" {
	# Nothing here is run as root.
	PATH=$REAL_PATH
	need_user
	mkdir d
	echo old >d/out
	chmod 666 d/out
	chmod 755 d
	[ "$(id -u)" -eq 0 ] || chmod 555 d
	as_user wdunzip -fo d/out g.gz
	same d/out f
	[ "$(stat -c %a d/out)" -eq 666 ]
	as_user wdzip --verify -fo d/out f
	gzip -dc d/out | cmp - f
	# A new name is an error as before.
	try as_user wdzip -fo d/new f
	status_is 1
	err_is "wdzip: d/new: Permission denied"
	# In place of the input nothing is written into.
	cp f d/f
	echo old >d/f.gz
	chmod 666 d/f d/f.gz
	try as_user wdzip -f d/f
	status_is 1
	[ "$(cat d/f.gz)" = old ]
	same d/f f
	chmod 755 d
}

@test "a link in a directory that is not to be written to is not followed" {
	# Nothing here is run as root.
	PATH=$REAL_PATH
	need_user
	mkdir d
	echo precious >precious
	chmod 666 precious
	ln -s ../precious d/out
	chmod 755 d
	[ "$(id -u)" -eq 0 ] || chmod 555 d
	try as_user wdzip -fo d/out f
	status_is 1
	err_is "wdzip: d/out: Permission denied"
	[ "$(cat precious)" = precious ]
	chmod 755 d
}

@test "a file that is written in place keeps its content until there is something new" {
	cp before real
	head -c 1000 g.gz >cut.gz
	# shellcheck disable=SC2016
	in_namespace bash -c '
		touch place && mount --bind real place || exit 77
		wdunzip -fo place before 2>err && exit 1
		[ "$(cat real)" = before ] && ! grep -q "not complete" err || exit 2
		wdzip -fo place /dev/fd/33 2>err && exit 3
		[ "$(cat real)" = before ] || exit 4
		wdzip -fo place place 2>err && exit 5
		grep -q "same file" err && [ "$(cat real)" = before ]'
}

@test "a file that is written in place is said to be incomplete after an error" {
	cp before real
	make noise 300000 | gzip | head -c 200000 >cut.gz
	# shellcheck disable=SC2016
	in_namespace bash -c '
		touch place && mount --bind real place || exit 77
		wdunzip -fo place cut.gz 2>err && exit 1
		grep "^wdunzip: place is not complete: it could not be replaced" err || exit 2
		[ -e place ]'
}

@test "a file that is written in place is said to be incomplete after a signal" {
	cp before real
	mkfifo fifo
	# shellcheck disable=SC2016
	in_namespace bash -c '
		touch place && mount --bind real place || exit 77
		exec "$@"' - "${signals[@]}" default TERM sh -c \
		'echo $$ >pid && exec wdzip -b 64K -fo place <fifo' 3>&- 2>"$ERR" &
	child=$!
	pids+=("$child")
	exec 4>fifo
	make noise 1000000 >&4
	wait_until sh -c '[ $(stat -c %s real) -gt 1000 ]'
	kill -TERM "$(cat pid)"
	status=0
	wait $child || status=$?
	exec 4>&-
	status_is 143
	err_line "wdzip: place is not complete: it could not be replaced, and cannot be removed"
}

# ---- links ----

@test "-f -o replaces a link and leaves what it leads to" {
	ln -s before link
	try wdzip -o link f
	status_is 2
	wdzip -fo link f
	[ ! -L link ]
	gzip -dc link | cmp - f
	[ "$(cat before)" = before ]
	ln -s nowhere link2
	try wdzip -o link2 f
	status_is 2
	wdzip -fo link2 f
	gzip -dc link2 | cmp - f
	gone nowhere
}

@test "nothing is left beside an output that was overwritten" {
	echo old >out
	echo old >f.gz
	wdzip -fo out f
	wdzip -fk f
	[ "$(find . -name '.*' ! -name .)" = "" ]
}

# ---- rights ----

# with_acl COMMAND...: in a directory with a file system that has access control
# lists.  The helpers below are Python, as setfacl need not be there.
with_acl() {
	# shellcheck disable=SC2016
	in_namespace bash -c '
		mount -t tmpfs tmpfs mnt && cp f g.gz mnt && cd mnt &&
		"$@"' - "$@" || status=$?
	[ "${status-0}" -ne 77 ] || skip "there are no access control lists here"
	return "${status-0}"
}

# For Python: acl(name, kind, text) and shown(name).
acl_py='
import os, struct, subprocess, sys
TAGS = dict(u=1, U=2, g=4, G=8, m=16, o=32)
def acl(name, kind, *entries):
    raw = struct.pack("<I", 2)
    for tag, perm, who in entries:
        raw += struct.pack("<HHI", TAGS[tag], perm, who)
    try:
        os.setxattr(name, "system.posix_acl_" + kind, raw)
    except OSError:
        sys.exit(77)
NO = 0xffffffff
def shown(name):
    try:
        raw = os.getxattr(name, "system.posix_acl_access")
    except OSError:
        raw = b""
    return oct(os.stat(name).st_mode), raw.hex()
def run(command, umask=0o22):
    subprocess.run(["sh", "-c", "umask %o; " % umask + command], check=True)
'

@test "-o gets the mode and the access control list that > would give" {
	with_acl "$PYTHON" -s -B -c "$acl_py"'
for entries in (
        [("u", 7, NO), ("U", 6, 12345), ("g", 5, NO), ("m", 7, NO), ("o", 0, NO)],
        [("u", 6, NO), ("g", 6, NO), ("o", 4, NO)],
        [("u", 7, NO), ("U", 7, 0), ("g", 0, NO), ("m", 4, NO), ("o", 0, NO)]):
    acl(".", "default", *entries)
    for umask in 0o22, 0o77, 0, 0o777 & 0o27:
        run("rm -f a b c d e", umask)
        run("cat f >a; wdzip -o b <f; wdunzip -o c <g.gz;"
            "cat f | wdzip -o d; wdzip -o e /dev/stdin <f", umask)
        for name in "bcde":
            assert shown(name) == shown("a"), (name, shown(name), shown("a"))
'
}

@test "-o without access control lists gets the mode that > would give" {
	for mask in 000 022 027 077 0777; do
		rm -f a b c
		(umask $mask; cat f >a; wdzip -o b <f; wdunzip -o c <g.gz)
		[ "$(stat -c %a a)" = "$(stat -c %a b)" ]
		[ "$(stat -c %a a)" = "$(stat -c %a c)" ]
	done
}

@test "a default access control list lets nobody into what replaces a file" {
	with_acl "$PYTHON" -s -B -c "$acl_py"'
acl(".", "default", ("u", 7, NO), ("U", 7, 12345), ("g", 7, NO), ("m", 7, NO), ("o", 7, NO))
for mode in 0o600, 0o640, 0o660, 0o604, 0o777:
    for command in "wdzip x", "wdzip -o x.gz x", "wdunzip x.gz", "wdunzip -o x x.gz":
        run("rm -f x x.gz")
        before, after = ("x.gz", "x") if "un" in command else ("x", "x.gz")
        run("cp f x" if before == "x" else "cp g.gz x.gz")
        os.removexattr(before, "system.posix_acl_access")
        os.chmod(before, mode)
        want = shown(before)
        run(command)
        assert shown(after) == want, (command, shown(after), want)
'
}

@test "the access control list of the input is kept" {
	with_acl "$PYTHON" -s -B -c "$acl_py"'
for default in False, True:
    if default:
        acl(".", "default", ("u", 7, NO), ("U", 7, 5), ("g", 7, NO), ("m", 7, NO), ("o", 7, NO))
    for command in "wdzip x", "wdzip -o x.gz x", "wdunzip x.gz", "wdunzip -o x x.gz":
        run("rm -f x x.gz")
        before, after = ("x.gz", "x") if "un" in command else ("x", "x.gz")
        run("cp f x" if before == "x" else "cp g.gz x.gz")
        acl(before, "access", ("u", 6, NO), ("U", 4, 12345), ("g", 0, NO), ("m", 4, NO), ("o", 0, NO))
        want = shown(before)
        run(command)
        assert shown(after) == want, (command, shown(after), want)
'
}

@test "what a list lets one user do, the group may not where there are no lists" {
	with_acl "$PYTHON" -s -B -c "$acl_py"'
acl("f", "access", ("u", 6, NO), ("U", 6, 12345), ("g", 4, NO), ("m", 6, NO), ("o", 0, NO))
os.mkdir("none")
if subprocess.run("mount -t ramfs ramfs none", shell=True).returncode:
    sys.exit(77)
run("wdzip -o none/f.gz f")
assert shown("none/f.gz") == (oct(0o100640), ""), shown("none/f.gz")
'
}
