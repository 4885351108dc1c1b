#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# wdbench: what it accepts, what it writes, and that it sees what is wrong.  How
# fast anything is does not matter here.

load common

prepare() {
	PATH=$BATS_TEST_DIRNAME/../../cli/wdbench:$PATH
	quick=(-n 2 -t 0.01 --warm-up=0 -s 256K)
}

# bench ARG...: a short run.
bench() {
	try wdbench "${quick[@]}" "$@"
}

# field EXPRESSION: of the JSON on standard output, as d.
field() {
	py -c 'import json, sys
d = json.load(open(sys.argv[1]))
print(eval(sys.argv[2]))' "$OUT" "$1"
}

# ---- what is measured ----

@test "every engine, both directions, all formats" {
	engines=$(wdbench --list-engines | grep -v 'not usable' | awk '{ print $1 }' | paste -sd,)
	[[ $engines == sw,zlib,libdeflate* ]]
	for format in gzip zlib deflate; do
		bench --op=both --format=$format --level=1-3 -e "$engines" --json
		status_is 0
		[ "$(field '{r["outcome"] for r in d["results"]}')" = "{'ok'}" ]
		[ "$(field 'len(d["results"])')" -eq $((6 * $(tr , '\n' <<<"$engines" | wc -l))) ]
	done
	echo "# $engines" >&3
}

@test "requests: closed and open, queues and depths, all ways to wait" {
	for args in "-m closed --wait=sync --depth=1-4 --queues=1,2" \
		"-m closed --wait=poll -d --depth=2" \
		"-m open --rate=500,1000 --wait=sync -t 0.5" \
		"-m open --rate=500 --wait=poll -d --queues=2 -t 0.5"; do
		# shellcheck disable=SC2086
		bench $args -b 4K -e sw:1,zlib:1 --json
		status_is 0
		[ "$(field '{r["outcome"] for r in d["results"]}')" = "{'ok'}" ]
		# What an open loop could not begin on a busy machine has waited, too.
		[ "$(field 'all(r["latency_ns"]["count"] == r["requests"] + r["missed"] for r in d["results"])')" = True ]
		[ "$(field 'all(r["missed"] == 0 for r in d["results"] if r["mode"] != "open")')" = True ]
		[ "$(field 'all(sum(b[2] for b in r["latency_ns"]["histogram"]) == r["latency_ns"]["count"] for r in d["results"])')" = True ]
	done
}

@test "an open loop sends as many requests as it was told" {
	bench -m open --rate=2000 -t 0.2 -n 3 -b 4K -e zlib:1 --json
	status_is 0
	[ "$(field 'd["results"][0]["requests"] + d["results"][0]["missed"]')" -eq 1200 ]
}

# At 2000 a second 80 requests are due while the engine stops for 40 ms, and half of
# them wait for 20 ms or more; in a closed loop the only one is lost among the others.
# So long a wait is seldom a busy machine's doing.
@test "a pause of the engine is seen by an open loop, and hidden by a closed one" {
	local stall=(--inject-stall=40:1500 -b 4K -e zlib:1 -s 64K -n 3 -t 1 --warm-up=0)

	try wdbench "${stall[@]}" -m open --rate=2000 --json
	status_is 0
	[ "$(field 'd["results"][0]["latency_ns"]["p99_9"] > 20e6')" = True ]
	[ "$(field 'd["results"][0]["latency_ns"]["max"] >= 40e6')" = True ]
	late=$(field 'sum(n for low, high, n in d["results"][0]["latency_ns"]["histogram"] if low > 20e6)')
	requests=$(field 'd["results"][0]["requests"]')
	try wdbench "${stall[@]}" -m closed --json
	status_is 0
	[ "$(field 'd["results"][0]["latency_ns"]["max"] >= 40e6')" = True ]
	few=$(field 'sum(n for low, high, n in d["results"][0]["latency_ns"]["histogram"] if low > 20e6)')
	many=$(field 'd["results"][0]["requests"]')
	# The share of late ones, as integers.
	echo "# open: $late of $requests late; closed: $few of $many" >&3
	[ $((late * many)) -gt $((2 * few * requests)) ]
}

