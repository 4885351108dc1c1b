#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Somebody else is at work in the same directory.  The tool is stopped before
# each of its system calls in turn, something happens, and it goes on.

load common

@test "what is appended to the input while it is read is not lost" {
	py - <<-'EOT'
	from faults import *
	data, more = wdtest.mixed(100000), wdtest.noise(50000)
	whole = data + more
	for command in "wdzip -b 32K", "wdunzip", "wdzip --synchronous", "wdzip --verify":
	    case = Case(command, data)
	    added = wdtest.member(more) if case.unpack else more
	    # Nobody can look at the input and remove it in one step.
	    case.prepare()
	    run(case.command, log=True)
	    kinds = [kind for kind, _ in calls()]
	    last = kinds.index("unlink") + 1
	    kept = 0
	    for n in range(1, last, SLOW):
	        case.prepare()
	        child = stop(case.command, ("any", n))
	        with open(case.before, "ab") as f:
	            f.write(added)
	        result = go_on(child)
	        what = command, n, result
	        assert result.status in (0, 1, 2), what
	        if os.path.exists(case.before):
	            assert wdtest.read(case.before) == case.content + added, what
	            assert result.status, what
	            kept += 1
	        else:
	            # Then all of it was there in time.
	            assert complete(case.after, whole), what
	        if os.path.exists(case.after):
	            got = wdtest.read(case.after)
	            assert whole.startswith(got if case.unpack else gunzip(got)), what
	    say("%s: %d runs, the input stayed in %d" % (command, last - 1, kept))
	EOT
}

