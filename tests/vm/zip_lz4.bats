#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A device that compresses LZ4 blocks, too, for the kernel's algorithm lz4; they are
# decompressed by the kernel's own.
#
# sim: --cap
# sim: 0x3144=0x130

bats_require_minimum_version 1.5.0
load zip

setup_file() {
	note_complaints
	if [ -e "$WD_VM_MODULES/kernel/crypto/lz4.ko" ]; then
		load_kernel_module lz4
	fi
	load_driver
}

setup() {
	begin_test
	zip_alg=wd-hisi-lz4
}

@test "the kernel's test of lz4 passes, and so does that of deflate" {
	selftest passed
	zip_alg=wd-hisi-deflate
	selftest passed
}

@test "the device compresses, and each block is right" {
	local sent

	sent=$(counter send_cnt)
	client "alg=$zip_alg" requests=400 outstanding=50 entries=8
	[[ $(client_report) == *": 400 of 400 pieces right"*" 0 failed, 0 empty"* ]]
	client "alg=$zip_alg" requests=100 outstanding=20 entries=1 bytes=4096
	[[ $(client_report) == *": 100 of 100 pieces right"*" 0 failed, 0 empty"* ]]
	# Nobody else decompresses.
	[ $(($(counter send_cnt) - sent)) -ge 500 ]
	no_violations
}

@test "blocks are under way in function-level resets, and deflate works after them" {
	local i

	traffic
	for i in 1 2 3; do
		more_is_done 200
		echo 1 >"$zip_device/reset"
		is_working
	done
	more_is_done 200
	traffic_ends
	client alg=wd-hisi-deflate requests=50 outstanding=10
	no_violations
}

@test "the device goes and comes back: lz4 goes on in software" {
	local n

	traffic
	more_is_done 100
	n=$(without_device)
	echo "$zip_bdf" >"$zip_driver/unbind"
	until_true more_without_device_than $((n + 50))
	echo "$zip_bdf" >"$zip_driver/bind"
	is_bound
	more_is_done 100
	traffic_ends
	no_violations
}