@test "files and directories are inputs, and can be cut" {
	mkdir -p dir/sub
	make text 30000 >dir/b
	make text 20000 >dir/sub/a
	ln -s b dir/link
	bench -e sw:1 --json dir dir/b
	status_is 0
	[ "$(field '[(i["bytes"], i["files"], i["cut"]) for i in d["inputs"]]')" = \
		"[(50000, 2, False), (30000, 1, False)]" ]
	bench -e sw:1 --limit=10000 --json dir/b
	[ "$(field '[(i["bytes"], i["cut"]) for i in d["inputs"]]')" = "[(10000, True)]" ]
}

@test "inputs that cannot be read are errors" {
	bench -e sw:1 missing
	status_is 1
	err_is 'wdbench: missing: No such file or directory'
	bench -e sw:1 /dev/zero
	status_is 1
	err_is 'wdbench: /dev/zero: a device may have no end: give --limit'
	bench -e sw:1 --limit=100K /dev/zero
	status_is 0
	: >empty
	bench -e sw:1 empty
	status_is 1
	err_is 'wdbench: empty: nothing in it to compress'
}

@test "cold memory is memory, too" {
	bench -e sw:1,zlib:1 --memory=cold --op=both
	status_is 0
	bench -e sw:1,zlib:1 --memory=cold -m closed -b 4K
	status_is 0
}

@test "other programs run beside, and their output is looked at" {
	need gzip
	bench -e sw:1 --external 'gzip -1 -c' --external 'cat' --json
	status_is 0
	[ "$(field '[r["outcome"] for r in d["results"]]')" = "['ok', 'ok', 'ok']" ]
	bench -e none --external 'gzip -{1-3} -c; exit 0' --json
	[ "$(field '[r["command"] for r in d["results"]]')" = \
		"['gzip -1 -c; exit 0', 'gzip -2 -c; exit 0', 'gzip -3 -c; exit 0']" ]
	bench -d -e sw:1 --external 'gzip -dc' --json
	status_is 0
	bench -d -e sw:1 --external 'gzip -dc | tr a b'
	status_is 1
	err_like "wdbench: gzip -dc .* wrong output.*"
	bench -e sw:1 --external 'false'
	status_is 1
	err_like "wdbench: false, compress: the command's status is 1"
	bench -e sw:1 --external 'gzip -c | head -c 1000'
	status_is 1
	err_like ".*wrong output.*"
}

@test "two engines are compared" {
	# So many rounds that a busy machine hides the difference in few of them.
	bench -n 41 --compare sw:1 sw:9 --json
	status_is 0
	[ "$(field 'd["comparison"]["ratio"] > 1 and d["comparison"]["differs"]')" = True ]
	bench --compare=sw:1,zlib:1
	status_is 0
	out_like '.* times as fast as zlib:1.*: too few rounds to tell'
	bench --compare=sw:1 --level=1-9 zlib
	status_is 1
}

@test "the queues of requests are on the devices that are named, which is told" {
	bench -m closed -b 4K --queues=1,2 -e sw+soft-0,zlib --json
	status_is 0
	[ "$(field '[[(s["name"], s["queues"], s["share"]) for s in r["shares"]] for r in d["results"]]')" = \
		"[[('soft-0', 1, 1)], [('soft-0', 2, 1)], [], []]" ]
	[ "$(field 'all(s["bytes"] == r["bytes"] and s["requests"] == r["requests"] for r in d["results"] for s in r["shares"])')" = True ]
	bench -m closed -b 4K -e sw+nosuch
	status_is 1
	err_like 'wdbench: sw\+nosuch:6, compress: nosuch: no such device.*'
}

