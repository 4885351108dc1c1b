#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# --top: on machines that a test made, as text and for programs.

load common
load machine

# ---- machines ----

# core NAME DONE WORK IDLE CONSUMED PRODUCED: of the engine, as our driver shows it.
core() {
	attr "kernel/debug/wd_hisi_zip/0000:75:00.0/$1/regs" \
		"bd_fetched       0x00000000\nbd_done          $2\nwork_cycles      $3
idle_cycles      $4\nconsumed         $5\nproduced         $6"
}

# A machine with a device of which everything is told.
busy_machine() {
	zip_machine
	core comp_core0 0x00000010 0x00000100 0x00000200 0x00001000 0x00000400
	core comp_core1 0x00000011 0x00000100 0x00000200 0x00001000 0x00000400
	core decomp_core4 0x00000012 0x00000100 0x00000200 0x00001000 0x00000400
	counter qm/queues 'all 256\nkernel 16\nprocesses 240\nfree 237'
	attr "$C/available_instances" 237
	counter zip/send_cnt 112
	counter zip/recv_cnt 100
	counter qm/resets 2
	counter qm/mb_err 3
	counter zip/fallback_cnt 7
}

# No device, but everything else.
bare_machine() {
	need_machine
	mkdir -p "$M/sys/class/uacce" "$M/sys/bus/pci/devices"
}

# metrics COMMAND...: run it; the samples that it prints are in $SAMPLES, without
# "warpdrive_".
metrics() {
	SAMPLES=$BATS_TEST_TMPDIR/samples
	try "$@" --top=openmetrics
	status_is 0
	err_is
	helper openmetrics "$OUT" >"$SAMPLES.all"
	! grep -v '^warpdrive_' "$SAMPLES.all" || return 1
	sed 's/^warpdrive_//' "$SAMPLES.all" >"$SAMPLES"
}

# sample LINE...: each is one of the samples.
sample() {
	local line

	for line; do
		grep -Fxq -e "$line" "$SAMPLES" && continue
		echo "expected the sample $line, got:"
		cat "$SAMPLES"
		return 1
	done
}

no_sample() {
	! grep -e "^$1 " "$SAMPLES"
}

# is EXPRESSION VALUE...: of the first line, which is d.
is() {
	py -c 'import json, sys
d = [json.loads(line) for line in open(sys.argv[1])][0]
for expression, want in zip(sys.argv[2::2], sys.argv[3::2]):
    got = str(eval(expression))
    if got != want:
        sys.exit("%s is %s, expected %s" % (expression, got, want))
' "$OUT" "$@"
}

# ---- the table ----

@test "not on a terminal --top prints the table once" {
	busy_machine
	try on wdzip --top
	status_is 0
	err_is
	[ "$(grep -c '^wdzip --top, ..:..:.., over [0-9.]* s$' "$OUT")" -eq 1 ]
	out_like 'DEVICE +STATE +REQ/S +IN/S +OUT/S +COMP +DECO +USED +FREE +ERRORS +RESETS +K-REQ/S +K-NOW +K-FALLBACK'
	# Nothing was done; whether that can be told of bytes depends on how busy we are.
	out_like 'fake-0 +up +0 +[0-]+ +[0-]+ +- +- +3 +237 +3 +2 +0 +12 +7'
	! grep -q $'[\033\r]' "$OUT" || return 1
}

@test "--top names what has gone wrong, and nothing else" {
	busy_machine
	try on wdzip --top
	out_like 'fake-0 +error +mb_err +3 +\+0'
	out_like 'fake-0 +reset +resets +2 +\+0'
	out_like 'fake-0 +fallback +fallback_cnt +7 +\+0'
	! grep -Eq 'timeouts|send_cnt|not told' "$OUT" || return 1
}

@test "without a device --top says so at once" {
	bare_machine
	try on wdzip --top
	status_is 0
	err_is
	out_like 'no accelerator devices; wdzip --doctor says why'
	[ "$(wc -l <"$OUT")" -eq 2 ]
}

@test "--top works on this machine, whatever that is like" {
	try wdzip --top
	status_is 0
	err_is
	head -n 1 "$OUT" | grep -q '^wdzip --top, '
	metrics wdzip
	try wdzip --top=json
	status_is 0
	err_is
}

