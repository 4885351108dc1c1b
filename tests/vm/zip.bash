# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# For the bats files that have a ZIP engine and a driver of it: Linux's own, or that of
# kmod/hisi.  What differs between the two is here.  zip_suite says which it is, and
# where things are: WD_VM_ZIP_DRIVER (linux or wd; or both, then it is linux until
# choose_driver says otherwise), WD_VM_LINUX (Linux's driver), WD_VM_CLIENT (client/).

load common

# choose_driver linux|wd: the modules, each after what it needs; and what the driver says
# of the device
# shellcheck disable=SC2034
choose_driver() {
	zip_which=$1
	case $zip_which in
	linux)
		zip_name=hisi_zip
		zip_modules=("$WD_VM_LINUX"/{uacce,hisi_qm,hisi_zip}.ko)
		zip_alg=hisi-deflate-acomp
		zip_counters=zip_dfx
		zip_was_reset='hisi_zip .*: Controller reset complete'
		zip_is_lost='hisi_zip .*: Controller reset failed'
		;;
	wd)
		zip_name=wd_hisi_zip
		zip_modules=("$WD_VM_KMOD"/{uacce/wd_uacce,hisi/wd_hisi_qm,hisi/wd_hisi_zip}.ko)
		zip_alg=wd-hisi-deflate
		zip_counters=zip
		zip_was_reset='wd_hisi_zip .*: reset; in use again'
		zip_is_lost='wd_hisi_zip .*: out of use'
		;;
	esac
	zip_driver=/sys/bus/pci/drivers/$zip_name
	zip_debug=/sys/kernel/debug/$zip_name
}

case ${WD_VM_ZIP_DRIVER:-linux} in
wd) choose_driver wd ;;
*) choose_driver linux ;;
esac
# Parameters of uacce's module.
uacce_options=()

# driver_is linux|wd
driver_is() {
	[ "$zip_which" = "$1" ]
}

# zip_find: set zip_bdf to the address of the device
zip_find() {
	local dir

	for dir in /sys/bus/pci/devices/*; do
		if [ "$(cat "$dir/vendor" "$dir/device")" = $'0x19e5\n0xa250' ]; then
			zip_bdf=${dir##*/}
			# shellcheck disable=SC2034
			zip_device=$dir
			return 0
		fi
	done
	echo "there is no ZIP engine"
	return 1
}

# load_kernel_module NAME [PARAMETER=VALUE...]: one of the kernel's own, and what it needs
load_kernel_module() {
	local modules

	modules=$(readlink -f "$WD_VM_MODULES")
	modprobe -d "${modules%/lib/modules/*}" "$@"
}

# load_software: deflate by the CPU, which drivers of today leave to it what they cannot
# do, unless the kernel has it built in
load_software() {
	if [ -e "$WD_VM_MODULES/kernel/crypto/deflate.ko" ]; then
		load_kernel_module deflate
	fi
}

# load_driver [PARAMETER=VALUE...]: of the driver's own module; those of uacce's are in
# the array uacce_options
load_driver() {
	load_software
	insmod "${zip_modules[0]}" "${uacce_options[@]}"
	insmod "${zip_modules[1]}"
	insmod "${zip_modules[2]}" "$@"
}

# load_driver_for_processes [PARAMETER=VALUE...]: likewise; there is no SVA here, and
# processes get queues all the same
load_driver_for_processes() {
	uacce_options=(unsafe_no_sva=1)
	load_driver "$@"
}

unload_driver() {
	local i name

	for i in 2 1 0; do
		name=${zip_modules[i]##*/}
		rmmod "${name%.ko}"
	done
}

# is_bound: the driver has the device
is_bound() {
	[ -e "$zip_driver/$zip_bdf" ] || {
		echo "the driver does not have the device"
		return 1
	}
}

# is_working: the driver has started the device.  (Linux 6.1 calls that another name.)
is_working() {
	case $(<"$zip_debug/$zip_bdf/qm/status") in
	start | work) ;;
	*)
		echo "the device's status: $(<"$zip_debug/$zip_bdf/qm/status")"
		return 1
		;;
	esac
}

