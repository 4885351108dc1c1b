#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Input and output that is no file: what gives one record a read, and drops what
# is not taken; and pipes, which all programs of a user have to share.

load common

prepare() {
	make mixed 300000 >f
	gzip -c f >g.gz
	printf 'hello\n' | gzip >small.gz
}

# For Python: feed(kind, data, size, command): the status and standard output of
# a command that gets the data in records of so many bytes.
feed_py='
import os, signal, socket, subprocess, sys, threading
LARGE = 150000
def packets():
    try:
        r, w = os.pipe2(os.O_DIRECT | os.O_CLOEXEC)
    except OSError:
        sys.exit(77)
    return r, w, lambda part: os.write(w, part), lambda: os.close(w)
def messages(kind):
    a, b = socket.socketpair(socket.AF_UNIX, kind)
    a.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * LARGE)
    def end():
        if kind == socket.SOCK_DGRAM:
            a.send(b"")
        a.close()
    return b.detach(), None, a.send, end
def feed(kind, data, size, command):
    r, w, send, end = packets() if kind == "packets" else messages(kind)
    child = subprocess.Popen(command, stdin=r, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE)
    os.close(r)
    def give():
        try:
            for i in range(0, len(data), size):
                send(data[i:i + size])
        except OSError:
            pass
        end()
    giver = threading.Thread(target=give)
    giver.start()
    out, err = child.communicate()
    giver.join()
    return child.returncode, out, err
def read(name):
    with open(name, "rb") as f:
        return f.read()
KINDS = [("packets", s) for s in (1, 3, 10, 512, 4096)] + [
    (kind, size) for kind in (socket.SOCK_SEQPACKET, socket.SOCK_DGRAM)
    for size in (1, 3, 512, 40000, LARGE)]
plain, packed = read("f"), read("g.gz")
def each(given, *commands):
    for kind, size in KINDS:
        # A few bytes at a time say as much of less.
        for command in commands:
            yield kind, size, command.split()
'

# with_records CODE: Python code, after the above.
with_records() {
	status=0
	py -c "$feed_py$1" || status=$?
	[ "$status" -ne 77 ] || skip "there are no pipes in packet mode here"
	status_is 0
}

@test "records are compressed without losing any of them" {
	with_records '
import gzip
for kind, size, command in each(plain, "wdzip", "wdzip -1 -b 32K", "wdzip --rsyncable",
                                "wdzip -b 33K -p 1", "wdzip --members=bgzf"):
    data = plain if size > 100 else plain[:20000]
    status, out, err = feed(kind, data, size, command)
    assert status == 0 and gzip.decompress(out) == data, (kind, size, command, err)
'
}

@test "records are decompressed, tested and listed without losing any of them" {
	with_records '
import gzip
for kind, size, command in each(packed, "wdunzip", "wdunzip -p 1", "wdzcat", "wdunzip -t",
                                "wdunzip -l"):
    data = plain if size > 100 else plain[:20000]
    status, out, err = feed(kind, gzip.compress(data, 6), size, command)
    assert status == 0, (kind, size, command, err)
    if "-l" in command:
        assert b" %d " % len(data) in out, out
    elif "-t" not in command:
        assert out == data, (kind, size, command)
'
}

@test "what is not compressed is passed on record by record" {
	with_records '
for kind, size, command in each(plain, "wdunzip -cf"):
    data = plain if size > 100 else plain[:20000]
    status, out, err = feed(kind, data, size, command)
    assert status == 0 and out == data, (kind, size, command, err)
'
}

