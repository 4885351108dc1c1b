# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# For the bats files that have a ZIP engine and Linux's own driver of it.  zip_suite
# says where things are: WD_VM_LINUX (the driver), WD_VM_CLIENT (client/).

zip_driver=/sys/bus/pci/drivers/hisi_zip
zip_debug=/sys/kernel/debug/hisi_zip

# zip_find: set zip_bdf to the address of the device
zip_find() {
	local dir

	for dir in /sys/bus/pci/devices/*; do
		if [ "$(cat "$dir/vendor" "$dir/device")" = $'0x19e5\n0xa250' ]; then
			zip_bdf=${dir##*/}
			# shellcheck disable=SC2034
			zip_device=$dir
			return
		fi
	done
	echo "there is no ZIP engine"
	return 1
}

load_linux() {
	insmod "$WD_VM_LINUX/uacce.ko"
	insmod "$WD_VM_LINUX/hisi_qm.ko"
	insmod "$WD_VM_LINUX/hisi_zip.ko"
}

unload_linux() {
	rmmod hisi_zip
	rmmod hisi_qm
	rmmod uacce
}

# is_bound: the driver has the device
is_bound() {
	[ -e "$zip_driver/$zip_bdf" ] || {
		echo "the driver does not have the device"
		return 1
	}
}

# selftest RESULT: what /proc/crypto says about the kernel's test of the driver, "" if the
# driver is not there.  (To start programs is slow in such a machine.)
selftest() {
	local text result=

	text=$(</proc/crypto)
	case $text in
	*hisi-deflate-acomp*)
		result=${text#*hisi-deflate-acomp}
		result=${result#*selftest*: }
		result=${result%%[[:space:]]*}
		;;
	esac
	[ "$result" = "$1" ] || {
		echo "self-test: ${result:-no such algorithm}"
		return 1
	}
}

# counter NAME: one of the driver's, such as send_cnt
counter() {
	echo "$(<"$zip_debug/$zip_bdf/zip_dfx/$1")"
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

# complaints: what the kernel said of the driver, the device and who uses them that is
# a warning or worse.  Not to the point: that the modules are not the kernel's own.
complaints() {
	dmesg --level emerg,alert,crit,err,warn |
		grep -E 'hisi_(qm|zip)|uacce|acomp|DMAR|irq [0-9]+:|zswap|zram|alg: ' |
		grep -vE 'loading out-of-tree module taints kernel|module verification failed'
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
