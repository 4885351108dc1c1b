#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Signals that end a program: before each system call, and at random moments.
# The input is there, or the output is complete; nothing else is.

load common

@test "a signal before any system call leaves the input or the complete output" {
	py - <<-'EOT'
	from faults import *
	data = wdtest.mixed(100000)
	for command in ("wdzip -b 32K", "wdunzip", "wdzip --synchronous", "wdzip --verify",
	                "wdzip -k", "wdzip -q"):
	    case = Case(command, data, keep="-k" in command)
	    total = case.count("any")
	    case.tally.clear()
	    for sig in signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE:
	        want = 2 if sig == signal.SIGPIPE and "-q" in command else -sig
	        for n in range(1, total + 1, SLOW):
	            # 0: the file was done, and there was no more call to come.
	            state = case.run(at=("any", n, sig), also=[want], silent=True)
	            assert case.result.status in (want, 0), (n, case.result)
	            assert case.result.status or n == total
	            assert n > 2 or state == "kept"
	            assert state != "both" or "-k" in command, n
	    case.report("a signal before each of %d calls" % total)
	EOT
}

@test "a signal at a random moment leaves the input or the complete output" {
	py - <<-'EOT'
	from faults import *
	data = wdtest.mixed(1000000) * 6
	rng = random_numbers(7)
	for command in "wdzip", "wdzip -1 --synchronous", "wdunzip":
	    case = Case(command, data)
	    case.prepare()
	    begun = time.monotonic()
	    assert finish(start(case.command)).status == 0
	    took = time.monotonic() - begun
	    seen = collections.Counter()
	    for n in range(20):
	        sig = rng.choice([signal.SIGINT, signal.SIGTERM, signal.SIGHUP,
	                          signal.SIGPIPE])
	        case.prepare()
	        child = start(case.command)
	        # Starting takes Python about a millisecond, too.
	        spin(rng.uniform(0, took * 1.1), child)
	        child.send_signal(sig)
	        result = finish(child)
	        state = case.judge(result, also=[-sig], silent=True)
	        assert result.status in (0, -sig), result
	        assert state != "both", result
	        seen[sig.name if result.status else "too late"] += 1
	    case.report("random moments (%s)" % dict(seen))
	EOT
}

# need_container: skip unless a program can be the first process of a namespace.
need_container() {
	local how=()

	need unshare
	[ "$(id -u)" -eq 0 ] || how=(--user --map-root-user)
	unshare "${how[@]}" --pid --fork --mount-proc --kill-child true ||
		skip "no namespace of processes can be made here"
}

# The kernel lets no signal end it unless it has a handler, and no default action.
@test "a signal ends the first process of a container with 128 + n, without an output" {
	need_container
	py - <<-'EOT'
	from faults import *
	data = wdtest.mixed(100000)
	packed = wdtest.member(data)
	names = "SIGHUP SIGINT SIGTERM SIGPIPE SIGXCPU SIGXFSZ".split()
	for command, given in ("wdzip -b 32K -o out", data), ("wdunzip -o out", packed), \
	                      ("wdzip -qb 32K -o out", data):
	    for sig in map(signal.Signals.__getitem__, names):
	        child = start(container() + command.split(), stdin=subprocess.PIPE)
	        child.stdin.write(given[:-100])
	        child.stdin.flush()
	        pid = first_process(child, sig)
	        end = time.monotonic() + DEADLINE
	        while not os.path.exists("out"):
	            assert time.monotonic() < end and child.poll() is None
	        os.kill(pid, sig)
	        want = 2 if sig == signal.SIGPIPE and "-q" in command else 128 + sig
	        end = time.monotonic() + DEADLINE
	        while child.poll() is None and time.monotonic() < end:
	            time.sleep(0.01)
	        # Otherwise the end of its input is its end.
	        result = finish(child)
	        assert result.status == want and not result.stderr, (command, sig, result)
	        assert not os.path.exists("out"), (command, sig)
	EOT
}

@test "what the first process of a container was told to ignore does not end it" {
	need_container
	py - <<-'EOT'
	from faults import *
	data = wdtest.mixed(100000)

	def ignore():
	    signal.signal(signal.SIGTERM, signal.SIG_IGN)

	child = subprocess.Popen(
	    container() + "wdzip -b 32K -o out".split(), stdin=subprocess.PIPE,
	    stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=ignore)
	child.stdin.write(data)
	child.stdin.flush()
	pid = first_process(child, signal.SIGINT)
	os.kill(pid, signal.SIGTERM)
	result = finish(child)
	assert result.status == 0 and not result.stderr, result
	assert gunzip(wdtest.read("out")) == data
	EOT
}

