#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What tar and other programs expect of a compressor they start.

load common

prepare() {
	mkdir -p tree/a/b
	make text 300K >tree/text
	make noise 100K >tree/a/noise
	: >tree/a/empty
	ln -s ../text tree/a/link
	printf 'hello world\n' >tree/a/b/hello
}

# A link to a script is still that script, whatever its name.
need_binary() {
	[ "$(head -c 2 "$(command -v wdzip)" | tr -d '\0')" != '#!' ] ||
		skip "the tools are scripts here"
}

# unpacked DIR: it holds what tree does.
unpacked() {
	diff -r --no-dereference tree "$1/tree"
}

@test "tar --use-compress-program packs and unpacks" {
	tar --use-compress-program=wdzip -cf t.tar.gz tree
	gzip -t t.tar.gz
	mkdir out
	tar --use-compress-program=wdzip -xf t.tar.gz -C out
	unpacked out
}

@test "tar -I with arguments packs and unpacks" {
	tar -I 'wdzip -p2 -9' -cf t.tar.gz tree
	mkdir out
	tar -I 'wdzip -p2' -xf t.tar.gz -C out
	unpacked out
}

@test "tar lists and compares through wdzip" {
	tar -I wdzip -cf t.tar.gz tree
	tar -I wdzip -tf t.tar.gz | grep -qx tree/a/b/hello
	tar -I wdzip -df t.tar.gz
}

@test "tar unpacks with wdunzip what gzip packed, and the reverse" {
	mkdir out1 out2
	tar -czf t.tar.gz tree
	tar -I wdunzip -xf t.tar.gz -C out1
	unpacked out1
	tar -I wdzip -cf t.tar.gz tree
	tar -xzf t.tar.gz -C out2
	unpacked out2
}

@test "tar works with a link called gzip to wdzip" {
	mkdir bin out
	ln -s "$(command -v wdzip)" bin/gzip
	need_binary
	PATH=$PWD/bin:$PATH tar -czf t.tar.gz tree
	PATH=$PWD/bin:$PATH tar -xzf t.tar.gz -C out
	unpacked out
}

@test "a program called gunzip or zcat decompresses" {
	need_binary
	mkdir bin
	for name in gunzip zcat; do
		ln -s "$(command -v wdzip)" bin/$name
	done
	gzip -kc tree/text >t.gz
	bin/zcat t.gz | cmp - tree/text
	bin/gunzip t.gz
	same t tree/text
}

@test "zero bytes behind the archive are accepted in silence" {
	tar -I wdzip -cf t.tar.gz tree
	head -c 10240 /dev/zero >>t.tar.gz
	mkdir out
	try tar -I wdzip -xf t.tar.gz -C out
	status_is 0
	err_is
	unpacked out
}

@test "an archive padded to a record, from a pipe, unpacks in silence" {
	tar -I wdzip -cf t.tar.gz tree
	size=$(wc -c <t.tar.gz)
	truncate -s $(((size + 10239) / 10240 * 10240)) t.tar.gz
	mkdir out
	status=0
	cat t.tar.gz | tar -I wdzip -xf - -C out 2>"$ERR" || status=$?
	status_is 0
	err_is
	unpacked out
}

@test "tar fails on an empty compressed archive" {
	: >empty.tar.gz
	try tar -I wdzip -tf empty.tar.gz
	status_is 2
	grep -q 'Child returned status 1' "$ERR"
}

@test "tar fails on a truncated archive" {
	tar -I wdzip -cf t.tar.gz tree
	truncate -s -1000 t.tar.gz
	try tar -I wdzip -tf t.tar.gz
	status_is 2
}

@test "tar may stop reading early" {
	mkdir out
	make zeros 6M >zzz
	tar -I wdzip -cf t.tar.gz tree/a/b/hello zzz
	# --occurrence: tar ends after the first file, wdzip by SIGPIPE.
	try "${signals[@]}" default PIPE \
		tar -I wdzip -xf t.tar.gz -C out --occurrence=1 tree/a/b/hello
	status_is 0
	err_is
	same out/tree/a/b/hello tree/a/b/hello
}

@test "wdzip ends by SIGPIPE when its reader stops, without a word" {
	make noise 3M >n
	status=0
	"${signals[@]}" default PIPE bash -c '
		cat n n n | wdzip -1 2>err | head -c 100 >/dev/null
		exit "${PIPESTATUS[1]}"' || status=$?
	[ "$status" -eq 141 ]
	[ ! -s err ]
}

@test "tar's output through wdzip is one member" {
	tar -I wdzip -cf t.tar.gz tree
	py -c 'from wdtest import *; assert len(members(read("t.tar.gz"))) == 1'
}

@test "the same tree gives the same archive twice" {
	tar -I 'wdzip -n -p1' -cf a.tar.gz tree
	tar -I 'wdzip -n -p3' -cf b.tar.gz tree
	same a.tar.gz b.tar.gz
}

@test "bsdtar packs with wdzip and unpacks with wdunzip" {
	need bsdtar
	bsdtar --use-compress-program wdzip -cf t.tar.gz tree
	gzip -t t.tar.gz
	mkdir out1 out2
	# bsdtar does not add -d.
	bsdtar --use-compress-program wdunzip -xf t.tar.gz -C out1
	unpacked out1
	bsdtar --use-compress-program 'wdzip -d' -xf t.tar.gz -C out2
	unpacked out2
}

@test "git archive works with wdzip" {
	need git
	git init -q repo
	cp -r tree repo
	git -C repo add .
	git -C repo -c user.name=t -c user.email=t@example.org commit -qm t
	git -C repo -c tar.tar.gz.command='wdzip -cn' archive \
		--format=tar.gz -o ../t.tar.gz HEAD
	mkdir out
	tar -xzf t.tar.gz -C out
	unpacked out
}

@test "logrotate's way of calling works: standard input to a file" {
	wdzip <tree/text >text.gz
	same tree/text <(gzip -dc text.gz)
}

@test "zgrep's way of calling works: -cdfq of what is compressed and what is not" {
	gzip -c tree/text >t.gz
	wdzip -cdfq t.gz | cmp - tree/text
	wdzip -cdfq tree/text | cmp - tree/text
	wdzip -cdfq <tree/text | cmp - tree/text
	wdzip -cdfq -- tree/a/empty | cmp - tree/a/empty
}
