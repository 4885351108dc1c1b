#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A thousand queues with requests under way, and the driver of kmod/hisi goes: from the
# device, or altogether.  Another device of the same uacce is opened and closed meanwhile.
#
# Times depend on the machine and are told, not judged; how often the device was
# commanded is judged.

bats_require_minimum_version 1.5.0
load zip

processes=4
each=250

setup_file() {
	note_complaints
	load_driver_for_processes queues=1024
	insmod "$WD_VM_KMOD/dummy/wd_dummy.ko"
}

setup() {
	begin_test
	# So many requests may be more than the model does while the driver waits for a queue.
	harmless='does not come to rest|uacce_limbo_enter: [0-9]+ callbacks'
	holders=()
	opener=
}

teardown() {
	kill_holders
	[ -z "$opener" ] || kill "$opener" || :
	# What a test that failed has left.
	if [ ! -e "$zip_driver" ]; then
		insmod "${zip_modules[2]}" queues=1024
	elif [ ! -e "$zip_driver/$zip_bdf" ]; then
		echo "$zip_bdf" >"$zip_driver/bind"
	fi
	end_test
}

teardown_file() {
	rmmod wd_dummy
	unload_driver
}

kill_holders() {
	[ ${#holders[@]} -eq 0 ] || {
		kill -KILL "${holders[@]}"
		wait "${holders[@]}" || :
	}
	holders=()
}

free_queues_now() {
	cat /sys/class/uacce/hisi_zip-*/available_instances
}

all_hold() {
	local i

	for ((i = 0; i < processes; i++)); do
		[ "$(<"held$i")" = "holding $each queues" ] || return
	done
}

# hold_all REQUESTS: open the queues, with so many requests (1) under way on each
hold_all() {
	local i requests=${1:-1}

	free=$(free_queues_now)
	for ((i = 0; i < processes; i++)); do
		: >"held$i"
		zip_user hold $each "$requests" >"held$i" 3>&- &
		holders+=($!)
	done
	until_true all_hold
	[ "$(free_queues_now)" -eq $((free - processes * each)) ]
	more_is_done 200
}

# The longest time that the other device took to be opened, so far and while it counts.
start_opener() {
	opener /dev/wd_dummy-* >opened 3>&- &
	opener=$!
	sleep 3
	kill -USR1 "$opener"
	until_true test -s opened
}

stop_opener() {
	kill "$opener"
	wait "$opener"
	opener=
	echo "# the other device, before: $(sed -n 1p opened)" >&3
	echo "# the other device, during: $(sed -n '2,$p' opened)" >&3
	# It was not kept for the whole of it.
	[ "$(wc -l <opened)" -eq 2 ]
}

# timed WHAT COMMAND...: tell how long it took, and judge what it took of the device
timed() {
	local start=$EPOCHREALTIME mailboxes

	mailboxes=$(sim_value stats mailboxes)
	start=$EPOCHREALTIME
	"${@:2}"
	took_us=$((${EPOCHREALTIME/./} - ${start/./}))
	mailboxes=$(($(sim_value stats mailboxes) - mailboxes))
	echo "# $1: $((took_us / 1000)) ms, $mailboxes commands" >&3
	commands=$mailboxes
	# A queue that has to be asked until it is at rest is looked at with two commands.
	[ "$commands" -le $((100 * processes * each)) ]
}

unbind() {
	echo "$zip_bdf" >"$zip_driver/unbind"
}

all_are_free() {
	[ "$(free_queues_now)" -eq "$free" ]
}

@test "1000 busy queues are there when the device is unbound" {
	hold_all "${WD_VM_LONG:+4}"
	start_opener
	timed "unbind with $((processes * each)) busy queues" unbind
	stop_opener
	kill_holders
	echo "$zip_bdf" >"$zip_driver/bind"
	is_bound
	until_true all_are_free
	zip_user run --processes 2 --seconds 2
	no_violations
}

@test "1000 busy queues are there when the driver is unloaded" {
	hold_all "${WD_VM_LONG:+4}"
	start_opener
	timed "rmmod with $((processes * each)) busy queues" rmmod wd_hisi_zip
	stop_opener
	kill_holders
	insmod "${zip_modules[2]}" queues=1024
	zip_find
	is_bound
	until_true all_are_free
	zip_user run --processes 2 --seconds 2
	no_violations
}

@test "1000 busy queues are there when their processes are killed" {
	hold_all "${WD_VM_LONG:+4}"
	start_opener
	timed "SIGKILL of the processes with $((processes * each)) busy queues" kill_holders
	stop_opener
	until_true all_are_free
	zip_user run --processes 2 --seconds 2
	no_violations
}