@test "a forecast is computed from what was measured, and kept apart from it" {
	bench -n 3 --what-if=zip=3,numa=2,cores=8 -e sw:1 -s 1M -b 64K --json
	status_is 0
	py - "$OUT" "$(nproc)" <<-'EOF'
		import json, sys
		d = json.load(open(sys.argv[1]))
		f = d["forecast"]
		cpus = min(int(sys.argv[2]), 2)
		assert (f["cores"], f["zip"], f["numa"]) == (8, 3, 2), f
		measured = [(r["op"], r["threads"]) for r in d["results"]]
		assert measured == [("compress", n + 1) for n in range(cpus)] + [("decompress", 1)], measured
		(case,) = f["cases"]
		assert (case["op"], case["level"], case["chunks"]) == ("compress", 1, 16), case
		assert case["one_thread_mb_s"] == d["results"][0]["mb_s"]["median"], case
		assert case["check_mb_s"] == d["results"][-1]["mb_s"]["median"], case
		for name in "cores", "engines", "both":
		    speed = case[name + "_mb_s"]
		    assert 0 < speed["low"] <= speed["median"] <= speed["high"], case
		assert case["cores_mb_s"]["median"] <= 8.001 * case["one_thread_mb_s"], case
		assert case["engines_mb_s"]["median"] <= 3 * 7272.001, case
		if cpus == 2:
		    check = case["two_threads"]
		    assert check["measured_mb_s"] == d["results"][1]["mb_s"]["median"], case
		    assert abs(check["forecast_mb_s"] / case["one_thread_mb_s"] - 2) < 1e-6, case
		    off = check["forecast_mb_s"] / check["measured_mb_s"] - 1
		    assert abs(check["deviation"] - off) < 1e-6, case
		    assert 0 <= case["serial"]["low"] <= case["serial"]["high"] <= 1, case
	EOF
	bench -n 3 --what-if=zip=1 --op=both -e sw:1,sw:6
	status_is 0
	[ "$(grep -c '^Forecast, no result, for .* 1 ZIP engine of 7272 MB/s, 1 memory node:$' "$OUT")" -eq 1 ]
	[ "$(grep -c '^  both  *[0-9.]* MB/s' "$OUT")" -eq 4 ]
	[ "$(grep -c '^  error: ' "$OUT")" -eq 4 ]
	bench -n 3 --what-if=cores=4 --csv
	status_is 0
	! grep -qi forecast "$OUT"
}

@test "with one CPU a forecast says that its error is not known" {
	need taskset
	bench_cpu=$(taskset -cp $$ | sed 's/.*: //; s/[,-].*//')
	try taskset -c "$bench_cpu" wdbench "${quick[@]}" --what-if=cores=4 -e sw:1
	status_is 0
	grep -q '^  error: not known, nor the serial part' "$OUT"
	! grep -q '^  both' "$OUT"
	try taskset -c "$bench_cpu" wdbench "${quick[@]}" --what-if=cores=4 -e sw:1 --json
	[ "$(field '(d["forecast"]["cases"][0]["serial"], d["forecast"]["cases"][0]["two_threads"])')" = \
		"(None, None)" ]
}

@test "no forecast is made of what cannot be" {
	for machine in "" zip "zip=" zip=x zip=65 zip=-1 cores=0 cores=4097 numa=0 numa=65 gpu=1 \
		cores=4,cores=4 cores=4, ,cores=4 cores=2,numa=3 "cores=4 zip=1" cores=4.5; do
		try wdbench "--what-if=$machine"
		usage_error wdbench
		out_is
	done
	for args in "-m closed" "-m open" "-p 2" "--compare=sw:1,sw:6" "--external=cat"; do
		# shellcheck disable=SC2086
		try wdbench --what-if=zip=1 $args
		usage_error wdbench
		err_like 'wdbench: --what-if .*'
	done
	bench --what-if=cores=4 -e zlib
	status_is 1
	err_is 'wdbench: --what-if: zlib: forecasts are made from libwd on the CPUs only, sw'
}

# ---- what is written ----

