#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The most memory that two threads take, whatever the size of the file.

load common

prepare_test() {
	need_plain
}

# Large enough that all buffers are in use.
large() {
	make mixed 5M >unit
	cat unit unit unit unit unit unit unit unit unit unit unit unit >large
}

# peak MIB COMMAND...: of a good run.
peak() {
	try helper limit $(($1 << 10)) 100 "${@:2}"
	[ "$status" -ne 98 ] || echo "more than $1 MiB"
	status_is 0
}

@test "compression at levels 1 to 5 takes at most 24 MiB" {
	large
	for level in 1 2 3 4 5; do
		peak 24 wdzip -p2 -c$level large
		try_in <(cat large) helper limit 24576 100 wdzip -p2 -$level
		status_is 0
	done
}

@test "compression at levels 6 to 12 takes at most 40 MiB" {
	large
	for level in 6 9; do
		peak 40 wdzip -p2 -c$level large
		try_in <(cat large) helper limit 40960 100 wdzip -p2 -$level
		status_is 0
	done
	head -c 20M large >part
	peak 40 wdzip -p2 -c --level=12 part
	try_in <(cat part) helper limit 40960 100 wdzip -p2 --level=12
	status_is 0
}

@test "random data takes no more memory to compress than other data" {
	head -c 60M /dev/urandom >random
	peak 24 wdzip -p2 -c1 random
	peak 40 wdzip -p2 -c6 random
	wdzip -k6 random
	peak 32 wdunzip -p2 -c random.gz
}

@test "decompression takes at most 32 MiB, whoever made the file" {
	need pigz bgzip
	large
	wdzip -1 -c large >one.gz
	wdzip -6 -c large >six.gz
	wdzip --members=bgzf -c large >blocks.gz
	wdzip --members=mz -c large >members.gz
	gzip -1 -c large >gzip.gz
	pigz -6 -i -p2 -c large >pigz.gz
	bgzip -c large >bgzip.gz
	for file in one six blocks members gzip pigz bgzip; do
		peak 32 wdunzip -p2 -c $file.gz
		same "$OUT" large
		try_in <(cat $file.gz) helper limit 32768 100 wdunzip -p2
		status_is 0
		same "$OUT" large
		peak 32 wdunzip -p2 -t $file.gz
	done
	rm "$OUT"
	peak 32 wdunzip -p2 six.gz
	same six large
}

@test "many files in one call take at most 24 MiB, from level 6 on 40 MiB" {
	mkdir small large
	py -c 'for n in range(5000):
	    open("small/%d" % n, "wb").write(b"%d " % n * 3500)'
	make mixed 1000000 >unit
	for n in {1..40}; do
		cp unit large/$n
	done
	for dir in small large; do
		peak 24 wdzip -p2 -rkf1 $dir
		peak 40 wdzip -p2 -rkf6 $dir
		peak 40 wdzip -p2 -rc9 $dir
	done
	gzip -t small/0.gz small/2500.gz small/4999.gz large/40.gz
}