# selftest_now: what /proc/crypto says about the kernel's test of the algorithm, "" if it
# is not there.  (To start programs is slow in such a machine.)  While the test runs
# there is a larva of it beside it.
selftest_now() {
	local text result=

	text=$(</proc/crypto)
	while [[ $text = *": $zip_alg"$'\n'* ]]; do
		text=${text#*": $zip_alg"$'\n'}
		if [[ ${text%%$'\n\n'*} != *": larval"* ]]; then
			result=${text#*selftest*: }
			result=${result%%[[:space:]]*}
		fi
	done
	echo "$result"
}

test_is_over() {
	[ "$(selftest_now)" != unknown ]
}

# selftest RESULT: what it says in the end
selftest() {
	local result

	until_true test_is_over
	result=$(selftest_now)
	[ "$result" = "$1" ] || {
		echo "self-test: ${result:-no such algorithm}"
		return 1
	}
}

# after_unbind: what is left of the algorithm without a device.  That of kmod/hisi does
# without.
after_unbind() {
	if driver_is linux; then
		selftest ""
	else
		selftest passed
		client "alg=$zip_alg" requests=4 outstanding=2
	fi
}

# counter NAME: one of the driver's, such as send_cnt
counter() {
	echo "$(<"$zip_debug/$zip_bdf/$zip_counters/$1")"
}

# qm_counter NAME: one of the queue manager's
qm_counter() {
	echo "$(<"$zip_debug/$zip_bdf/qm/$1")"
}

# qm_counter_is NAME NUMBER
qm_counter_is() {
	[ "$(qm_counter "$1")" -eq "$2" ]
}

# at_rest: nothing is under way, and nothing was lost
at_rest() {
	local sent received

	sent=$(counter send_cnt)
	received=$(counter recv_cnt)
	[ "$sent" -eq "$received" ] || {
		echo "$sent requests were sent, $received came back"
		return 1
	}
}

# The kernel's test is six requests, and that of kmod/hisi comes on top.  (It also passes
# if all is done in software.)
all_tests_went_through_it() {
	local sent

	sent=$(counter send_cnt)
	echo "$sent requests"
	if driver_is linux; then
		[ "$sent" -eq 6 ]
	else
		[ "$sent" -ge 6 ]
		[ "$(counter fallback_cnt)" -eq 0 ]
	fi
}

# needs_zrst: skip the test unless the firmware has a method to reset the device
needs_zrst() {
	if [ "${WD_VM_ZRST:-}" != 0 ]; then
		skip "the firmware has no method to reset the device: zip_suite --zrst 0"
	fi
}

# client [PARAMETER=VALUE...]: do what client/ does
client() {
	insmod "$WD_VM_CLIENT/acomp_client.ko" "$@"
	rmmod acomp_client
}

# client_report [CLIENTS]: what it said in the end
client_report() {
	dmesg | grep 'acomp_client: client ' | tail -n "${1:-1}"
}

# break_zrst: the firmware's method to reset the device (zrst.asl) fails from now on
break_zrst() {
	printf '\x5a' | dd of="$zip_device/config" bs=1 seek=60 conv=notrunc status=none
}

# mend_zrst: it works again
mend_zrst() {
	printf '\0' | dd of="$zip_device/config" bs=1 seek=60 conv=notrunc status=none
}

# without_device: requests that software did as there was no device
without_device() {
	echo "$(<"$zip_debug/without_device")"
}

more_without_device_than() {
	[ "$(without_device)" -gt "$1" ]
}

# ---- work that goes on ----

# traffic [PARAMETER=VALUE...]: 200 requests under way each way until traffic_ends, in the
# background
traffic() {
	client "alg=$zip_alg" seconds=3600 outstanding=200 entries=4 bytes=8192 again=1 "$@" 3>&- &
	traffic=$!
}

# traffic_ends: and all of it was right, at last
traffic_ends() {
	local report failed empty

	echo 1 >/sys/module/acomp_client/parameters/stop
	wait "$traffic"
	report=$(client_report 1)
	echo "$report"
	[[ $report =~ ' '([0-9]+)' of '([0-9]+)' pieces right'.*' '([0-9]+)' failed, '([0-9]+)' empty' ]]
	[ "${BASH_REMATCH[1]}" -eq "${BASH_REMATCH[2]}" ]
	failed=${BASH_REMATCH[3]}
	empty=${BASH_REMATCH[4]}
	# Linux's drivers say of what they dropped that it was done; what failed, fails.
	if driver_is wd; then
		[ "$failed" -eq 0 ]
		[ "$empty" -eq 0 ]
	fi
}

# traffic_is_over: from teardown, whether the test has ended it or not
traffic_is_over() {
	if [ -e /sys/module/acomp_client/parameters/stop ]; then
		echo 1 >/sys/module/acomp_client/parameters/stop
		wait "$traffic" || :
	fi
}

# ---- queues of processes ----

# users_begin PROCESSES SECONDS: so many are at work until users_end, and wait so long for
# a queue; what looks at them comes first
users_begin() {
	nice zip_user run --processes "$1" --seconds 3600 --wait "$2" >users_report 2>&1 3>&- &
	users=$!
}

# users_end: and all of it was right; what they did is in the file users_report
users_end() {
	local pid=$users

	users=
	kill "$pid"
	wait "$pid"
	cat users_report
}

# users_are_over: from teardown, whether the test has ended them or not
users_are_over() {
	[ -z "${users:-}" ] || kill -KILL "$users" || :
	users=
}

# queue_file: set zip_class to the directory of the device's queue file in sysfs
queue_file() {
	local dir

	for dir in /sys/class/uacce/hisi_zip-*; do
		if [ -e "$dir/available_instances" ]; then
			zip_class=$dir
			return 0
		fi
	done
	echo "there is no queue file"
	return 1
}

# free_queues_are NUMBER
free_queues_are() {
	queue_file && [ "$(<"$zip_class/available_instances")" -eq "$1" ]
}

# holding FILE NUMBER: zip_user hold has said so
holding() {
	[[ $(<"$1") = "holding $2 queues" ]]
}

# ---- the model ----

# sim_cmd WORD...: a command for the model's control socket, such as "fault fail 3 0x0e";
# prints what it answers after "ok", and fails if it answers something else.  zip_suite
# takes the commands from files, which get their names when they are complete.
sim_cmd() {
	local file=$WD_VM_OUT/sim/$BASHPID-$SRANDOM answer

	echo "$*" >"$file"
	mv "$file" "$file.command"
	until_true test -e "$file.answer" || return
	answer=$(<"$file.answer")
	rm "$file.answer"
	case $answer in
	ok*) echo "${answer#ok}" ;;
	*)
		echo "the model, asked to $*: ${answer:-no answer}"
		return 1
		;;
	esac
}

