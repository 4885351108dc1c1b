#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Real file systems that are full or read-only: small tmpfs mounts, in a mount
# namespace of the test's own, which needs root or user namespaces.

load common

# in_mount OPTIONS COMMAND...: run with a tmpfs on the directory mnt.
in_mount() {
	local options=$1 how=(-m)

	shift
	command -v unshare >/dev/null || skip "unshare is not installed"
	[ "$(id -u)" -eq 0 ] || how=(-r -m)
	mkdir -p mnt
	unshare "${how[@]}" mount -t tmpfs -o "$options" tmpfs mnt 2>/dev/null ||
		skip "no tmpfs can be mounted in a namespace of its own here"
	# shellcheck disable=SC2016
	unshare "${how[@]}" bash -c 'mount -t tmpfs -o "$0" tmpfs mnt && "$@"' \
		"$options" "$@"
}

@test "a file system with too little room: the input stays, no output" {
	in_mount size=512k "$PYTHON" -s -B - <<-'EOT'
	from faults import *
	os.chdir("mnt")
	data = wdtest.noise(400000)
	for command in "wdzip", "wdzip -1 -b 32K", "wdzip --synchronous":
	    case = Case(command, data)
	    assert case.run() == "kept"
	    assert b": No space left on device\n" in case.result.stderr
	case = Case("wdunzip", wdtest.text(600000))
	assert case.run() == "kept"
	assert b"wdunzip: f: No space left on device\n" in case.result.stderr
	# And with room for it, it works.
	assert Case("wdzip", wdtest.text(250000)).run() == "done"
	EOT
}

@test "a file system without any room: every size of output" {
	in_mount size=64k "$PYTHON" -s -B - <<-'EOT'
	from faults import *
	os.chdir("mnt")
	tally = collections.Counter()
	for size in range(1000, 64000, 4000):
	    data = wdtest.noise(size)
	    for command in "wdzip", "wdunzip":
	        case = Case(command, data)
	        if len(case.content) > 60000:
	            continue
	        state = case.run()
	        assert (state == "kept") == (case.result.status == 1)
	        tally[state] += 1
	say("tmpfs of 64 KiB: %s" % dict(tally))
	assert tally["kept"] and tally["done"]
	EOT
}

@test "a file system without a free inode: the input stays" {
	in_mount size=1m,nr_inodes=2 "$PYTHON" -s -B - <<-'EOT'
	from faults import *
	os.chdir("mnt")
	for command in "wdzip", "wdunzip":
	    case = Case(command, wdtest.text(5000))
	    assert case.run() == "kept"
	    want = "%s: %s: No space left on device\n" % (case.command[0], case.after)
	    assert case.result.stderr == want.encode(), case.result
	EOT
}

@test "several files on a file system that fills up: what is done is done" {
	in_mount size=256k "$PYTHON" -s -B - <<-'EOT'
	from faults import *
	os.chdir("mnt")
	names, data = list("abcdefghi"), {}
	for n, name in enumerate(names):
	    data[name] = wdtest.noise(26000, n)
	    wdtest.write(name, data[name])
	result = run(["wdzip"] + names)
	assert result.status in (0, 1), result
	for name in names:
	    plain, packed = os.path.exists(name), os.path.exists(name + ".gz")
	    assert plain != packed, name
	    assert complete(name if plain else name + ".gz", data[name])
	EOT
}

@test "a read-only file system: an error, and nothing changes" {
	# shellcheck disable=SC2016
	in_mount size=1m bash -c '
		echo hello >mnt/f && gzip -c mnt/f >mnt/g.gz &&
		mount -o remount,bind,ro mnt && "$@"' - "$PYTHON" -s -B - <<-'EOT'
	from faults import *
	os.chdir("mnt")
	before = {name: wdtest.read(name) for name in os.listdir(".")}
	for command, text in (
	        ("wdzip f", b"wdzip: f.gz: Read-only file system\n"),
	        ("wdunzip g.gz", b"wdunzip: g: Read-only file system\n"),
	        ("wdzip -f f", b"wdzip: f.gz: Read-only file system\n"),
	        ("wdzip -o out f", b"wdzip: out: Read-only file system\n")):
	    result = run(command.split())
	    assert result.status == 1 and result.stderr == text, result
	for command in "wdzip -c f", "wdzcat g.gz", "wdunzip -t g.gz", "wdunzip -l g.gz":
	    result = run(command.split())
	    assert result.status == 0 and not result.stderr, result
	assert before == {name: wdtest.read(name) for name in os.listdir(".")}
	EOT
}

@test "/dev/full as standard output is an error, wherever the data comes from" {
	make mixed 300K >f
	gzip -c f >g.gz
	gzip -c </dev/null >empty.gz
	for command in "wdzip -c f" "wdzcat g.gz" "wdunzip -l g.gz" "wdzip -V" \
		"wdzip -h" "wdzip --list-devices" "wdunzip -lv g.gz"; do
		status=0
		$command >/dev/full 2>"$ERR" || status=$?
		status_is 1
		grep -q "stdout: No space left on device" "$ERR"
	done
	try sh -c 'wdzip <f >/dev/full'
	status_is 1
	try sh -c 'wdunzip <g.gz >/dev/full'
	status_is 1
	# There is nothing to write.
	try sh -c 'wdunzip <empty.gz >/dev/full'
	status_is 0
}
