#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Each system call fails once, or falls short, or is interrupted.  What has to
# hold then is in helpers/faults.py.

load common

# The data is cut into several chunks, so that there are several of each call.
@test "a disk that is full at any write: the input stays, no output" {
	py - <<-'EOT'
	from errno import *
	from faults import *
	data = wdtest.mixed(300000)
	for command in ("wdzip -b 32K", "wdzip -1 -p1 -b 32K", "wdunzip", "wdunzip -p1",
	                "wdzip --members=bgzf", "wdzip --synchronous -b 64K"):
	    case = Case(command, data * (12 if "un" in command else 1))
	    case.sweep("write", ENOSPC, "kept")
	    case.sweep("write", ENOSPC, "kept", onward=True)
	    assert b": No space left on device" in case.result.stderr
	for error in EIO, EDQUOT, EFBIG:
	    Case("wdzip -b 64K", data).sweep("write", error, "kept")
	EOT
}

@test "an error at any read: the input stays, no output" {
	py - <<-'EOT'
	from errno import *
	from faults import *
	data = wdtest.mixed(300000)
	for command in ("wdzip -b 32K", "wdzip -1 -p1 -b 32K", "wdunzip", "wdunzip -p1",
	                "wdzip --members=mz -b 32K", "wdzip -p4 -3 -b 32K"):
	    case = Case(command, data * (12 if "un" in command else 1))
	    case.sweep("read", EIO, "kept")
	    case.sweep("read", EIO, "kept", onward=True)
	    assert b": Input/output error" in case.result.stderr
	for error in ESTALE, EISDIR, ENOMEM:
	    Case("wdzip -b 64K", data).sweep("read", error, "kept")
	EOT
}

@test "a read error while only testing or listing is an error, too" {
	py - <<-'EOT'
	from errno import *
	from faults import *
	data = wdtest.mixed(300000)
	wdtest.write("f.gz", wdtest.member(data))
	for command in "wdunzip -t f.gz", "wdunzip -l f.gz", "wdzcat f.gz":
	    assert run(command.split()).status == 0
	    reads = counts()["read"]
	    for n in range(1, reads + 1):
	        result = run(command.split(), fail=("read", n, EIO))
	        assert result.status == 1, result
	        assert b"f.gz: Input/output error" in result.stderr, result
	        assert data.startswith(result.stdout) or "-l" in command
	    say("%s: %d runs" % (command, reads))
	EOT
}

@test "an error at close: the input stays, no output" {
	py - <<-'EOT'
	from errno import *
	from faults import *
	data = wdtest.mixed(50000)
	for command in "wdzip", "wdunzip", "wdzip --synchronous", "wdzip --verify":
	    case = Case(command, data)
	    for error in EIO, ENOSPC, EDQUOT:
	        total = case.count("close")
	        case.tally.clear()
	        seen = set()
	        for n in range(1, total + 1):
	            # Of standard output, at the end, when all else is done.
	            seen.add(case.run(fail=("close", n, error), also=[0, 1, 2]))
	            if case.result.status == 1 and case.state() != "kept":
	                assert b"stdout: " in case.result.stderr, case.result
	        assert "kept" in seen, "no close mattered"
	        case.report("close fails with %s" % errorcode[error])
	EOT
}

@test "an error at fsync with --synchronous: the input stays, no output" {
	py - <<-'EOT'
	from errno import *
	from faults import *
	data = wdtest.mixed(50000)
	for command in "wdzip --synchronous", "wdunzip --synchronous":
	    for error in EIO, ENOSPC, EDQUOT:
	        case = Case(command, data)
	        total = case.sweep("fsync", error, "kept")
	        assert total == 2, "file and directory, not %d" % total
	EOT
}

@test "times, mode and owner that cannot be set do not cost the output" {
	py - <<-'EOT'
	from errno import *
	from faults import *
	data = wdtest.mixed(50000)
	for command in "wdzip", "wdunzip":
	    case = Case(command, data)
	    case.owner = another_owner()
	    kinds = [("chmod", 2), ("utimens", 2)]
	    # A warning, as gzip; but for the owner, who mostly cannot be set.
	    if case.owner:
	        kinds.append(("chown", 0))
	    else:
	        print("chown is left out: there is nobody to give a file to")
	    for kind, status in kinds:
	        for error in EPERM, EIO, EROFS:
	            case.sweep(kind, error, "done", onward=True)
	            assert case.result.status == status, case.result
	            if status:
	                want = "%s: %s: %s\n" % (case.command[0], case.after,
	                                         os.strerror(error))
	                assert case.result.stderr == want.encode(), case.result
	    # Neither is the output then for more eyes than the input.
	    case.run(fail=("chmod", 1, EPERM))
	    assert os.stat(case.after).st_mode & 0o7777 == 0o600
	EOT
}

@test "an input that cannot be removed is a warning, with both files complete" {
	py - <<-'EOT'
	from errno import *
	from faults import *
	data = wdtest.mixed(50000)
	for command in "wdzip", "wdunzip", "wdzip -f":
	    for error in EPERM, EACCES, EROFS, EBUSY, EIO:
	        Case(command, data).sweep("unlink", error, "both")
	EOT
}

@test "a file that cannot be opened costs nothing" {
	py - <<-'EOT'
	from errno import *
	from faults import *
	data = wdtest.mixed(50000)
	for command in "wdzip", "wdunzip", "wdzip --synchronous", "wdzip -f":
	    for error in EMFILE, EACCES, EIO, ENOSPC, EROFS, EINTR:
	        Case(command, data).sweep("open", error)
	EOT
}