@test "--top names the processes that have queues" {
	busy_machine
	real_device
	# shellcheck disable=SC2016
	try on bash -c 'exec 7<>/dev/hisi_zip-3 8<>/dev/hisi_zip-3; wdzip --top; exit $?'
	status_is 0
	out_like 'DEVICE +PROCESS +QUEUES +COMMAND'
	out_like 'hisi_zip-3 +[0-9]+ +2  bash'
	rm "$M/sys/kernel/debug/wd_hisi_zip/0000:75:00.0/qm/queues"
	# shellcheck disable=SC2016
	try on bash -c 'exec 7<>/dev/hisi_zip-3 8<>/dev/hisi_zip-3; wdzip --top=json; exit $?'
	is 'd["queues_used"]' 2 \
		'[(u["name"], u["queues"]) for u in d["users"]]' "[('bash', 2)]"
}

@test "who may not look into debugfs gets the rest, and is told once" {
	busy_machine
	worker_can_run
	pci_function 0000:b5:00.0 0xa250
	driven_by wd_hisi_zip
	queue_file fake-1
	chmod 700 "$M/sys/kernel/debug"
	try on_as 900 wdzip --top
	status_is 0
	err_is
	[ "$(grep -c 'counters in debugfs are for root only' "$OUT")" -eq 1 ]
	out_like 'fake-0 +up( +-){6} +237( +-){5}'
	out_like 'not all processes could be looked into for queues'
	metrics on_as 900 wdzip
	sample "device_counters_readable device='fake-0' 0" \
		"device_free_queues device='fake-0' 237" \
		"device_isolated device='fake-1' 0"
	no_sample device_used_queues
	no_sample core_requests
	try on_as 900 wdzip --top=json
	is 'd["counters_readable"]' False 'd["queues_used"]' None 'd["counters"]' '{}'
}

@test "where debugfs is not mounted --top says so" {
	busy_machine
	rm -r "$M/sys/kernel/debug"
	try on wdzip --top
	status_is 0
	out_like '.*debugfs has no counters of fake-0, or is not mounted'
	out_like 'fake-0 +up( +-){5} +0 +237( +-){5}'
}

@test "--top shows what keeps a device from its work" {
	busy_machine
	counter qm/status stop
	try on wdzip --top
	out_like 'fake-0 +stopped .*'
	attr "$C/isolate" 1
	try on wdzip --top
	out_like 'fake-0 +isolated .*'
	metrics on wdzip
	sample "device_isolated device='fake-0' 1" "device_running device='fake-0' 0"
}

@test "a device that is the kernel's alone, and one that nobody drives" {
	busy_machine
	rm -r "$M/sys/$C"
	pci_function 0000:b5:00.0 0xa250
	: >"$M/nodes"
	try on wdzip --top
	status_is 0
	out_like '0000:75:00.0 +kernel +0 .*'
	out_like '0000:b5:00.0 +no driver( +-){12}'
	metrics on wdzip
	sample "devices 2" \
		"kernel_sent_requests device='0000:75:00.0' 112" \
		"device_present device='0000:b5:00.0' driver='' pci='0000:b5:00.0' 1"
}

# ---- for programs ----

@test "--top=openmetrics has everything that is counted, as it is" {
	busy_machine
	metrics on wdzip
	sample "devices 1" \
		"device_present device='fake-0' driver='wd_hisi_zip' pci='0000:75:00.0' 1" \
		"device_isolated device='fake-0' 0" \
		"device_running device='fake-0' 1" \
		"device_counters_readable device='fake-0' 1" \
		"device_free_queues device='fake-0' 237" \
		"device_used_queues device='fake-0' 3" \
		"kernel_sent_requests device='fake-0' 112" \
		"kernel_answered_requests device='fake-0' 100" \
		"kernel_aborted_requests device='fake-0' 0" \
		"kernel_fallback_requests device='fake-0' 7" \
		"device_events device='fake-0' event='mb_err' kind='error' 3" \
		"device_events device='fake-0' event='resets' kind='reset' 2" \
		"device_events device='fake-0' event='timeouts' kind='error' 0" \
		"core_requests core='comp0' device='fake-0' 16" \
		"core_requests core='comp1' device='fake-0' 17" \
		"core_requests core='decomp4' device='fake-0' 18"
	# Each is in one place.
	! grep -E "^device_events.*(send_cnt|aborted|fallback_cnt)" "$SAMPLES" || return 1
}

@test "--top=openmetrics without a device is a list without entries" {
	bare_machine
	metrics on wdzip
	lines_are "$SAMPLES" "devices 0"
}

