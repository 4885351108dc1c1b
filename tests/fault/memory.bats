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
