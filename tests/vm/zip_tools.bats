#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The tools on the ZIP engine, through the queue files of the driver of kmod/hisi.  There is
# no SVA here, so data goes through the queues' own memory.  WD_VM_LONG: with more of it.

bats_require_minimum_version 1.5.0
load zip

setup_file() {
	note_complaints
	load_driver_for_processes
	make_text
}

setup() {
	begin_test
	queue_file
	free=$(<"$zip_class/available_instances")
}

teardown() {
	# A test that failed in the middle of a stream leaves none to the next.
	[ -z "${stream-}" ] || wait "$stream" || :
	end_test && no_violations
}

all_come_back() {
	until_true free_queues_are "$free"
}

# MiB of a file, and of a stream
large=$((${WD_VM_LONG:+28}+4))
stream_size=$((${WD_VM_LONG:+1000}+24))

@test "--list-devices and --list-engines name the engine, for who may use it" {
	wdzip --list-devices | grep -E '^hisi_zip-[0-9]+ +hisi_zip +[0-9]+ .* ready '
	wdbench --list-engines | grep -E '^hisi_zip-[0-9]+ *hisi_zip'
	run -0 setpriv --reuid 65534 --clear-groups --bounding-set -sys_rawio \
		--inh-caps -all wdzip --list-devices
	[[ $output == *"takes bus addresses (no SVA): that needs CAP_SYS_RAWIO"* ]]
	echo text >f
	chmod 777 .
	run ! setpriv --reuid 65534 --clear-groups --inh-caps -all \
		wdzip --engine=hisi_zip -k f
	[[ $output == *CAP_SYS_RAWIO* || $output == *"not permitted"* ]]
	[ ! -e f.gz ]
}

@test "all of a file is the engine's work, in both directions" {
	local bytes before kind

	bytes=$((large << 20))
	mkdir in
	head -c "$bytes" /dev/urandom >in/random
	head -c "$bytes" /dev/zero >in/zeros
	text "$bytes" >in/text
	tar cf - /usr/bin /usr/lib 2>/dev/null | head -c "$bytes" >in/programs || :
	for kind in random zeros text programs; do
		before=$(sim_value stats in_bytes)
		wdzip --engine=hisi_zip --stats=json -k "in/$kind" 2>stats
		[[ $(stat_of device) == '"hisi_zip-'* ]]
		[ "$(stat_of device_requests)" = "$(stat_of requests)" ]
		[ "$(stat_of redone)" = 0 ]
		[ "$(($(sim_value stats in_bytes) - before))" -eq "$(stat -c %s "in/$kind")" ]
		gzip -dc "in/$kind.gz" | cmp - "in/$kind"
		if command -v pigz >/dev/null; then
			pigz -dc "in/$kind.gz" | cmp - "in/$kind"
		fi
		if command -v python3 >/dev/null; then
			python3 -c 'import gzip, sys
sys.stdout.buffer.write(gzip.open(sys.argv[1]).read())' "in/$kind.gz" | cmp - "in/$kind"
		fi
		before=$(sim_value stats out_bytes)
		wdunzip --engine=hisi_zip --stats=json -c "in/$kind.gz" 2>stats | cmp - "in/$kind"
		[[ $(stat_of device) == '"hisi_zip-'* ]]
		# Chunks of zeros come several at a time, for which there is not enough room.
		[ $kind != zeros ] || continue
		[ "$(stat_of redone)" = 0 ]
		[ "$(stat_of device_requests)" = "$(stat_of requests)" ]
		[ "$(($(sim_value stats out_bytes) - before))" -ge "$bytes" ]
	done
	all_come_back
}

@test "files of every kind there and back" {
	there_and_back hisi_zip
	swapped hisi_zip
	wdzip --engine=hybrid -r out
	wdunzip --engine=hybrid -r out
	diff -r in out
	all_come_back
}

# text_without_end
text_without_end() {
	while cat "$BATS_FILE_TMPDIR/text"; do
		:
	done 2>/dev/null
}

# stream_begin MIB: so much through a pipe, there by the engine, and back
stream_begin() {
	text_without_end | head -c $(($1 << 20)) | tee >(sha256sum >sent) |
		wdzip --engine=hisi_zip --explain 2>explained |
		gzip -dc | sha256sum >came 3>&- &
	stream=$!
}

