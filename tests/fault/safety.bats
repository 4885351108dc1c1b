#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# --verify and --synchronous do what they are for.

load common

@test "--verify finds any bit that changed on its way to the disk" {
	py - <<-'EOT'
	from faults import *
	data = wdtest.mixed(120000)
	rng = random_numbers(11)
	for command in ("wdzip --verify -b 32K", "wdzip --verify -1",
	                "wdzip --verify --members=bgzf", "wdunzip --verify"):
	    case = Case(command, data)
	    assert case.run() == "done"
	    size, writes = os.path.getsize(case.after), counts()["write"]
	    case.tally.clear()
	    # The empty member at the end of BGZF is looked at below.
	    ends = "--members=bgzf" in command
	    for n in range(1, writes + 1 - ends):
	        for bit in range(0, 40, SLOW):
	            # Past the header: nothing can tell a wrong time stamp.
	            at = rng.randint(40, size // writes // 2)
	            state = case.run(flip=(n, at, bit))
	            if state == "kept":
	                assert case.result.stderr.count(b"verification failed"), case.result
	    case.report("a bit flipped in a write")
	    # Some bits mean nothing, as before the length of a stored block.
	    assert case.tally["done"] <= sum(case.tally.values()) // 20
	    for bit in range(16 if ends else 0):
	        assert case.run(flip=(writes, bit // 8, bit)) == "kept"
	EOT
}

@test "--verify that cannot read back is an error, and the input stays" {
	py - <<-'EOT'
	from errno import *
	from faults import *
	data = wdtest.mixed(120000)
	for command in "wdzip --verify -b 32K", "wdunzip --verify":
	    case = Case(command, data)
	    case.sweep("read", EIO, "kept")
	    case.sweep("fsync", EIO, "kept")
	EOT
}

@test "--synchronous: the file, then its directory, then the input is removed" {
	py - <<-'EOT'
	from faults import *
	data = wdtest.mixed(120000)
	for command in "wdzip --synchronous -b 32K", "wdunzip --synchronous", \
	               "wdzip --synchronous --verify":
	    case = Case(command, data)
	    assert case.run(log=True) == "done"
	    log = calls()
	    here = os.path.basename(os.getcwd())
	    after, before = case.after, case.before
	    write = max(n for n, c in enumerate(log) if c == ("write", after))
	    mode = log.index(("chmod", after))
	    syncs = [n for n, c in enumerate(log) if c == ("fsync", after)]
	    directories = [n for n, c in enumerate(log) if c == ("fsync", here)]
	    remove = log.index(("unlink", before))
	    assert write < mode < syncs[-1] < directories[-1] < remove, log
	    assert log.index(("close", after)) < remove, log
	EOT
}

@test "--synchronous brings the output of -o and the directory it is in" {
	py - <<-'EOT'
	from faults import *
	os.mkdir("d")
	wdtest.write("f", wdtest.mixed(50000))
	result = run("wdzip --synchronous -o d/out.gz f".split(), log=True)
	assert result.status == 0, result
	log = calls()
	assert log.index(("fsync", "out.gz")) < log.index(("fsync", "d")), log
	EOT
}

@test "without --synchronous nothing waits for the disk" {
	py - <<-'EOT'
	from faults import *
	for command in "wdzip", "wdunzip":
	    assert Case(command, wdtest.mixed(50000)).run() == "done"
	    assert counts()["fsync"] == 0
	EOT
}

@test "the output is complete and closed before the input is removed" {
	py - <<-'EOT'
	from faults import *
	data = wdtest.mixed(120000)
	for command in "wdzip -b 32K", "wdunzip", "wdzip -f", "wdzip --members=qz":
	    case = Case(command, data)
	    assert case.run(log=True) == "done"
	    log = calls()
	    close = log.index(("close", case.after))
	    assert max(n for n, c in enumerate(log) if c == ("write", case.after)) < close
	    assert close < log.index(("unlink", case.before)), log
	EOT
}

@test "a small file costs few calls" {
	py - <<-'EOT'
	from faults import *
	for command in "wdzip", "wdunzip":
	    assert Case(command, wdtest.text(1000)).run() == "done"
	    found = counts()
	    assert found["thread"] == 0, found
	    assert found["any"] <= 20, found
	    say("%s: %s" % (command, {k: n for k, n in found.items() if n}))
	EOT
}