@test "--top=openmetrics of the kernel's own driver" {
	busy_machine
	driven_by hisi_zip
	dir=kernel/debug/hisi_zip/0000:75:00.0
	attr "$dir/qm/status" work
	attr "$dir/qm/err_irq" 4
	attr "$dir/qm/create_qp_err" 5
	attr "$dir/zip_dfx/send_cnt" 20
	attr "$dir/zip_dfx/recv_cnt" 19
	# Of Linux 6.1, and of later ones.
	attr "$dir/comp_core0/regs" 'HZIP_GET_BD_NUM                 = 0x00000001
HZIP_DONE_BD_NUM                = 0x0000000a\nHZIP_WORK_CYCLE                 = 0x00000001
HZIP_IDLE_CYCLE                 = 0x00000001\nHZIP_COMSUMED_BYTE              = 0x00000001
HZIP_PRODUCED_BYTE              = 0x00000001'
	attr "$dir/decomp_core0/regs" 'HZIP_DONE_BD_NUM               = 0x0000000b
HZIP_WORK_CYCLE                = 0x00000001\nHZIP_IDLE_CYCLE                = 0x00000001
HZIP_CONSUMED_BYTE             = 0x00000001\nHZIP_PRODUCED_BYTE             = 0x00000001'
	# One that makes no sense is left out.
	attr "$dir/decomp_core1/regs" 'HZIP_DONE_BD_NUM               = many'
	metrics on wdzip
	sample "core_requests core='comp0' device='fake-0' 10" \
		"core_requests core='decomp0' device='fake-0' 11" \
		"kernel_sent_requests device='fake-0' 20" \
		"kernel_answered_requests device='fake-0' 19" \
		"device_events device='fake-0' event='create_qp_err' kind='error' 5" \
		"device_events device='fake-0' event='err_irq' kind='other' 4"
	no_sample kernel_fallback_requests
	! grep decomp1 "$SAMPLES" || return 1
	try on wdzip --top=json
	is 'd["kernel_pending"]' 1 'd["kernel_fallbacks"]' None 'd["resets"]' None
}

@test "--top=openmetrics of the dummy device" {
	busy_machine
	rm -r "$M/sys/$C/device" "$M/sys/bus"
	link ../../../devices/platform/wd_dummy.0 "$C/device"
	link ../../../bus/platform/drivers/wd_dummy devices/platform/wd_dummy.0/driver
	attr kernel/debug/wd_dummy/fake-0/requests 1234
	attr kernel/debug/wd_dummy/fake-0/limbo 1
	attr kernel/debug/wd_dummy/fake-0/lose 2
	metrics on wdzip
	sample "device_requests device='fake-0' 1234" \
		"device_limbo_queues device='fake-0' 1" \
		"device_injected_faults device='fake-0' fault='lose' kind='injected' 2" \
		"device_present device='fake-0' driver='wd_dummy' pci='' 1"
	no_sample device_running
	no_sample kernel_sent_requests
}

@test "names with marks, new lines and odd bytes come through, or are replaced" {
	busy_machine
	rm -r "$M/sys/$C"
	queue_file 'a"b\c{d="e"}'
	: >"$M/nodes"
	driven_by $'odd\nname\xff'
	metrics on wdzip
	sample "device_present device='a\"b\\\\c{d=\"e\"}' driver='odd\\nname\ufffd' pci='0000:75:00.0' 1" ||
		sample "device_present device='a\"b\\\\c{d=\"e\"}' driver='odd\\nname�' pci='0000:75:00.0' 1"
	try on wdzip --top
	status_is 0
	! grep -q '[^ -~]' "$OUT" || return 1
}

@test "what was answered is read before what was sent, so that it is not more" {
	need strace
	busy_machine
	try on strace -f -e trace=openat -o "$PWD/trace" wdzip --top=json
	grep -q ptrace "$ERR" && skip "cannot trace here"
	status_is 0
	grep -o '\(send\|recv\)_cnt\|aborted' trace | uniq >order
	[ "$(tr '\n' ' ' <order)" = "aborted recv_cnt send_cnt aborted recv_cnt send_cnt " ]
}

