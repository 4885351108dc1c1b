#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Each allocation fails in turn: alone, and with all that follow.

load common

prepare_test() {
	sanitized asan tsan && skip "a sanitizer has an allocator of its own"
	return 0
}

# The parts of the work that fail may be done in another way: kept and done are
# both right.
@test "any allocation that fails costs at most the output" {
	py - <<-'EOT'
	from errno import *
	from faults import *
	data = wdtest.text(5000)
	for command in ("wdzip", "wdunzip", "wdzip -1", "wdzip --verify",
	                "wdunzip --verify", "wdzip -vf --stats", "wdunzip -N"):
	    for onward in False, True:
	        Case(command, data).sweep("alloc", ENOMEM, onward=onward,
	                                  silent=onward, also=[0])
	EOT
}

@test "any allocation that fails with many chunks costs at most the output" {
	py - <<-'EOT'
	from errno import *
	from faults import *
	data = wdtest.mixed(200000)
	pieces = [data[i:i + 40000] for i in range(0, 200000, 40000)]
	for command in ("wdzip -p2 -b 32K", "wdzip -p2 --members=bgzf", "wdunzip -p2",
	                "wdunzip -p2 -v"):
	    for onward in False, True:
	        case = Case(command, data)
	        if command == "wdunzip -p2":
	            case.content = wdtest.header() + wdtest.chunked(pieces) + \
	                wdtest.trailer(data)
	        elif case.unpack:
	            case.content = b"".join(wdtest.sized("BC", p) for p in pieces)
	        case.sweep("alloc", ENOMEM, onward=onward, silent=onward, also=[0])
	EOT
}

@test "any allocation that fails while reading .Z costs at most the output" {
	py - <<-'EOT'
	from errno import *
	from faults import *
	data = wdtest.text(5000)
	case = Case("wdunzip", data)
	case.content = wdtest.lzw(data)
	assert case.run() == "done"
	for onward in False, True:
	    case.sweep("alloc", ENOMEM, onward=onward, silent=True)
	EOT
}

@test "any allocation that fails in a pipe leaves a beginning of the truth" {
	py - <<-'EOT'
	from errno import *
	from faults import *
	data = wdtest.text(20000)
	packed = wdtest.member(data)
	runs = 0
	for command, given in (["wdzip"], data), (["wdunzip"], packed):
	    whole = run(command, given).stdout
	    for n in range(1, counts()["alloc"] + 1, SLOW):
	        result = run(command, given, fail=("alloc", n, ENOMEM))
	        assert result.status in (0, 1), result
	        assert whole.startswith(result.stdout), n
	        assert result.status or whole == result.stdout, n
	        assert not result.status or result.stderr, n
	        runs += 1
	say("%d runs" % runs)
	EOT
}

@test "an address space that is too small is an error, not a crash" {
	py - <<-'EOT'
	import resource
	from faults import *
	data = wdtest.mixed(3000000)
	for command in "wdzip -9 -p2", "wdunzip -p2":
	    case = Case(command, data)
	    case.tally.clear()
	    for mib in range(8, 100, 6):
	        case.prepare()
	        child = subprocess.Popen(
	            case.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
	            stderr=subprocess.PIPE, preexec_fn=lambda: resource.setrlimit(
	                resource.RLIMIT_AS, (mib << 20, mib << 20)))
	        # 127: there was no room even for the libraries.
	        case.judge(finish(child), also=[127], silent=True)
	    case.report("ulimit -v")
	EOT
}

