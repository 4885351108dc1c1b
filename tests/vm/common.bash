# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# For the bats files that run in a virtual machine.  guest says where things are:
# WD_VM_KMOD (modules), WD_VM_BIN (tools), WD_VM_TESTS (programs beside this file).

# shellcheck disable=SC2034
dummy_driver=/sys/bus/platform/drivers/wd_dummy
# shellcheck disable=SC2034
dummy_faults=/sys/kernel/debug/wd_dummy/wd_dummy-0

# load_dummy [PARAMETER=VALUE...]
load_dummy() {
	insmod "$WD_VM_KMOD/uacce/wd_uacce.ko"
	insmod "$WD_VM_KMOD/dummy/wd_dummy.ko" "$@"
}

unload_dummy() {
	rmmod wd_dummy
	rmmod wd_uacce
}

# Put back what a test took away.
bind_dummy() {
	if [ ! -e "$dummy_driver" ]; then
		insmod "$WD_VM_KMOD/dummy/wd_dummy.ko"
	elif [ ! -e "$dummy_driver/wd_dummy.0" ]; then
		echo wd_dummy.0 >"$dummy_driver/bind"
	fi
}

# A "return" without a number gives a wrong status where bats runs a teardown after a
# failure, which is in a trap (bash(1)).

# until_true COMMAND...: within five minutes, or more where looking takes long: enough
# for any machine, and what never comes true is told before the machine is stopped
until_true() {
	local _

	for _ in $(seq 3000); do
		if "$@"; then
			return 0
		fi
		sleep 0.1
	done
	echo "this did not come true: $*"
	return 1
}

free_queues() {
	[ "$(cat /sys/class/uacce/wd_dummy-0/available_instances)" -eq "$1" ]
}

# All queues are free again, and nothing runs for them: the last threads may take a
# moment to end.
idle() {
	until_true free_queues "${1:-64}"
}

# stat_of NAME: what the last --stats=json, in the file stats, says
stat_of() {
	sed -n "s/.*\"$1\":\([^,}]*\).*/\1/p" stats
}

has_done() {
	[ "$(cat "$dummy_faults/requests")" -ge "$1" ]
}

# unbind_after NUMBER: take the device away once it has done so many requests
unbind_after() {
	until_true has_done "$1"
	echo wd_dummy.0 >"$dummy_driver/unbind"
}

# make_text: what text() takes from
make_text() {
	local base=$BATS_FILE_TMPDIR/text i

	seq 1 20000 | sed 's/.*/& bottles of beer on the wall, take one down/' >"$base.1"
	# Different enough that no chunk is like another.
	for i in 1 2 3 4 5 6 7 8; do
		tr "a-h" "$(echo abcdefghabcdefgh | cut -c "$i-$((i + 7))")" <"$base.1"
	done >"$base.8"
	cat "$base".8{,,,,} >"$base"
}

# text BYTES: something that can be compressed, the same at each call, 36 MB at most
text() {
	head -c "$1" "$BATS_FILE_TMPDIR/text"
}

# make_files DIRECTORY: files of every kind
make_files() {
	mkdir "$1"
	: >"$1/empty"
	printf x >"$1/one"
	text 100 >"$1/small"
	text 100000 >"$1/medium"
	text 1048576 >"$1/chunk"
	text 1048577 >"$1/more"
	head -c 3000000 /dev/urandom >"$1/random"
	head -c 3000000 /dev/zero >"$1/zeros"
	cp "$(command -v bash)" "$1/program"
}

# there_and_back ENGINE [OPTION...]: files of every kind, in all formats
there_and_back() {
	local format kind

	make_files in
	cp -r in out
	for format in gzip zlib deflate; do
		wdzip --engine="$1" "${@:2}" --format=$format -r out
		wdunzip --engine="$1" --format=$format -r out
		diff -r in out
	done
	for kind in qz mz bgzf; do
		wdzip --engine="$1" --members=$kind -r out
		gzip -t out/*.gz
		wdunzip --engine="$1" -r out
		diff -r in out
	done
}

# swapped ENGINE: what there_and_back left, with the CPU at the other end
swapped() {
	wdzip --engine="$1" -r out
	wdunzip -r out
	wdzip -r out
	wdunzip --engine="$1" -r out
	diff -r in out
}