@test "the JSON of every mode is what the schema says" {
	"$PYTHON" -c 'import jsonschema' 2>/dev/null || skip "python3-jsonschema is not installed"
	n=0
	for args in "--op=both" "-m closed --depth=2" "-m open --rate=1000" \
		"--compare=sw:1,zlib:1" "--external=false" "--external=cat" \
		"-e sw:1 -m closed --wait=event" "--what-if=zip=1,cores=64" \
		"--what-if=cores=2 -d" "--seed=18446744073709551615"; do
		# shellcheck disable=SC2086
		bench -b 64K $args --json
		py - "$BATS_TEST_DIRNAME/../../cli/wdbench/schema.json" "$OUT" <<-'EOF'
			import json, sys, jsonschema
			schema, report = (json.load(open(name)) for name in sys.argv[1:])
			jsonschema.Draft202012Validator.check_schema(schema)
			jsonschema.Draft202012Validator(schema).validate(report)
		EOF
		n=$((n + 1))
	done
	name=$(printf 'a"b\\\n\377\303\251')
	make text 5000 >"$name"
	bench -e sw:1 --json "$name"
	[ "$(field 'd["inputs"][0]["name"]')" = "$(printf 'a"b\\\n\357\277\275\303\251')" ]
	echo "# $n reports" >&3
}

@test "CSV has a line for each result, as wide as the first" {
	bench -e sw:1,zlib:1 --op=both --csv
	status_is 0
	py - "$OUT" <<-'EOF'
		import csv, sys
		rows = list(csv.DictReader(open(sys.argv[1], newline="")))
		assert len(rows) == 4, rows
		assert all(None not in row and None not in row.values() for row in rows)
		assert all(float(row["mb_s"]) > 0 and row["outcome"] == "ok" for row in rows)
	EOF
}

@test "pictures are well-formed, whatever was varied" {
	for args in "--level=1-3" "-m closed --depth=1-4 -b 4K" "-m open --rate=500,1000 -b 4K" \
		"-m closed -b 4K" "-b 64K-256K" "--op=both --level=1,6" "-e sw:6"; do
		# shellcheck disable=SC2086
		bench -e sw,zlib $args --plot=out.svg -q
		status_is 0
		py - <<-'EOF'
			import re, xml.dom.minidom
			text = open("out.svg").read()
			xml.dom.minidom.parseString(text)
			assert "nan" not in text and "inf" not in text, text
			for x, y in re.findall(r"<circle cx='([^']*)' cy='([^']*)'", text):
			    assert 80 <= float(x) <= 730 and 70 <= float(y) <= 490, (x, y)
		EOF
	done
}

@test "JSON, CSV and picture go to files, and the table stays" {
	bench -e sw:1 --json=a.json --csv=a.csv --plot=a.svg
	status_is 0
	there a.json a.csv a.svg
	out_like 'engine .*MB/s.*'
	bench -e sw:1 --json=missing/a.json
	status_is 1
	err_is 'wdbench: missing/a.json: No such file or directory'
	status=0
	wdbench "${quick[@]}" -e sw:1 >/dev/full 2>"$ERR" || status=$?
	status_is 1
	err_is 'wdbench: stdout: No space left on device'
}

@test "quiet says nothing, and no terminal gets no progress" {
	bench -e sw:1 -q
	status_is 0
	out_is
	err_is
}

@test "progress takes one row of the terminal, and none in the background" {
	export TERM=xterm
	py - <<-'EOT'
	from screen import *
	# What it says is shown at any time, and never with a new row.
	command = ["wdbench", "-e", "sw:1", "-s", "64K", "-t", "0.05", "-n", "3",
	           "--external", "cat #" + 200 * "\u6f22"]
	screen = Screen(60)
	for foreground in True, False:
	    with open("out", "wb") as out:
	        child = screen.start(command, stdout=out)
	    if foreground:
	        screen.foreground(child)
	    end = time.monotonic() + DEADLINE
	    while child.poll() is None and time.monotonic() < end:
	        screen.look(0.01)
	    assert child.wait() == 0
	    while screen.look():
	        pass
	    assert bool(screen.raw) == foreground, screen.raw
	    assert len(screen.rows) == 1 and not screen.text(), screen.text()
	    screen.foreground()
	    screen.clear()
	EOT
}

# ---- for scripts ----

@test "a speed below the limit is status 3" {
	bench -q -e sw:1 --fail-below=0.001
	status_is 0
	bench -q -e sw:1 --fail-below=1000000MB/s
	status_is 3
	bench -q -e sw:1 -m closed -b 4K --fail-below=1e9r/s
	status_is 3
	bench -q --compare=sw:9,sw:1 --fail-below=1000x
	status_is 3
	bench -q -e sw:1 --fail-below=1x
	usage_error wdbench
}

@test "what makes no sense is refused" {
	for args in "--mode=fast" "--level=13" "--level=6-1" "--threads=0" "--block-size=x" \
		"--depth=0-4" "-e sw:x" "-e ," "--ratio=0.5" "--time=-1" "--rounds=0" \
		"--compare=sw" "--inject-stall=5 -e zlib" "--external=cat -m closed" \
		"--wait=soon" "--seed=x" "--unknown" "--fail-below=5q"; do
		# shellcheck disable=SC2086
		try wdbench $args
		usage_error wdbench
		out_is
	done
	bench -e nosuch
	status_is 1
	err_like 'wdbench: nosuch:6, compress: .*'
}

@test "hardware that is not there has failed, in each mode" {
	if wdbench --list-engines | grep -Eq 'hisi_zip$'; then
		skip "this machine has some"
	fi
	for mode in session closed; do
		try wdbench --mode=$mode -e hw --size=64K --rounds=1
		status_is 1
		grep -q 'hw:6, compress: hw: no such device' "$ERR"
	done
}

@test "what an engine cannot do is told" {
	bench -e sw:1 -b 4K
	status_is 1
	err_like 'wdbench: sw:1, compress: --block-size: chunks have 32K to 16M: .*'
	bench -e sw:1 -m closed --wait=event
	status_is 1
	err_like 'wdbench: sw:1, compress: --wait=event: its queues have no descriptor: .*'
}

# The command says when it runs: once to be looked at, then to be timed.
@test "an interrupt shows what is finished" {
	"${signals[@]}" default INT wdbench -s 64K -n 1 -t 3 --warm-up=0 -e sw:1 \
		--external 'echo >>runs; cat' --external cat >"$OUT" 2>"$ERR" 3>&- &
	pid=$!
	pids+=("$pid")
	wait_until eval '[ "$(cat runs 2>/dev/null | wc -l)" -ge 3 ]'
	kill -INT $pid
	status=0
	wait $pid || status=$?
	status_is 130
	grep -q '^sw:1 .* compress .*[0-9]$' "$OUT"
	grep -q '^echo .* compress *stopped' "$OUT"
	grep -q '^cat .* compress *not run' "$OUT"
}

@test "two interrupts end it at once, also as the first process of a container" {
	need unshare ps
	how=()
	[ "$(id -u)" -eq 0 ] || how=(--user --map-root-user)
	how=(unshare "${how[@]}" --pid --fork --mount-proc --kill-child)
	"${how[@]}" true || skip "no namespace of processes can be made here"
	for sig in INT TERM; do
		rm -f runs
		"${signals[@]}" default INT,TERM "${how[@]}" wdbench -s 64K -n 1 --warm-up=0 \
			--external 'echo >>runs; exec sleep 1000' \
			>"$OUT" 2>"$ERR" 3>&- &
		pid=$!
		pids+=("$pid")
		wait_until test -s runs
		# What unshare has begun.
		wait_until eval 'first=$(ps -o pid= --ppid $pid)'
		# Two at the same moment would be one.
		wait_until eval '! kill -$sig $first 2>/dev/null'
		status=0
		wait $pid || status=$?
		status_is $((128 + $(kill -l $sig)))
	done
}

@test "an ignored interrupt stays ignored" {
	"${signals[@]}" ignore INT wdbench -s 64K -n 1 -t 0.3 --warm-up=0 \
		--external 'echo >>runs; cat' >"$OUT" 2>"$ERR" 3>&- &
	pid=$!
	pids+=("$pid")
	wait_until test -s runs
	kill -INT $pid
	status=0
	wait $pid || status=$?
	status_is 0
}

@test "without arguments there is an overview" {
	try wdbench
	status_is 0
	for engine in sw:1 sw:6 sw:9 zlib:6 libdeflate:6; do
		grep -q "^$engine *compress" "$OUT"
	done
}

@test "a budget that is spent leaves the rest out, and says so" {
	bench -e sw:1,zlib:1 --budget=0.000001
	status_is 0
	grep -q '^sw:1 *compress .*[0-9]$' "$OUT"
	grep -q '^zlib:1 *compress *not run' "$OUT"
	err_is 'wdbench: zlib:1, compress: not run, time was up'
}

# ---- comparing runs ----

# report FACTOR: a copy of a.json, this many times as fast, with noise of 1 %
report() {
	py - "$1" "$2" <<-'EOF'
		import json, random, sys
		factor, seed = float(sys.argv[1]), int(sys.argv[2])
		random.seed(seed)
		report = json.load(open("a.json"))
		for result in report["results"]:
		    speeds = sorted(100 * factor * random.uniform(0.99, 1.01) for _ in range(7))
		    result["seconds"] = [1 / speed for speed in speeds]
		    for name, value in zip(("min", "q1", "median", "q3", "max"), speeds[::1]):
		        result["mb_s"][name] = value
		    result["mb_s"]["median"] = speeds[3]
		json.dump(report, sys.stdout)
	EOF
}

@test "wdbench-compare finds 5 % and is silent on noise" {
	bench --level=1-6 -e sw,zlib --op=both --json=a.json -q
	status_is 0
	for seed in {1..20}; do
		report 1 $seed >old.json
		report 1 $((seed + 100)) >new.json
		try wdbench-compare old.json new.json
		status_is 0
		out_is
		report 0.95 $((seed + 200)) >new.json
		try wdbench-compare old.json new.json
		status_is 1
		[ "$(grep -c '^worse: .*%' "$OUT")" -eq 24 ]
		try wdbench-compare new.json old.json
		status_is 0
		[ "$(grep -c '^better: .*%' "$OUT")" -eq 24 ]
	done
}

@test "wdbench-compare tells sizes, and what it cannot compare" {
	bench -e sw:1 --json=a.json -q
	py -c 'import json
r = json.load(open("a.json"))
r["results"][0]["packed_bytes"] += 2000
json.dump(r, open("b.json", "w"))'
	try wdbench-compare a.json b.json
	status_is 1
	out_like 'worse: *sw:1 compress: \+[0-9.]+ %  [0-9]+ -> [0-9]+ bytes'
	try wdbench-compare a.json missing.json
	status_is 2
	echo '{}' >c.json
	try wdbench-compare a.json c.json
	status_is 2
	err_is 'wdbench-compare: c.json: not written by wdbench --json'
	echo '{"wdbench_schema": 2}' >c.json
	try wdbench-compare a.json c.json
	status_is 2
	bench -e zlib:1 --json=d.json -q
	try wdbench-compare a.json d.json
	status_is 2
}

@test "reports go to descriptors by their names, from where these stand" {
	private=()
	if [ "$(id -u)" -eq 0 ]; then
		private=(unshare -m sh -c 'mount -t tmpfs tmpfs "$0" &&
			ln -s /proc/self/fd "$0/fd" && ln -s fd/1 "$0/stdout" &&
			mount --rbind "$0" /dev && exec "$@"' "$(mktemp -d)")
		"${private[@]}" true 2>/dev/null ||
			skip "nothing can be mounted in a namespace of its own here"
	fi
	for name in /dev/stdout /dev/fd/1 /proc/self/fd/1 out; do
		{ echo first
		"${private[@]}" wdbench --time=0.01 --rounds=1 -b 4K -e zlib \
			--csv="$name" 2>"$ERR"; echo last; } >out
		[ "$(head -n 1 out)" = first ]
		[ "$(tail -n 1 out)" = last ]
		[ "$(wc -l <out)" -eq 4 ]
		! grep -q MB/s out
	done
	{ echo first >&7
	"${private[@]}" wdbench --time=0.01 --rounds=1 -b 4K -e zlib -q \
		--plot=/dev/fd/7 2>"$ERR"; echo last >&7; } 7>out
	[ "$(head -n 1 out)" = first ]
	[ "$(tail -n 1 out)" = last ]
	grep -q "<svg" out
	status=0
	"${private[@]}" wdbench --time=0.01 --rounds=1 -b 4K -e zlib -q --csv=/dev/fd/9 \
		2>"$ERR" 9>&- || status=$?
	status_is 1
	err_line "wdbench: /dev/fd/9: Bad file descriptor"
}