# What the library decides by itself, on a machine with many CPUs.
@test "with little address space there are fewer threads, the same output, and a word" {
	py - <<-'EOT'
	import resource
	from faults import *
	data = wdtest.mixed(3000000) * 6
	wdtest.write("f", data)
	env = environment("wdzip", cpus=(128,))

	def explained(command, limit, value):
	    def prepare():
	        resource.setrlimit(limit, (value, value))
	    result = finish(subprocess.Popen(
	        command.split() + ["--explain"], env=env, stdin=subprocess.DEVNULL,
	        stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=prepare))
	    assert result.status == 0, result
	    found = re.search(rb"^\w+:   threads (\d+) of 128: memory limit (\d+) MiB "
	                      rb"\((.*)\)$", result.stderr, re.M)
	    assert found, result.stderr
	    assert int(found[2]) == value >> 20
	    return result.stdout, int(found[1]), found[3]

	limits = [(resource.RLIMIT_AS, b"address space"), (resource.RLIMIT_DATA, b"data")]
	for level in "-1", "-6":
	    whole = finish(start(["wdzip", "-p2", "-c", level, "f"])).stdout
	    wdtest.write("f.gz", whole)
	    for limit, name in limits:
	        for mib in 400, 200, 120:
	            got, threads, why = explained("wdzip -c %s f" % level, limit, mib << 20)
	            assert why == name and 1 <= threads < 50
	            assert got == whole, (level, mib)
	            got, threads, why = explained("wdzip -dc f.gz", limit, mib << 20)
	            assert why == name and 1 <= threads < 50
	            assert got == data
	EOT
}

# A stack is 8 MiB, and malloc() sets aside 64 MiB for a thread: most find no memory.
@test "more threads than there is memory for compress all the same" {
	py - <<-'EOT'
	import resource
	from faults import *
	data = wdtest.mixed(3000000) * 10
	wdtest.write("f", data)
	whole = run(["wdzip", "-p2", "-c", "f"]).stdout
	plain = run(["wdzip", "-p2"], data).stdout
	size = 600 << 20

	def limit():
	    resource.setrlimit(resource.RLIMIT_AS, (size, size))

	for n in range(3):
	    for command, given, want in ((["wdzip", "-p64", "-c", "f"], None, whole),
	                                 (["wdzip", "-p64"], data, plain)):
	        child = subprocess.Popen(
	            command, stdin=subprocess.DEVNULL if given is None else subprocess.PIPE,
	            stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=limit)
	        result = finish(child, given)
	        assert result.status == 0, (command, result.stderr)
	        assert result.stdout == want
	EOT
}

# need_group: skip unless a control group for memory can be made.
need_group() {
	local base

	for base in /sys/fs/cgroup/memory /sys/fs/cgroup; do
		mkdir "$base/wdzip-test-$$" 2>/dev/null || continue
		group=$base/wdzip-test-$$
		for limit in memory.limit_in_bytes memory.max; do
			[ ! -w "$group/$limit" ] || return 0
		done
		rmdir "$group"
	done
	skip "no control group for memory can be made here"
}

@test "in a small control group nothing is killed, however many CPUs there are" {
	need_group
	py - "$group" "$limit" <<-'EOT'
	import sys
	from faults import *

	def write(name, text):
	    with open(name, "w") as f:
	        f.write(text)

	def run_in(group, command):
	    def prepare():
	        write(group + "/cgroup.procs", "0")
	    return finish(subprocess.Popen(
	        command, env=environment("wdzip", cpus=(128,)), stdin=subprocess.DEVNULL,
	        stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=prepare))

	# Does not shrink, and so takes all of its buffers.
	data = random_numbers(5).randbytes(60000000)
	wdtest.write("f", data)
	os.mkdir("d")
	for n in range(60):
	    wdtest.write("d/%d" % n, data[n * 900000:(n + 1) * 900000])
	for level in "-1", "-6":
	    wdtest.write("f%s.gz" % level, run(["wdzip", "-c", level, "f"]).stdout)
	group, limit = sys.argv[1], os.path.join(*sys.argv[1:])
	try:
	    for mib in 24, 40, 100:
	        write(limit, "%dM" % mib)
	        for level in "-1", "-6", "--level=10":
	            result = run_in(group, ["wdzip", "-c", "--explain", level, "f"])
	            assert result.status == 0, (mib, level, result.status)
	            assert b"memory limit %d MiB (control group)" % mib in result.stderr
	            assert gunzip(result.stdout) == data
	        for level in "-1", "-6":
	            result = run_in(group, ["wdzip", "-dc", "f%s.gz" % level])
	            assert result.status == 0 and result.stdout == data, (mib, level)
	            result = run_in(group, ["wdzip", "-rkf", level, "d"])
	            assert result.status == 0, (mib, level, result)
	finally:
	    os.rmdir(group)
	EOT
}
