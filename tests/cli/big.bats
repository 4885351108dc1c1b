#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Many files, and large ones.

load common

@test "5000 small files in one call go there and back" {
	py - <<-'EOT'
	from wdtest import *
	data = text(100000)
	for n in range(5000):
	    write("f%04d" % n, data[n:n + n % 3000])
	EOT
	try wdzip f*
	status_is 0
	err_is
	[ "$(ls | wc -l)" -eq 5000 ]
	[ "$(find . -name 'f*.gz' | wc -l)" -eq 5000 ]
	gzip -t f0000.gz f2500.gz f4999.gz
	try wdunzip f*.gz
	status_is 0
	err_is
	py - <<-'EOT'
	import os
	from wdtest import *
	data = text(100000)
	assert len(os.listdir(".")) == 5000
	for n in range(5000):
	    assert read("f%04d" % n) == data[n:n + n % 3000], n
	EOT
}

@test "-r over a tree of 3000 files goes there and back" {
	py - <<-'EOT'
	import os
	from wdtest import *
	data = text(100000)
	for n in range(3000):
	    path = "tree/%d/%d/%d" % (n % 7, n % 31, n % 2)
	    os.makedirs(path, exist_ok=True)
	    write("%s/f%d" % (path, n), data[n:n + n * 7 % 2000])
	EOT
	cp -r tree want
	try wdzip -r tree
	status_is 0
	err_is
	[ "$(find tree -type f ! -name '*.gz' | wc -l)" -eq 0 ]
	find tree -name '*.gz' -print0 | xargs -0 gzip -t
	try wdunzip -r tree
	status_is 0
	err_is
	diff -r tree want
}

@test "memory does not grow with the number of files" {
	need_plain
	py - <<-'EOT'
	import resource, subprocess
	from wdtest import *
	data = text(20000)
	names = ["f%04d" % n for n in range(2000)]
	for name in names:
	    write(name, data)

	def peak(names):
	    subprocess.run(["wdzip", "-kf"] + names, check=True)
	    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss

	few, many = peak(names[:20]), peak(names)
	print("%d KiB for 20 files, %d KiB for 2000" % (few, many))
	assert many < few * 1.5 + 20000
	EOT
}

@test "a file of 300 MiB, mostly holes, goes there and back" {
	truncate -s 300M sparse
	make mixed 2M >m
	for at in 0 50 149 298; do
		dd if=m of=sparse bs=1M seek=$at conv=notrunc status=none
	done
	sum=$(sha256sum <sparse)
	try wdzip -1 --stats=json -k sparse
	status_is 0
	gzip -t sparse.gz
	try wdzip -lq sparse.gz
	out_like ' +[0-9]+ +314572800 .* sparse'
	mv sparse.gz again.gz
	try wdunzip again.gz
	status_is 0
	[ "$(sha256sum <again)" = "$sum" ]
}

@test "memory is bounded for a large file, in both directions" {
	need_plain
	truncate -s 600M sparse
	py - <<-'EOT'
	import resource, subprocess

	def peak(args):
	    subprocess.run(args, check=True)
	    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss

	print("%d KiB" % peak(["wdzip", "-6", "-p3", "-k", "sparse"]))
	print("%d KiB" % peak(["wdunzip", "-p3", "-kf", "sparse.gz"]))
	# Chunks of at most 4 MiB, some of them for each of three threads.
	assert peak(["true"]) < 400 << 10
	EOT
}

@test "--verify reads a large file back" {
	truncate -s 100M sparse
	try wdzip -1 --verify sparse
	status_is 0
	gone sparse
	gzip -t sparse.gz
}

@test "-l is right above 4 GiB" {
	# 4 GiB and 5 bytes of zeros from one repeated chunk.
	py - <<-'EOT'
	from wdtest import *
	piece = bytes(64 << 20)
	chunk = chunked([piece, b""], 9)[:-2]
	crc = 0
	for n in range(64):
	    crc = zlib.crc32(piece, crc)
	crc = zlib.crc32(b"12345", crc)
	write("z.gz", header() + chunk * 64 + stored(b"12345") +
	      struct.pack("<II", crc, 5))
	EOT
	try wdzip -lq z.gz
	status_is 0
	out_like " +$(wc -c <z.gz) +4294967301 .* z"
	[ "$(wdunzip -c z.gz | tail -c 5)" = 12345 ]
}

@test "a tar of 50000 files goes there and back" {
	[ "${WD_TEST_HUGE-}" = 1 ] || skip "only with WD_TEST_HUGE=1"
	py - <<-'EOT'
	import os
	from wdtest import *
	data = text(1 << 20)
	for n in range(50000):
	    path = "tree/%d/%d" % (n % 100, n % 7)
	    os.makedirs(path, exist_ok=True)
	    write("%s/f%d" % (path, n), data[n:n + n * 7 % 5000])
	EOT
	tar --use-compress-program=wdzip -cf t.tar.gz tree
	mkdir out
	tar --use-compress-program=wdzip -xf t.tar.gz -C out
	diff -r tree out/tree
}

@test "a file of 5 GiB goes there and back" {
	[ "${WD_TEST_HUGE-}" = 1 ] || skip "only with WD_TEST_HUGE=1"
	make mixed 6M >m
	truncate -s 5G huge
	for at in 0 1000 4093 4097 5114; do
		dd if=m of=huge bs=1M seek=$at conv=notrunc status=none
	done
	sum=$(sha256sum <huge)
	try wdzip -1 -k huge
	status_is 0
	gzip -t huge.gz
	try wdzip -lq huge.gz
	out_like " +$(wc -c <huge.gz) +5368709120 .* huge"
	rm huge
	try wdunzip huge.gz
	status_is 0
	[ "$(sha256sum <huge)" = "$sum" ]
}