@test "a .Z file and a zip archive can come in records" {
	command -v zip >/dev/null && zip -q archive.zip f
	with_records '
import io, zipfile
made = io.BytesIO()
with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as z:
    z.writestr("f", plain)
# Codes of 9 bits, none of them more than a byte.
bits, text = 0, b"hello, hello\n"
for i, byte in enumerate(text):
    bits |= byte << 9 * i
lzw = b"\x1f\x9d\x90" + bits.to_bytes((9 * len(text) + 7) // 8, "little")
for kind, size in KINDS:
    status, out, err = feed(kind, lzw, size, ["wdunzip"])
    assert status == 0 and out == text, (kind, size, err)
    if size > 100:
        status, out, err = feed(kind, made.getvalue(), size, ["wdunzip"])
        assert status == 0 and out == plain, (kind, size, err)
'
}

@test "records can be read by name, verified and written to a file" {
	with_records '
import gzip
for kind, size in KINDS:
    if size < 100:
        continue
    for name in "-", "/dev/stdin":
        status, out, err = feed(kind, plain, size, ["wdzip", "--verify", "-fo", "out", name])
        assert status == 0 and gzip.decompress(read("out")) == plain, (kind, size, err)
'
}

@test "a file of the kernel that can be read in one piece only is read whole" {
	[ -r /proc/sys/kernel/pid_max ] || skip "there is no /proc/sys/kernel/pid_max"
	for file in /proc/sys/kernel/pid_max /proc/self/cmdline /proc/filesystems \
		/proc/sys/kernel/ostype; do
		wdzip -c $file | gzip -dc >got
		[ $file = /proc/self/cmdline ] || same got <(cat $file)
		wdzcat -f $file >got
		[ $file = /proc/self/cmdline ] || same got <(cat $file)
		wdunzip -cf <$file >got
		[ $file = /proc/self/cmdline ] || same got <(cat $file)
		wdzip -b 32K <$file | gzip -dc >got
		[ $file = /proc/self/cmdline ] || same got <(cat $file)
	done
}

@test "wdbench loses no record" {
	[ -x "$(command -v wdbench)" ] || skip "wdbench is not there"
	with_records '
import json
for kind, size in KINDS:
    data = plain if size > 100 else plain[:20000]
    status, out, err = feed(kind, data, size, ["wdbench", "-q", "--time=0.01",
                            "--rounds=1", "--json=-", "--engine=sw", "--level=1",
                            "/dev/stdin"])
    assert status == 0, (kind, size, err)
    assert json.loads(out)["inputs"][0]["bytes"] == len(data), (kind, size, out)
'
}

# ---- pipes ----

@test "40 pipelines of one user leave room for another pipe" {
	need_user
	# shellcheck disable=SC2016
	as_other "$PYTHON" -s -B -c '
import fcntl, os, subprocess, sys, threading
GETPIPE, MANY, MB = 1032, 40, 1 << 20
def usual():
    r, w = os.pipe()
    size = fcntl.fcntl(w, GETPIPE)
    os.close(r)
    os.close(w)
    return size
before = usual()
noise = os.urandom(3 * MB)
chains = []
def feed(fd):
    left = memoryview(noise)
    while left:
        left = left[os.write(fd, left):]
def take(fd):
    left = 2 * MB + MB // 2
    while left > 0:
        got = len(os.read(fd, 65536))
        assert got
        left -= got
# All of them at work: more than enough has gone through each of their pipes.
for i in range(MANY):
    r1, w1 = os.pipe()
    r2, w2 = os.pipe()
    r3, w3 = os.pipe()
    a = subprocess.Popen(["wdzip", "-1", "-p", "1", "-b", "128K"], stdin=r1, stdout=w2)
    b = subprocess.Popen(["wdunzip", "-p", "1"], stdin=r2, stdout=w3)
    for fd in r1, w2, r2, w3:
        os.close(fd)
    chains.append((a, b, w1, r3))
    threads = [threading.Thread(target=feed, args=[w1], daemon=True),
               threading.Thread(target=take, args=[r3])]
    for t in threads:
        t.start()
    threads[1].join()
sizes = [fcntl.fcntl(fd, GETPIPE) for c in chains for fd in c[2:]]
after = usual()
for a, b, w1, r3 in chains:
    a.kill()
    b.kill()
    a.wait()
    b.wait()
    os.close(w1)
    os.close(r3)
print("before", before, "after", after, "sizes", sorted(set(sizes)))
assert after == before
'
}

# As a user of whom nobody else has pipes, if we are root.
as_other() {
	if [ "$(id -u)" -eq 0 ]; then
		setpriv --reuid=54321 --regid=54321 --clear-groups "$@"
	else
		"$@"
	fi
}

# For Python: size(fd) of a pipe, and a command with a long-lived pipe.
@test "a pipe that outlives the tool has its size again once it is empty" {
	py - <<-'EOT'
	import fcntl, gzip, os, subprocess, threading
	noise = os.urandom(6 << 20)
	def size(fd):
	    return fcntl.fcntl(fd, 1032)
	for command, given in (["wdzip", "-1"], noise), (["wdunzip"], gzip.compress(noise, 1)):
	    r, w = os.pipe()
	    usual = size(w)
	    keep = os.dup(r)
	    child = subprocess.Popen(command, stdin=r, stdout=subprocess.DEVNULL)
	    os.close(r)
	    with open(w, "wb") as f:
	        f.write(given)
	    assert child.wait() == 0
	    assert size(keep) == usual, (size(keep), usual)
	    os.close(keep)
	EOT
}

@test "a pipe of another size than usual is left as somebody made it" {
	py - <<-'EOT'
	import fcntl, os, subprocess, threading
	noise = os.urandom(6 << 20)
	for wanted in 4096, 1 << 17, 1 << 20:
	    r, w = os.pipe()
	    try:
	        fcntl.fcntl(w, 1031, wanted)
	    except OSError:
	        continue
	    child = subprocess.Popen(["wdzip", "-1"], stdin=r, stdout=subprocess.DEVNULL)
	    os.write(w, noise[:4000])
	    done = threading.Event()
	    left = memoryview(noise)
	    while left:
	        left = left[os.write(w, left[:1 << 20]):]
	    assert fcntl.fcntl(w, 1032) == wanted
	    os.close(w)
	    os.close(r)
	    assert child.wait() == 0
	EOT
}
