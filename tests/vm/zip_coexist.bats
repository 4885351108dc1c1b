#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Linux's own driver of the ZIP engine and that of kmod/hisi in one kernel, in whatever
# order their modules are loaded: one of them works, who comes too late is told so, and
# when the first one is gone the other one can have the device.
#
# Each has its uacce, and there can be one class of that name.  Linux's driver can also be
# built without it: then all but the device itself can be there twice.
#
# Linux's uacce makes its class without a look, for which the kernel has a call trace:
# run: --duplicate
# run: /class/uacce

bats_require_minimum_version 1.5.0
load zip

ours_named=(wd_uacce wd_hisi_qm wd_hisi_zip)
linux_named=(uacce hisi_qm hisi_zip)
modules_now=/proc/modules

setup_file() {
	note_complaints
	load_software
}

# Tests load drivers, and unload them.
teardown_file() {
	:
}

setup() {
	zip_find
	# What the kernel says of modules that come without what they need, and of the
	# second class; and our modules, of Linux's.
	harmless="(hisi_qm|hisi_zip): Unknown symbol (wd_)?(uacce|hisi)_[a-z_]+ \(err -2\)"
	harmless+="|wd_hisi_qm: Unknown symbol wd_uacce_[a-z_]+ \(err -2\)"
	harmless+="|wd_hisi_zip: Unknown symbol wd_hisi_q[mp]_[a-z_]+ \(err -2\)"
	harmless+="|sysfs: cannot create duplicate filename '/class/uacce'"
	harmless+="|kobject_add_internal failed for uacce with -EEXIST"
	harmless+="|the kernel's own (uacce|driver hisi_zip) is there: use "
	harmless+="|(Comm: insmod|uacce_init\+0x)"
	# Linux's driver built without uacce.
	harmless+="|hisi_zip .*: (failed to|fail to|Failed to).* uacce"
}

teardown() {
	unload_all
	no_complaints
}

is_loaded() {
	[[ $'\n'$(<$modules_now) = *$'\n'"$1 "* ]]
}

is_not_loaded() {
	if is_loaded "$1"; then
		echo "$1 is loaded"
		return 1
	fi
}

unload_all() {
	local name

	for name in hisi_zip hisi_qm uacce wd_hisi_zip wd_hisi_qm wd_uacce; do
		if is_loaded "$name"; then
			rmmod "$name"
		fi
	done
}

# file_of NAME: of a module; those with "alone:" before their name are without uacce
file_of() {
	case $1 in
	wd_uacce) echo "$WD_VM_KMOD/uacce/$1.ko" ;;
	wd_*) echo "$WD_VM_KMOD/hisi/$1.ko" ;;
	alone:*) echo "$WD_VM_LINUX_ALONE/${1#alone:}.ko" ;;
	*) echo "$WD_VM_LINUX/$1.ko" ;;
	esac
}

goes() {
	insmod "$(file_of "$1")"
	is_loaded "${1#alone:}"
}

# is_refused NAME INSMOD [LOG]: insmod says that, and the kernel's log
is_refused() {
	local before

	before=$(dmesg | wc -l)
	run ! insmod "$(file_of "$1")"
	[[ $output = *"$2"* ]] || {
		echo "insmod $1: $output"
		return 1
	}
	is_not_loaded "${1#alone:}"
	[ -z "${3:-}" ] || dmesg | tail -n +$((before + 1)) | grep -q "$3" || {
		echo "$1: the kernel's log does not say \"$3\""
		dmesg | tail -n +$((before + 1))
		return 1
	}
}

no_symbols='Unknown symbol in module'
their_uacce="the kernel's own uacce is there: use its drivers, or unload them and it (rmmod hisi_zip hisi_qm uacce)"
their_driver="the kernel's own driver hisi_zip is there: use that, or unload it first (rmmod hisi_zip)"

# has_device linux|wd: that driver has it and works, and the other one does not
has_device() {
	local with=$1 without=linux

	[ "$1" = wd ] || without=wd
	choose_driver "$without"
	[ ! -e "$zip_driver/$zip_bdf" ]
	[ -z "$(selftest_now)" ]
	choose_driver "$with"
	is_bound
	[ "$(basename "$(readlink "$zip_device/driver")")" = "$zip_name" ]
	is_working
	selftest passed
	client "alg=$zip_alg" requests=6 outstanding=3
	at_rest
	no_violations
}