# What came is what went.
stream_end() {
	wait "$stream"
	stream=
	cat explained
	until_true test -s sent
	cmp sent came
}

@test "the device is reset in the middle of a stream" {
	# Who loses requests in it says so.
	harmless='queue|reset'
	stream_begin "$stream_size"
	more_is_done 10
	echo 1 >"$zip_device/reset"
	stream_end
	is_working
	all_come_back
	wdzip --engine=hisi_zip <"$BATS_FILE_TMPDIR/text" | gzip -t
}

@test "the device is isolated in the middle of a stream" {
	# Firmware could reset it after the error, but has no method for that here.
	harmless='error|queue|reset|out of use'
	note_log
	stream_begin "$stream_size"
	more_is_done 10
	sim_cmd fault ras zip 3
	until_true log_has "$zip_is_lost"
	[ "$(<"$zip_class/isolate")" -eq 1 ]
	stream_end
	run ! wdzip --engine=hisi_zip -c "$BATS_FILE_TMPDIR/text"
	[[ $output == *isolated* ]]
	sim_cmd fault clear
	echo 1 >"$zip_device/reset"
	[ "$(<"$zip_class/isolate")" -eq 0 ]
	all_come_back
	wdzip --engine=hisi_zip <"$BATS_FILE_TMPDIR/text" | gzip -t
}

@test "the driver is unbound in the middle of a stream" {
	# What a busy machine's device has under way may take longer than it is waited for.
	harmless='come to rest'
	stream_begin "$stream_size"
	more_is_done 10
	echo "$zip_bdf" >"$zip_driver/unbind"
	stream_end
	echo "$zip_bdf" >"$zip_driver/bind"
	queue_file
	wdzip --engine=hisi_zip <"$BATS_FILE_TMPDIR/text" | gzip -t
}

@test "a request fails, is wrong, and is never answered, in the middle of a stream" {
	local fault

	# Who does not get an answer gives its queue up.
	harmless='queue|reset'
	for fault in "fail 3 0x0e" "fail 5 0x03" "flip 3 1000" "hang 5"; do
		# shellcheck disable=SC2086
		sim_cmd fault $fault
		stream_begin 16
		stream_end
		sim_cmd fault clear
		case $fault in
		fail*) grep -Eq 'cannot do|failed the request' explained ;;
		flip*) grep -q 'output was wrong' explained ;;
		hang*) grep -q 'did not answer' explained ;;
		esac
	done
	# What it never answers it has not let go of until then.
	echo 1 >"$zip_device/reset"
	all_come_back
}

# of WORD: what the line of --top=json has for it
of() {
	sed "s/.*\"$1\":\([^,]*\),.*/\1/" line
}

@test "--top tells who has queues, and what the engine does" {
	local busy module

	# As below, of what is killed.
	harmless='a queue does not come to rest; its memory is kept'
	for module in uacce hisi_qm hisi_zip; do
		[ "$(<"/sys/module/wd_$module/version")" = "$(wdzip --version |
			sed -n '1s/.* //p')" ]
	done
	wdzip --engine=hisi_zip </dev/zero >/dev/null 3>&- &
	busy=$!
	more_is_done 5
	wdzip --top=json >line
	wdzip --top=openmetrics >metrics
	kill "$busy"
	wait "$busy" || [ $? -eq 143 ]
	cat line
	grep -q '^{"device":"hisi_zip-' line
	[ "$(of driver)" = '"wd_hisi_zip"' ]
	[ "$(of counters_readable)" = true ]
	grep -q '"process":"wdzip"\|"name":"wdzip"' line
	[ "$(of queues_used)" -gt 0 ]
	[ "$(of requests_per_s)" != null ]
	tail -n 1 metrics | grep -qx '# EOF'
	awk '/^warpdrive_core_requests_total/ { n += $NF } END { exit !n }' metrics
	all_come_back
}

@test "wdzip is killed: its queues are free again" {
	local i pid

	# What a busy machine's device has under way may take longer than it is waited for.
	harmless='a queue does not come to rest; its memory is kept'
	for ((i = 0; i < 5; i++)); do
		wdzip --engine=hisi_zip </dev/zero >/dev/null 3>&- &
		pid=$!
		more_is_done 5
		kill -KILL "$pid"
		wait "$pid" || [ $? -eq 137 ]
		all_come_back
	done
}
