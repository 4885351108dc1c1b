#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A driver on the model of the ZIP engine: comes and goes, and does real work.

bats_require_minimum_version 1.5.0
load zip
load zswap

@test "the driver takes the device, and the kernel's test of it passes" {
	is_bound
	selftest passed
	all_tests_went_through_it
	at_rest
	[ "$(counter err_bd_cnt)" -eq 0 ]
	is_working
}

# While the first request is waited for, all others have to wait, too.  A slow machine
# takes its time to make them.
@test "200 requests are under way, with lists of 8 entries" {
	local seconds timeout=/sys/module/wd_hisi_qm/parameters/timeout_ms

	[ ! -e $timeout ] || echo 0 >$timeout
	for seconds in 5 20 80; do
		sim_cmd fault delay 1 ${seconds}000000
		client "alg=$zip_alg" requests=1200 outstanding=200 entries=8
		client_report
		client_report | grep -q '1200 of 1200 pieces right'
		at_rest
		if client_report | grep -q ' at most 200 and '; then
			break
		fi
	done
	[ ! -e $timeout ] || echo 10000 >$timeout
	client_report | grep -q ' at most 200 and '
}

@test "two clients at a time, with whole lists and with single buffers" {
	client "alg=$zip_alg" transforms=2 requests=200 outstanding=50 entries=10
	client_report 2
	client "alg=$zip_alg" transforms=2 requests=200 outstanding=50 entries=1 \
		bytes=5000
	client_report 2
	at_rest
}

# All 20 rounds with WD_VM_LONG.
rounds() {
	echo $((${WD_VM_LONG:+16}+4))
}

@test "over and over: unbind and bind, reset, unload and load, each with the kernel's test" {
	local i

	for ((i = 0; i < $(rounds); i++)); do
		echo "$zip_bdf" >"$zip_driver/unbind"
		after_unbind
		echo "$zip_bdf" >"$zip_driver/bind"
		is_bound
		selftest passed

		# The algorithm stays, so the test is not done again: others do it.
		echo 1 >"$zip_device/reset"
		selftest passed
		is_working
		client "alg=$zip_alg" requests=4 outstanding=2
		at_rest

		unload_driver
		selftest ""
		load_driver
		is_bound
		selftest passed
		all_tests_went_through_it
		at_rest
	done
}

# ---- zswap ----

@test "zswap swaps 64 MiB and more out and in through the device, and each page is right" {
	local sent errors in out

	need_zram
	# What cannot be compressed (status 0x0e) goes to the swap device as it is; Linux's
	# driver says so each time.
	harmless='hisi_zip .*: compress fail in qp[0-9]+: 14, output: '
	zswap_on
	sent=$(counter send_cnt)
	errors=$(counter err_bd_cnt)
	in=$(swapped in)
	out=$(swapped out)

	swapper_in_small 1 200

	sent=$(($(counter send_cnt) - sent))
	errors=$(($(counter err_bd_cnt) - errors))
	in=$(($(swapped in) - in))
	out=$(($(swapped out) - out))
	echo "pages out $out, in $in; requests $sent, of them not to be compressed $errors"
	[ $((out * 4096)) -ge $((64 << 20)) ]
	[ $((in * 4096)) -ge $((64 << 20)) ]
	if driver_is linux; then
		[ "$errors" -gt 0 ]
	else
		# That of kmod/hisi does not count as errors what cannot be compressed,
		# which is one page of 200.
		errors=$((out / 100))
	fi
	# Linux 7 counts those as pages out, too, and has them without the device.
	if [ ! -e $zswap/zpool ]; then
		errors=-$errors
	elif driver_is wd; then
		errors=0
	fi
	[ "$sent" -ge $((out + in + errors)) ]
	at_rest
	zswap_off
}