@test "--top=json is a line for each device" {
	busy_machine
	pci_function 0000:b5:00.0 0xa250
	driven_by wd_hisi_zip
	queue_file fake-1
	try on wdzip --top=json
	status_is 0
	err_is
	[ "$(wc -l <"$OUT")" -eq 2 ]
	is 'd["device"]' fake-0 \
		'd["state"]' up \
		'd["requests_per_s"]' 0 \
		'd["compress_busy"]' None \
		'd["kernel_requests_per_s"]' 0 \
		'd["kernel_pending"]' 12 \
		'd["queues_used"]' 3 \
		'd["queues_free"]' 237 \
		'd["errors"]' 3 \
		'd["kernel_fallbacks"]' 7 \
		'd["counters_readable"]' True \
		'd["counters"]["mb_err"]' 3
}

@test "files in /sys that make no sense are not known" {
	busy_machine
	core comp_core0 0x1ffffffff 0 0 0 0
	core comp_core1 -1 0 0 0 0
	counter zip/send_cnt many
	counter qm/queues 'processes lots'
	attr "$C/available_instances" -22
	metrics on wdzip
	no_sample kernel_sent_requests
	no_sample device_free_queues
	sample "device_used_queues device='fake-0' 0"
	! grep "core='comp" "$SAMPLES" || return 1
	try on wdzip --top
	status_is 0
	out_like 'fake-0 +up .* 0 +- +3 +2 +0 +- +7'
}

@test "--top refuses other forms" {
	try wdzip --top=xml
	usage_error
	err_line "wdzip: --top xml: not json or openmetrics"
	WDZIP=--top try wdzip -c /dev/null
	status_is 1
}

@test "a full disk is an error of --top" {
	for form in --top --top=json --top=openmetrics; do
		try sh -c "exec wdzip $form >/dev/full"
		[ $form = --top=json ] || status_is 1
	done
}

# ---- on a terminal ----

@test "on a terminal the table is renewed, and q ends it" {
	export TERM=xterm
	py - <<-'EOF'
	from live import *
	live = Live()
	child = live.run(["wdzip", "--top"])
	live.shown("wdzip --top, ", child)
	assert live.alternate and not live.cursor
	assert not termios.tcgetattr(live.tty)[3] & (termios.ECHO | termios.ICANON)
	live.new_frames(child, 3)
	live.type(b"x\n")
	live.new_frames(child)
	live.type(b"q")
	live.end(child)
	EOF
}

@test "the table shows how much is being done" {
	export TERM=xterm
	busy_machine
	py - "$BATS_TEST_DIRNAME/helpers/machine" "$M" <<-'EOF'
	import sys
	import threading
	from live import *
	live = Live(120)
	engine = sys.argv[2] + "/sys/kernel/debug/wd_hisi_zip/0000:75:00.0/"
	child = live.run(["unshare", "-m"] + sys.argv[1:] + ["wdzip", "--top"])
	live.shown("fake-0", child)
	done = 1000000

	def work(step=1):
	    """For all cores."""
	    global done
	    done += step
	    for core in "comp_core0", "comp_core1", "decomp_core4":
	        with open(engine + core + "/new", "w") as file:
	            for name in "bd_done", "work_cycles", "idle_cycles", "consumed", "produced":
	                print("%-16s 0x%08x" % (name, done), file=file)
	        os.rename(engine + core + "/new", engine + core + "/regs")

	def row():
	    found = re.search("^fake-0 +up +([^ ]+) ", live.text(), re.M)
	    work()
	    return found and found[1] not in "-0"

	live.until(row, child)
	# They begin anew, and anew: nobody knows; and then again.
	live.until(lambda: re.search("^fake-0 +up +- ", live.text(), re.M) or work(-1), child)
	live.until(row, child)
	live.type(b"q")
	live.end(child)
	EOF
}

@test "a device that comes and goes while the table is shown" {
	export TERM=xterm
	busy_machine
	py - "$BATS_TEST_DIRNAME/helpers/machine" "$M" <<-'EOF'
	import sys
	from live import *
	live = Live()
	place = sys.argv[2] + "/sys/class/uacce"
	child = live.run(["unshare", "-m"] + sys.argv[1:] + ["wdzip", "--top"])
	for turn in range(2):
	    live.shown("fake-0     up", child)
	    os.rename(place + "/fake-0", sys.argv[2] + "/away")
	    live.shown("0000:75:00.0 kernel", child)
	    os.rename(sys.argv[2] + "/away", place + "/fake-0")
	live.shown("fake-0     up", child)
	live.type(b"q")
	live.end(child)
	EOF
}

