#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Small files: nothing is set up for them that takes longer than they do.

load common

need_loader() {
	LD_DEBUG=files wdzip --version 2>"$ERR" >"$OUT"
	grep -q 'file=libc' "$ERR" || skip "the loader does not say what it loads"
}

# What is loaded beside what the tool is linked with.
loaded() {
	LD_DEBUG=files "$@" 2>"$ERR" >"$OUT"
	grep -o 'file=lib\(isal\|archive\)[^ ]*' "$ERR" || true
}

@test "a small file is compressed without loading a library" {
	need_loader
	make text 1024 1 >f
	for level in 1 2 6 9 12; do
		[ -z "$(loaded wdzip --level=$level -c f)" ]
		gzip -dc "$OUT" | cmp - f
		[ -z "$(loaded wdzip --level=$level --format=zlib -c f)" ]
		[ -z "$(loaded wdzip --level=$level <f)" ]
	done
}

@test "a small file is decompressed without loading a library" {
	need_loader
	make text 1024 1 >f
	gzip -k f
	wdzip --format=zlib -k f
	for file in f.gz f.zz; do
		[ -z "$(loaded wdunzip -c "$file")" ]
		cmp "$OUT" f
		[ -z "$(loaded wdunzip -t "$file")" ]
		[ -z "$(loaded wdunzip -l "$file")" ]
	done
	[ -z "$(loaded wdunzip <f.gz)" ]
	cmp "$OUT" f
}

# The decoder changes with size and number of the files.
@test "small and large files in one call, in any order, all come out right" {
	for i in $(seq 60); do
		make text $((i * 97)) "$i" >"s$i"
	done
	for i in 1 2 3; do
		make text 700000 "$i" >"l$i"
	done
	order=(s1 l1 s2 s3 l2)
	for i in $(seq 4 60); do
		order+=("s$i")
	done
	order+=(l3 s1 s60)
	cat "${order[@]}" >all
	gzip -k s* l*
	wdunzip -c "${order[@]/%/.gz}" | cmp - all
	wdunzip -t "${order[@]/%/.gz}"
	rm s? s?? l?
	wdunzip ./*.gz
	cat "${order[@]}" | cmp - all
}

@test "a small file that is damaged or cut is told, whatever came before" {
	make text 3000 1 >f
	make text 700000 2 >l
	gzip -k f l
	head -c -9 f.gz >cut.gz
	{
		head -c 600 f.gz
		printf '\377\377\377\377\377\377'
		tail -c +607 f.gz
	} >bad.gz
	for before in "" f.gz l.gz; do
		for file in cut bad; do
			# shellcheck disable=SC2086
			try wdunzip -t $before $file.gz
			status_is 1
			grep -q "$file.gz: " "$ERR"
			! grep -q ' [fl]\.gz: ' "$ERR"
		done
	done
}