# sim_value COMMAND NAME: the number after "NAME=" in what it answers
sim_value() {
	local answer

	answer=$(sim_cmd "$1") || {
		echo "$answer"
		return 1
	}
	answer=${answer#* "$2="}
	echo "${answer%% *}"
}

# has_completed NUMBER: the model has done so many requests
has_completed() {
	[ "$(sim_value stats completed)" -ge "$1" ]
}

# more_is_done NUMBER: wait until it has done so many more
more_is_done() {
	until_true has_completed $(($(sim_value stats completed) + $1))
}

no_violations() {
	[ "$(sim_value violations total)" -eq 0 ] || {
		sim_cmd violations
		sim_cmd last
		return 1
	}
}

# overrun_was_judged: the model counts it as the driver's fault that a CQ overflows, which
# is what zip_user overflow wants; there was that, and nothing else
overrun_was_judged() {
	local total

	total=$(sim_value violations total)
	[ "$total" -gt 0 ]
	[ "$(sim_value violations overrun)" -eq "$total" ]
	sim_cmd clear
}

# ---- how long it takes ----

# takes_at_most SECONDS COMMAND...: a machine like this one is slow, so that is what the
# driver may take at most, and as much again
takes_at_most() {
	local begin=$SECONDS limit=$1 took

	shift
	"$@" || return
	took=$((SECONDS - begin))
	echo "$took seconds: $*"
	[ "$took" -le $((2 * limit + 5)) ]
}

# ---- the kernel's log ----

# note_log: from here on log_has looks
note_log() {
	log_start=$(($(dmesg | wc -l) + 1))
}

# log_has REGEXP
log_has() {
	dmesg | tail -n +"$log_start" | grep -qE "$1"
}

# complaints: what the kernel said of the driver, the device and who uses them that is
# a warning or worse.  Not to the point: that the modules are not the kernel's own, and
# that load_driver_for_processes is unsafe.
complaints() {
	dmesg --level emerg,alert,crit,err,warn |
		grep -E 'hisi_(qm|zip)|uacce|acomp|DMAR|irq [0-9]+:|zswap|zram|alg: ' |
		grep -vE 'loading out-of-tree module taints kernel|module verification failed|unsafe_no_sva: '
}

# From setup_file: what was said so far does not count.
note_complaints() {
	complaints | wc -l >"$BATS_FILE_TMPDIR/complaints"
}

# From teardown: nothing more was said since the last time, but for what the test set
# harmless to (a regular expression).
no_complaints() {
	local new

	new=$(complaints | tail -n +$(($(<"$BATS_FILE_TMPDIR/complaints") + 1)))
	note_complaints
	if [ -n "${harmless:-}" ]; then
		new=$(grep -vE "$harmless" <<<"$new") || :
	fi
	[ -z "$new" ] || {
		echo "the kernel's log:"
		echo "$new"
		return 1
	}
}

# ---- errors ----

# cured_by_reset WORDS TEXT [DETAILS]: of that error
cured_by_reset() {
	local resets

	resets=$(qm_counter resets)
	note_log
	# shellcheck disable=SC2086
	sim_cmd fault ras $1
	takes_at_most 7 until_true qm_counter_is resets $((resets + 1))
	until_true log_has "$zip_was_reset"
	log_has "error: $2"
	if [ $# -gt 2 ]; then
		log_has "$3"
	fi
	is_working
}

# ---- before and after all tests, and each ----

# Files that have more to do, or something else, define their own.
setup_file() {
	note_complaints
	load_driver
}

teardown_file() {
	unload_driver
}

begin_test() {
	cd "$BATS_TEST_TMPDIR" || return
	zip_find
}

# A teardown goes on after what fails, unless told otherwise.
end_test() {
	local ret=0

	users_are_over || ret=1
	traffic_is_over || ret=1
	no_complaints || ret=1
	return "$ret"
}

setup() {
	begin_test
}

teardown() {
	end_test
}