@test "a reader that goes away ends the first process of a container, and quietly" {
	need_container
	py - <<-'EOT'
	from faults import *
	data = wdtest.mixed(500000) * 4
	wdtest.write("f", data)
	wdtest.write("g.gz", wdtest.member(data))
	for command, want in ("wdzip -c f", 141), ("wdzcat g.gz", 141), ("wdzip -qc f", 2):
	    child = start(container() + command.split())
	    os.read(child.stdout.fileno(), 100)
	    child.stdout.close()
	    child.stdout = None
	    result = finish(child)
	    assert result.status == want and not result.stderr, (command, result)
	EOT
}

# As a tracer can, and a filter of system calls.
@test "a signal that is kept from ending it ends it all the same" {
	need strace
	# shellcheck disable=SC2016
	strace -o /dev/null -e inject=tgkill:retval=0 true || skip "strace cannot trace here"
	py - <<-'EOT'
	from faults import *
	data = wdtest.mixed(100000)
	for sig in signal.SIGTERM, signal.SIGPIPE:
	    child = start("strace -qqo /dev/null -e trace=tgkill -e inject=tgkill:retval=0 "
	                  "wdzip -b 32K -o out".split(), stdin=subprocess.PIPE)
	    child.stdin.write(data)
	    child.stdin.flush()
	    pid = first_process(child, sig)
	    end = time.monotonic() + DEADLINE
	    while not os.path.exists("out"):
	        assert time.monotonic() < end and child.poll() is None
	    os.kill(pid, sig)
	    result = finish(child)
	    assert result.status == 128 + sig, result
	    assert not os.path.exists("out")
	EOT
}

@test "a message that nobody reads keeps no signal from ending it" {
	py - <<-'EOT'
	from faults import *
	data = wdtest.mixed(100000)
	for command in "wdzip", "wdunzip":
	    case = Case(command, data)
	    case.prepare()
	    reader, writer = os.pipe()
	    os.set_blocking(writer, False)
	    try:
	        while True:
	            os.write(writer, b"x" * 4096)
	    except BlockingIOError:
	        os.set_blocking(writer, True)
	    # What it has to say is that the input cannot be removed.
	    env = environment(case.command[0], fail=("unlink", 1, errno.EPERM),
	                      at=("unlink", 1, signal.SIGTERM))
	    child = subprocess.Popen(case.command, env=env, stderr=writer)
	    os.close(writer)
	    result = finish(child)
	    os.close(reader)
	    assert result.status == -signal.SIGTERM, result
	    assert wdtest.read(case.before) == case.content
	    assert complete(case.after, data)
	EOT
}

@test "SIGKILL never costs the input" {
	py - <<-'EOT'
	from faults import *
	data = wdtest.mixed(100000)
	for command in "wdzip -b 32K", "wdunzip":
	    case = Case(command, data)
	    total, whole = case.count("any"), 0
	    for n in range(1, total + 1):
	        case.prepare()
	        result = run(case.command, at=("any", n, signal.SIGKILL))
	        assert result.status == -signal.SIGKILL, result
	        if os.path.exists(case.before):
	            assert wdtest.read(case.before) == case.content
	        else:
	            assert complete(case.after, data)
	            whole += 1
	    say("%s: %d runs, in %d the output was complete" % (command, total, whole))
	EOT
}

