#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The tools on small files under valgrind, which sees inside the libraries that
# sanitizers do not: no value that was never set decides, no memory is lost.

load common

prepare_test() {
	need valgrind
	need_plain
	runs=0
	# Of the levels, for what is not the mixed data, which has all of them.
	[ -n "${WD_TEST_ALL-}" ] && few="1 2 3 6 9" || few="1 6"
	CHECK=(valgrind -q --error-exitcode=99 --leak-check=full
		--errors-for-leak-kinds=definite,possible)
}

# checked COMMAND...: as try; valgrind has nothing to say.
checked() {
	try "${CHECK[@]}" "$@"
	runs=$((runs + 1))
	! grep -q '^==[0-9]*==' "$ERR" || {
		show
		return 1
	}
}

# clean COMMAND...: and neither has the tool.
clean() {
	checked "$@"
	status_is 0
}

tell() {
	echo "# $runs runs under valgrind" >&3
}

@test "compressing small files at every level" {
	: >empty
	printf x >byte
	make text 1024 >text
	make mixed 20000 >mixed
	head -c 5000 /dev/urandom >random
	for file in empty byte text random; do
		for level in $few; do
			clean wdzip -p2 -c$level $file
			gzip -dc <"$OUT" | cmp - $file
		done
	done
	for level in {1..12}; do
		clean wdzip -p$((level % 2 + 1)) -c --level=$level mixed
		gzip -dc <"$OUT" | cmp - mixed
	done
	tell
}

@test "compressing several chunks, formats and layouts" {
	make mixed 150000 >d
	for how in "-1" "-6" "--rsyncable" "--members=bgzf" "--members=mz" "--format=zlib" \
		"--format=deflate" "--verify -kf" "--stats"; do
		# shellcheck disable=SC2086
		clean wdzip -p2 -b 32K -k -f $how d
	done
	clean wdzip -p2 -b 32K < <(cat d)
	gzip -dc <"$OUT" | cmp - d
	tell
}

@test "decompressing small files, whole" {
	make mixed 150000 >d
	wdzip -1 -b 32K -c d >one.gz
	wdzip -6 -b 32K -c d >six.gz
	wdzip --members=bgzf -c d >blocks.gz
	wdzip --members=mz -b 32K -c d >members.gz
	gzip -9c d >gzip.gz
	cat gzip.gz six.gz one.gz >all.gz
	for file in one six blocks members gzip; do
		for p in 1 2; do
			clean wdunzip -p$p -c $file.gz
			same "$OUT" d
		done
		clean wdunzip -p2 < <(cat $file.gz)
		same "$OUT" d
	done
	clean wdunzip -p2 -t all.gz
	clean wdunzip -p2 -l all.gz
	clean wdunzip -p2 -kNf all.gz
	tell
}

@test "decompressing small files that are damaged" {
	make mixed 150000 >d
	wdzip -6 -b 32K -c d >good.gz
	size=$(wc -c <good.gz)
	for at in 0 2 3 9 30 2000 $((size / 2)) $((size - 2000)) $((size - 6)) $((size - 2)); do
		head -c $at good.gz >bad.gz
		printf '\125\252' >>bad.gz
		tail -c +$((at + 3)) good.gz >>bad.gz
		head -c $at good.gz >short.gz
		for file in bad short; do
			checked wdunzip -p2 -c $file.gz
			# Other flags, time or system are no damage.
			[ "$status" -eq 1 ] || [ $at -lt 10 ]
		done
	done
	tell
}

@test "many small files in one call" {
	mkdir many
	for n in {1..30}; do
		make text $((n * 300)) $n >many/$n
	done
	cp -r many before
	clean wdzip -p2 -r many
	clean wdunzip -p2 -r many
	diff -r many before
	tell
}