@test "threads that cannot be started are done without" {
	py - <<-'EOT'
	from errno import *
	from faults import *
	data = wdtest.mixed(400000)
	for command in "wdzip -p4 -b 32K", "wdunzip -p4", "wdzip -p4 --members=qz -b 32K":
	    case = Case(command, data)
	    if "-b" not in command:
	        # Something to decode in parallel.
	        case.content = wdtest.header() + wdtest.chunked(
	            [data[i:i + 40000] for i in range(0, 400000, 40000)]
	        ) + wdtest.trailer(data)
	    case.tally.clear()
	    for n in range(1, 5):
	        for onward in (), ("+",):
	            assert case.run(fail=("thread", n, EAGAIN) + onward) == "done"
	            assert case.result.status == 0, case.result
	    case.report("no more threads")
	EOT
}

@test "memory that cannot be mapped is done without, or costs nothing" {
	py - <<-'EOT'
	from errno import *
	from faults import *
	data = wdtest.mixed(50000)
	for command in "wdzip", "wdunzip":
	    case = Case(command, data)
	    if case.count("mmap"):
	        case.sweep("mmap", ENOMEM)
	        case.sweep("mmap", ENOMEM, onward=True)
	EOT
}

@test "short reads and writes of a few bytes lose nothing" {
	py - <<-'EOT'
	from faults import *
	data = wdtest.mixed(60000)
	for command in ("wdzip", "wdzip -1 -b 32K", "wdunzip", "wdzip --members=bgzf",
	                "wdzip --rsyncable", "wdzip --verify", "wdunzip --verify"):
	    case = Case(command, data)
	    for seed in range(1, 9, SLOW):
	        most = 1 if seed == 1 else 1 << seed
	        assert case.run(short=(most, seed)) == "done"
	        assert case.result.status == 0
	    case.report("short reads and writes")
	EOT
}

@test "calls that are interrupted, or to be tried again, again and again lose nothing" {
	py - <<-'EOT'
	from errno import *
	from faults import *
	data = wdtest.mixed(100000)
	for command in ("wdzip -b 32K", "wdunzip", "wdzip --verify", "wdunzip --verify",
	                "wdzip --synchronous"):
	    case = Case(command, data)
	    for seed in range(1, 5):
	        for error in EINTR, EAGAIN:
	            if error == EAGAIN and "--" in command:
	                continue    # neither fsync nor pread says that
	            assert case.run(storm=(error, 90, seed)) == "done"
	            assert case.result.status == 0
	            assert case.run(storm=(error, 60, seed), short=(1000, seed)) == "done"
	    case.report("interrupted")
	EOT
}

@test "a file system that fills up after short writes: the input stays" {
	py - <<-'EOT'
	from errno import *
	from faults import *
	data = wdtest.mixed(100000)
	for command in "wdzip", "wdunzip":
	    case = Case(command, data)
	    for n in range(1, 60, 3 * SLOW):
	        how = dict(short=(5000, n), storm=(EINTR, 30, n))
	        case.run(**how)
	        last = counts()["write"]
	        assert case.run(fail=("write", min(n, last), ENOSPC), **how) == "kept"
	    case.report("short writes, then ENOSPC")
	EOT
}

@test "from pipe to pipe, short and interrupted, every byte arrives" {
	py - <<-'EOT'
	from errno import *
	from faults import *
	data = wdtest.mixed(200000)
	packed = wdtest.member(data)
	for seed in range(1, 9):
	    how = dict(short=(20000, seed), storm=((EINTR, EAGAIN)[seed % 2], 50, seed))
	    result = run(["wdzip", "-b", "32K"], data, **how)
	    assert result.status == 0 and gunzip(result.stdout) == data, result
	    result = run(["wdunzip"], packed, **how)
	    assert result.status == 0 and result.stdout == data, result
	say("16 runs")
	EOT
}

@test "from pipe to pipe, an error leaves a beginning of the truth, and is told" {
	py - <<-'EOT'
	from errno import *
	from faults import *
	data = wdtest.mixed(300000)
	packed = wdtest.member(data)
	runs = 0
	for command, given, whole in ((["wdzip", "-b", "32K"], data, None),
	                              (["wdunzip"], packed, data)):
	    whole = whole or run(command, given).stdout
	    run(command, given)
	    for kind, error in ("read", EIO), ("write", ENOSPC), ("write", EIO):
	        for n in range(1, counts()[kind] + 1):
	            result = run(command, given, fail=(kind, n, error))
	            runs += 1
	            # How many calls there are is up to the pipe.
	            if counts()[kind] < n:
	                assert result.status == 0 and result.stdout == whole, result
	                continue
	            assert result.status == 1, result
	            assert os.strerror(error).encode() in result.stderr
	            assert whole.startswith(result.stdout)
	            assert len(result.stdout) < len(whole) or kind == "read"
	        run(command, given)
	say("%d runs" % runs)
	EOT
}

@test "a full standard output that only close tells of is an error" {
	py - <<-'EOT'
	from errno import *
	from faults import *
	data = wdtest.mixed(30000)
	for command, given in (["wdzip"], data), (["wdunzip"], wdtest.member(data)):
	    run(command, given)
	    last = counts()["close"]
	    result = run(command, given, fail=("close", last, ENOSPC))
	    assert result.status == 1, result
	    assert b"stdout: No space left on device" in result.stderr
	EOT
}