@test "an input that shrinks or changes while it is read stays, with a warning" {
	py - <<-'EOT'
	from faults import *
	data = wdtest.mixed(200000)

	def shrink(name):
	    os.truncate(name, os.path.getsize(name) // 2)

	def empty(name):
	    os.truncate(name, 0)

	def overwrite(name):
	    with open(name, "rb+") as f:
	        f.seek(5000)
	        f.write(b"changed")

	runs = 0
	for command in "wdzip -b 32K", "wdzip --verify", "wdunzip":
	    for change in shrink, empty, overwrite:
	        case = Case(command, data)
	        for n in range(1, case.count("read") + 1):
	            case.prepare()
	            child = stop(case.command, ("read", n))
	            change(case.before)
	            now = wdtest.read(case.before)
	            result = go_on(child)
	            assert wdtest.read(case.before) == now
	            assert result.status in (1, 2) and result.stderr, result
	            if os.path.exists(case.after) and not case.unpack:
	                assert gunzip(wdtest.read(case.after)) is not None
	            runs += 1
	say("%d runs" % runs)
	EOT
}

@test "an input that is swapped for something else: neither is lost" {
	py - <<-'EOT'
	from faults import *
	data, secret = wdtest.mixed(60000), b"a file of somebody else\n"
	victim = os.path.join(os.environ["BATS_TEST_TMPDIR"], "victim")

	def link(name):
	    os.symlink(victim, name)

	def hard_link(name):
	    os.link(victim, name)

	def directory(name):
	    os.mkdir(name)

	def fifo(name):
	    os.mkfifo(name)

	def loop(name):
	    os.symlink(name, name)

	runs = 0
	for command in "wdzip -b 32K", "wdunzip", "wdzip -f", "wdzip --synchronous":
	    for swap in link, hard_link, directory, fifo, loop:
	        case = Case(command, data)
	        case.prepare()
	        run(case.command, log=True)
	        last = [kind for kind, _ in calls()].index("unlink") + 1
	        # Before it is opened, -f takes what is there.
	        for n in range(2 if "-f" in command else 1, last, SLOW):
	            wdtest.write(victim, secret)
	            inode = os.stat(victim).st_ino
	            case.prepare()
	            child = stop(case.command, ("any", n))
	            os.rename(case.before, "moved")
	            swap(case.before)
	            mode = os.lstat(case.before).st_mode
	            result = go_on(child)
	            what = command, swap.__name__, n, result
	            assert result.status in (1, 2), what
	            assert wdtest.read(victim) == secret, what
	            assert os.stat(victim).st_ino == inode, what
	            assert wdtest.read("moved") == case.content, what
	            assert os.lstat(case.before).st_mode == mode, what
	            if os.path.exists(case.after):
	                assert complete(case.after, data), what
	            if swap == directory:
	                os.rmdir(case.before)
	            runs += 1
	say("%d runs" % runs)
	EOT
}

@test "an output that is swapped for something else: the input stays" {
	py - <<-'EOT'
	from faults import *
	data, secret = wdtest.mixed(60000), b"a file of somebody else\n"
	victim = os.path.join(os.environ["BATS_TEST_TMPDIR"], "victim")

	def nothing(name):
	    pass

	def link(name):
	    os.symlink(victim, name)

	def other(name):
	    wdtest.write(name, secret)

	runs = 0
	for command in ("wdzip -b 32K", "wdunzip", "wdzip -f", "wdzip --verify",
	                "wdzip --synchronous"):
	    for swap in nothing, link, other:
	        case = Case(command, data)
	        case.prepare()
	        run(case.command, log=True)
	        # Until the output is closed; then it is the user's.
	        last = calls().index(("close", case.after)) + 1
	        for n in range(1, last, SLOW):
	            wdtest.write(victim, secret)
	            inode = os.stat(victim).st_ino
	            case.prepare()
	            child = stop(case.command, ("any", n))
	            had = os.path.lexists(case.after)
	            if had:
	                os.unlink(case.after)
	            swap(case.after)
	            result = go_on(child)
	            what = command, swap.__name__, n, result
	            assert wdtest.read(victim) == secret, what
	            assert os.stat(victim).st_ino == inode, what
	            if os.path.exists(case.before):
	                assert wdtest.read(case.before) == case.content, what
	                assert result.status in (1, 2), what
	            else:
	                assert complete(case.after, data), what
	                assert not os.path.islink(case.after), what
	            if swap == other and "-f" not in command:
	                assert wdtest.read(case.after) == secret, what
	            runs += 1
	say("%d runs" % runs)
	EOT
}

@test "a directory that is moved away meanwhile: the files in it are done" {
	py - <<-'EOT'
	from faults import *
	data = wdtest.mixed(60000)
	other = b"another file by the same name\n"
	runs = 0
	for tool in "wdzip", "wdunzip":
	    before, after = ("f", "f.gz") if tool == "wdzip" else ("f.gz", "f")
	    content = data if tool == "wdzip" else wdtest.member(data)
	    n = 1
	    while True:
	        for name in os.listdir("."):
	            shutil.rmtree(name)
	        os.mkdir("dir")
	        wdtest.write("dir/" + before, content)
	        child = stop([tool, "dir/" + before], ("any", n))
	        if child is None:
	            break
	        os.rename("dir", "moved")
	        os.mkdir("dir")
	        wdtest.write("dir/" + before, other)
	        result = go_on(child)
	        what = tool, n, result
	        # Before it has opened the directory, it finds the other one.
	        if n > 1:
	            assert wdtest.read("dir/" + before) == other, what
	            assert os.listdir("dir") == [before], what
	            assert os.listdir("moved") == [after], what
	            assert complete("moved/" + after, data), what
	            assert result.status == 0, what
	        else:
	            assert wdtest.read("moved/" + before) == content, what
	        n += 1
	        runs += 1
	say("%d runs" % runs)
	EOT
}

@test "an output that becomes a FIFO or a link to one meanwhile: that stays" {
	py - <<-'EOT'
	from faults import *
	data = wdtest.mixed(60000)
	pipe = os.path.join(os.environ["BATS_TEST_TMPDIR"], "pipe")
	os.mkfifo(pipe)

	def fifo(name):
	    os.mkfifo(name)

	def link(name):
	    os.symlink(pipe, name)

	runs = 0
	for command in "wdzip -f", "wdunzip -f", "wdzip -fo f.gz":
	    for swap in fifo, link:
	        case = Case(command, data)
	        n = 1
	        while True:
	            case.prepare()
	            wdtest.write(case.after, b"old")
	            child = stop(case.command, ("any", n))
	            if child is None:
	                break
	            # Once it writes, the name is the output's, and looked at once more.
	            if os.path.exists(case.after) and wdtest.read(case.after) == b"old":
	                os.unlink(case.after)
	                swap(case.after)
	                inode = os.lstat(case.after).st_ino
	                # A FIFO that -o names is waited for.
	                end = os.open(case.after, os.O_RDONLY | os.O_NONBLOCK)
	                result = go_on(child)
	                os.close(end)
	                what = command, swap.__name__, n, result
	                assert os.lstat(case.after).st_ino == inode, what
	                assert wdtest.read(case.before) == case.content, what
	                # Before it looks, -o takes it for what it is.
	                assert result.status or "-fo" in command, what
	                assert sorted(os.listdir(".")) == sorted([case.before, case.after]), what
	                runs += 1
	            else:
	                go_on(child)
	            n += 1
	say("%d runs" % runs)
	assert runs
	EOT
}

@test "a signal while an output is overwritten leaves nothing under another name" {
	py - <<-'EOT'
	from faults import *
	data = wdtest.mixed(60000)
	runs = 0
	for command in "wdzip -f", "wdunzip -f", "wdzip -fo f.gz":
	    case = Case(command, data)
	    n = 1
	    while True:
	        case.prepare()
	        wdtest.write(case.after, b"old")
	        child = stop(case.command, ("any", n))
	        if child is None:
	            break
	        child.send_signal(signal.SIGTERM)
	        result = go_on(child)
	        what = command, n, result, os.listdir(".")
	        assert not set(os.listdir(".")) - {case.before, case.after}, what
	        kept = os.path.exists(case.before)
	        assert kept or complete(case.after, data), what
	        if kept and os.path.exists(case.after):
	            assert wdtest.read(case.after) == b"old" or \
	                complete(case.after, data), what
	        runs += 1
	        n += 1
	say("%d runs" % runs)
	EOT
}

@test "an error at any call while an output is overwritten loses nothing" {
	py - <<-'EOT'
	from errno import *
	from faults import *
	data = wdtest.mixed(60000)
	runs = 0
	for command in "wdzip -f", "wdunzip -f":
	    case = Case(command, data)
	    for kind, error in ("rename", EINVAL), ("rename", EIO), ("rename", EPERM), \
	                       ("unlink", EIO), ("unlink", EPERM), ("open", EACCES):
	        for n in range(1, 8):
	            case.prepare()
	            wdtest.write(case.after, b"old")
	            result = run(case.command, fail=(kind, n, error))
	            what = command, kind, error, n, result, os.listdir(".")
	            assert not set(os.listdir(".")) - {case.before, case.after}, what
	            if os.path.exists(case.before):
	                assert wdtest.read(case.before) == case.content, what
	                assert result.status, what
	            else:
	                assert complete(case.after, data), what
	            runs += 1
	say("%d runs" % runs)
	EOT
}