@test "a reader that goes away ends the writer by SIGPIPE, and quietly" {
	py - <<-'EOT'
	from faults import *
	data = wdtest.mixed(500000) * 4
	wdtest.write("f", data)
	wdtest.write("g.gz", wdtest.member(data))
	rng = random_numbers(3)
	for n in range(40 // SLOW):
	    command = rng.choice(["wdzip -c f", "wdzcat g.gz", "wdzip -qc f",
	                          "wdzcat -q g.gz"]).split()
	    child = start(command)
	    os.read(child.stdout.fileno(), rng.randint(1, 100000))
	    child.stdout.close()
	    child.stdout = None
	    result = finish(child)
	    want = 2 if "q" in command[1] else -signal.SIGPIPE
	    assert result.status == want and not result.stderr, (command, result)
	say("%d runs" % (n + 1))
	EOT
}

@test "SIGUSR1 again and again loses nothing" {
	py - <<-'EOT'
	from faults import *
	data = wdtest.mixed(1000000) * 8
	packed = wdtest.member(data)
	for command, given in (["wdzip", "-1", "-"], data), (["wdzcat", "-"], packed):
	    with open("in", "wb+") as f:
	        f.write(given)
	        f.seek(0)
	        with open("out", "wb") as out, open("err", "wb") as err:
	            # First a signal that it handles, as otherwise it would be its end.
	            child = subprocess.Popen(command, stdin=f, stdout=out, stderr=err)
	    sent, end = 0, time.monotonic() + DEADLINE
	    while os.path.getsize("out") == 0 and child.poll() is None:
	        assert time.monotonic() < end
	    while child.poll() is None:
	        child.send_signal(signal.SIGUSR1)
	        sent += 1
	        assert time.monotonic() < end
	    assert child.returncode == 0, child.returncode
	    got = wdtest.read("out")
	    assert got == data or gunzip(got) == data
	    say("%s: %d signals" % (" ".join(command), sent))
	EOT
}

# The last call of each run waits for input that only comes after the line.
@test "SIGUSR1 before any system call prints its line, also while nothing comes in" {
	# It may run a handler late, just before the wait that the signal has to end.
	sanitized tsan && skip "ThreadSanitizer delays signals"
	py - <<-'EOT'
	from faults import *
	data = wdtest.mixed(100000)

	def begin(**faults):
	    child = start(["wdzip", "-b", "32K"], environment("wdzip", **faults),
	                  subprocess.PIPE, subprocess.DEVNULL)
	    child.stdin.write(data)
	    child.stdin.flush()
	    return child

	# What it calls until it waits: from then on nothing more is counted.
	child = begin(log=True)
	before, end = -1, time.monotonic() + DEADLINE
	while counts()["any"] != before or not before:
	    assert time.monotonic() < end
	    before = counts()["any"]
	    time.sleep(0.5)
	kinds = [kind for kind, _ in calls() if kind in KINDS[:KINDS.index("mmap")]]
	finish(child)
	# Before the first read it may not be prepared for a signal.
	lines = 0
	for n in range(kinds.index("read") + 1, before + 1):
	    child = begin(at=("any", n, signal.SIGUSR1))
	    line, end = [], time.monotonic() + DEADLINE
	    while not line and time.monotonic() < end:
	        line = select.select([child.stderr], [], [], 2)[0]
	        # How its threads take turns decides how many calls it is: if it
	        # waits for good before the n-th, there is no signal either.
	        if not line and counts()["any"] < n:
	            break
	    seen = counts()["any"]
	    result = finish(child)
	    assert line or seen < n, "call %d of %d: no line" % (n, before)
	    if line:
	        assert result.status == 0 and result.stderr.count(b"\n") == 1, result
	        lines += 1
	assert lines
	say("%d runs with a line, of %d" % (lines, before - kinds.index("read")))
	EOT
}

@test "stopped and continued before any system call, nothing is lost" {
	py - <<-'EOT'
	from faults import *
	data = wdtest.mixed(100000)
	for command in "wdzip -b 32K", "wdunzip":
	    case = Case(command, data)
	    total = case.count("any")
	    case.tally.clear()
	    for n in range(1, total + 1):
	        case.prepare()
	        child = stop(case.command, ("any", n))
	        result = go_on(child)
	        assert case.judge(result) == "done"
	    case.report("stopped and continued")
	EOT
}

@test "the limit on file sizes ends it without leaving an output" {
	py - <<-'EOT'
	import resource
	from faults import *
	data = wdtest.mixed(300000)

	def limit():
	    resource.setrlimit(resource.RLIMIT_FSIZE, (50000, 50000))
	    signal.signal(signal.SIGXFSZ, how)

	for command in "wdzip -b 32K", "wdunzip":
	    case = Case(command, data)
	    for how, want in (signal.SIG_DFL, -signal.SIGXFSZ), (signal.SIG_IGN, 1):
	        case.prepare()
	        child = subprocess.Popen(
	            case.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
	            stderr=subprocess.PIPE, restore_signals=False, preexec_fn=limit)
	        result = finish(child)
	        assert case.judge(result, also=[want], silent=True) == "kept"
	        assert result.status == want, result
	EOT
}
