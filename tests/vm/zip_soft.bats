#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Requests of the kernel that no device does, or not yet: software takes over in the
# middle, whatever size and shape they have; and those that wait for room get it.

bats_require_minimum_version 1.5.0
load zip

setup() {
	begin_test
	selftest passed
}

unbind() {
	echo "$zip_bdf" >"$zip_driver/unbind"
}

bind() {
	echo "$zip_bdf" >"$zip_driver/bind"
	is_bound
}

# What the device has compressed is decompressed by software, and the other way round.
@test "the device goes and comes back: large pieces and lists go on in software" {
	local n shape

	for shape in "bytes=1048576 entries=16 outstanding=2" "bytes=300000 entries=64 outstanding=2" \
		"bytes=32768 entries=1 outstanding=4"; do
		echo "$shape"
		# shellcheck disable=SC2086
		traffic $shape
		more_is_done 8
		n=$(without_device)
		unbind
		until_true more_without_device_than $((n + 8))
		bind
		more_is_done 8
		traffic_ends
	done
	no_violations
}

@test "lists with empty entries are for software" {
	local errors sent

	errors=$(counter err_bd_cnt)
	sent=$(counter send_cnt)
	client "alg=$zip_alg" requests=200 outstanding=20 entries=9 gaps=1
	client "alg=$zip_alg" requests=200 outstanding=20 entries=64 gaps=1
	[ "$(counter err_bd_cnt)" -eq "$errors" ]
	[ "$(counter send_cnt)" -eq "$sent" ]
	no_violations
}

@test "requests that may wait do, however many there are" {
	local fallbacks

	fallbacks=$(counter fallback_cnt)
	client "alg=$zip_alg" requests=1500 outstanding=1500 bytes=1024 entries=2 transforms=2 \
		backlog=1
	at_rest
	[ "$(counter fallback_cnt)" -eq "$fallbacks" ]
	no_violations
}

@test "those that may wait get their turn beside those that may not" {
	client "alg=$zip_alg" requests=2500 outstanding=700 bytes=1024 entries=2 transforms=4 \
		backlog=2
	client_report 4
	at_rest
	no_violations
}