@test "after each signal that ends it the terminal is as it was" {
	export TERM=xterm
	py - <<-'EOF'
	from live import *
	live = Live()
	for name in "INT TERM HUP QUIT USR1 ALRM SEGV PIPE".split():
	    live.clear()
	    child = live.run(["wdzip", "--top"])
	    live.shown("wdzip --top, ", child)
	    os.kill(child.pid, signal.Signals["SIG" + name])
	    live.end(child, -signal.Signals["SIG" + name])
	# From the keyboard.
	for key, status in (b"\x03", -2), (b"\x04", 0), (b"Q", 0):
	    live.clear()
	    child = live.run(["wdzip", "--top"])
	    live.shown("wdzip --top, ", child)
	    live.type(key)
	    live.end(child, status)
	EOF
}

@test "stopped from the keyboard it gives the terminal back, and takes it again" {
	export TERM=xterm
	py - <<-'EOF'
	from live import *
	live = Live()
	child = live.run(["wdzip", "--top"])
	for turn in range(2):
	    live.shown("wdzip --top, ", child)
	    live.type(b"\x1a")
	    assert live.stopped(child) == signal.SIGTSTP
	    live.foreground()
	    live.is_as_before()
	    live.go_on(child)
	    live.until(lambda: live.alternate and not live.cursor, child)
	live.shown("wdzip --top, ", child)
	# Stopped so that it cannot give it back.
	os.kill(child.pid, signal.SIGSTOP)
	assert live.stopped(child) == signal.SIGSTOP
	live.foreground()
	live.rest()
	live.clear()
	termios.tcsetattr(live.tty, termios.TCSANOW, live.before)
	live.go_on(child)
	live.until(lambda: live.alternate and not live.cursor, child)
	live.shown("wdzip --top, ", child)
	live.type(b"q")
	live.end(child)
	EOF
}

@test "in the background it waits until it is in the foreground" {
	export TERM=xterm
	py - <<-'EOF'
	from live import *
	live = Live()
	child = live.start(["wdzip", "--top"])
	assert live.stopped(child) == signal.SIGTTOU
	live.is_as_before()
	assert not live.raw, live.raw
	live.go_on(child)
	live.shown("wdzip --top, ", child)
	live.type(b"q")
	live.end(child)
	EOF
}

@test "no line is longer than the terminal is wide, whatever its size" {
	export TERM=xterm
	busy_machine
	py - "$BATS_TEST_DIRNAME/helpers/machine" "$M" <<-'EOF'
	import sys
	from live import *
	live = Live()
	child = live.run(["unshare", "-m"] + sys.argv[1:] + ["wdzip", "--top"])
	live.shown("RESETS", child)
	assert "K-NOW" not in live.text()
	for width, height in (40, 25), (200, 25), (1, 25), (80, 3), (80, 1), (80, 25):
	    live.resize(width, height)
	    live.settle(child)
	live.shown("RESETS", child)
	live.resize(200)
	live.shown("K-NOW", child)
	live.type(b"q")
	live.end(child)
	EOF
}

@test "colours only where they are wanted" {
	export TERM=xterm
	busy_machine
	py - "$BATS_TEST_DIRNAME/helpers/machine" "$M" <<-'EOF'
	import sys
	from live import *
	live = Live()
	for no_color, wanted in ("", True), ("1", False):
	    live.clear()
	    os.environ["NO_COLOR"] = no_color
	    child = live.run(["unshare", "-m"] + sys.argv[1:] + ["wdzip", "--top"])
	    live.shown("fake-0", child)
	    live.hurry(child)
	    assert live.attributes == wanted
	    live.type(b"q")
	    live.end(child)
	EOF
}

@test "on a terminal that cannot move its cursor the table is printed once" {
	for TERM in dumb ""; do
		export TERM
		status=0
		helper terminal '!' wdzip --top >"$OUT" || status=$?
		status_is 0
		head -n 1 "$OUT" | grep -q '^wdzip --top, '
		! grep -q $'\033' "$OUT" || return 1
	done
}

@test "without a keyboard the table is shown all the same" {
	export TERM=xterm
	py - <<-'EOF'
	import subprocess
	from live import *
	live = Live()
	child = live.run(["wdzip", "--top"], stdin=subprocess.DEVNULL)
	live.shown("wdzip --top, ", child)
	live.new_frames(child, 3)
	live.type(b"\x03")
	live.end(child, -2)
	EOF
}