# in_order NAME...: load them, and whether each is loaded is what has to be
in_order() {
	local name uacce='' driver='' qm=''

	for name; do
		case $name in
		uacce)
			if [ -z "$uacce" ]; then
				goes "$name"
				uacce=linux
			else
				is_refused "$name" 'File exists'
			fi
			;;
		wd_uacce)
			if [ -z "$uacce" ]; then
				goes "$name"
				uacce=wd
			else
				is_refused "$name" 'resource busy' "$their_uacce"
			fi
			;;
		hisi_qm)
			if [ "$uacce" = linux ]; then
				goes "$name"
			else
				is_refused "$name" "$no_symbols"
			fi
			;;
		wd_hisi_qm)
			if [ "$uacce" = wd ]; then
				goes "$name"
				qm=$name
			else
				is_refused "$name" "$no_symbols"
			fi
			;;
		hisi_zip)
			if [ "$uacce" = linux ]; then
				goes "$name"
				driver=${driver:-linux}
			else
				is_refused "$name" "$no_symbols"
			fi
			;;
		alone:hisi_qm) goes "$name" ;;
		alone:hisi_zip)
			goes "$name"
			driver=${driver:-linux}
			;;
		wd_hisi_zip)
			if [ -z "$qm" ]; then
				is_refused "$name" "$no_symbols"
			elif [ "$driver" = linux ]; then
				is_refused "$name" 'resource busy' "$their_driver"
			else
				goes "$name"
				driver=wd
			fi
			;;
		esac
	done
	winner=$driver
	has_device "$driver"
}

# The one that has the device goes, and the other one comes.
change_over() {
	case $winner in
	linux)
		rmmod hisi_zip hisi_qm
		if is_loaded uacce; then rmmod uacce; fi
		is_loaded wd_uacce || goes wd_uacce
		is_loaded wd_hisi_qm || goes wd_hisi_qm
		goes wd_hisi_zip
		has_device wd
		;;
	wd)
		rmmod wd_hisi_zip wd_hisi_qm wd_uacce
		if is_loaded hisi_zip; then
			# It was there before the device was free.
			echo "$zip_bdf" >/sys/bus/pci/drivers_probe
		else
			is_loaded hisi_qm || goes uacce
			is_loaded hisi_qm || goes hisi_qm
			goes hisi_zip
		fi
		has_device linux
		;;
	esac
}

# merges "A..." "B...": each way to put one list into the other, one a line
merges() {
	local a b rest

	read -ra a <<<"$1"
	read -ra b <<<"$2"
	if [ ${#a[@]} -eq 0 ] || [ ${#b[@]} -eq 0 ]; then
		echo "${a[*]}${b[*]}"
		return
	fi
	merges "${a[*]:1}" "${b[*]}" | while read -r rest; do echo "${a[0]} $rest"; done
	merges "${a[*]}" "${b[*]:1}" | while read -r rest; do echo "${b[0]} $rest"; done
}

@test "Linux's driver is there: each of ours is refused, and told why" {
	in_order uacce wd_uacce hisi_qm wd_hisi_qm hisi_zip wd_hisi_zip wd_uacce
	change_over
}

@test "ours is there: Linux's uacce is refused, and the rest of it for want of that" {
	in_order wd_uacce uacce wd_hisi_qm hisi_qm wd_hisi_zip hisi_zip uacce
	change_over
}

@test "Linux's hisi_qm without uacce is there, and ours are loaded beside it" {
	in_order alone:hisi_qm wd_uacce wd_hisi_qm wd_hisi_zip
	rmmod hisi_qm
	has_device wd
}

@test "Linux's driver without uacce comes after ours: the device stays, until ours goes" {
	in_order wd_uacce wd_hisi_qm wd_hisi_zip alone:hisi_qm alone:hisi_zip
	change_over
}

@test "Linux's driver without uacce comes before ours, which is refused" {
	in_order alone:hisi_qm wd_uacce wd_hisi_qm alone:hisi_zip wd_hisi_zip
	change_over
}

@test "both are loaded, and the device is handed to and fro" {
	in_order wd_uacce wd_hisi_qm wd_hisi_zip alone:hisi_qm alone:hisi_zip
	for _ in 1 2 3; do
		echo "$zip_bdf" >/sys/bus/pci/drivers/wd_hisi_zip/unbind
		echo "$zip_bdf" >/sys/bus/pci/drivers/hisi_zip/bind
		choose_driver linux
		is_bound
		client "alg=$zip_alg" requests=6 outstanding=3
		at_rest
		run ! eval 'echo "$zip_bdf" >/sys/bus/pci/drivers/wd_hisi_zip/bind'
		echo "$zip_bdf" >/sys/bus/pci/drivers/hisi_zip/unbind
		echo "$zip_bdf" >/sys/bus/pci/drivers/wd_hisi_zip/bind
		choose_driver wd
		is_bound
		client "alg=$zip_alg" requests=6 outstanding=3
		at_rest
	done
	no_violations
}

@test "every order of the six modules, and of the five without Linux's uacce" {
	local orders order

	if [ -z "${WD_VM_LONG:-}" ]; then
		skip "WD_VM_LONG is not set"
	fi
	mapfile -t orders < <(
		merges "${linux_named[*]}" "${ours_named[*]}"
		merges "alone:hisi_qm alone:hisi_zip" "${ours_named[*]}"
	)
	[ ${#orders[@]} -eq 30 ]
	for order in "${orders[@]}"; do
		echo "order: $order"
		# shellcheck disable=SC2086
		in_order $order
		change_over
		unload_all
	done
}
