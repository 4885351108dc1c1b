#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Many small files on devices, which are threads of the tool here: as good and as
# bad as the test wants them.

load common

prepare() {
	local tools=$WD_BIN_DIR/../tests/cli/with_fakes i

	if [ ! -x "$tools/wdzip" ]; then
		echo "$tools has no wdzip"
		return 1
	fi
	PATH=$(cd "$tools" && pwd):$PATH
	mkdir -p d/sub
	make text 3000000 1 >d/large
	for i in $(seq 40); do
		head -c $((i * 797)) d/large >"d/s$i"
		head -c $((i * 97)) d/large >"d/sub/s$i"
	done
	: >d/empty
	make noise 70000 >d/noise
	head -c 1048576 d/large >d/most
	cp -r d want
}

# pack OPTION...: all files, and back by gzip.
pack() {
	rm -rf d
	cp -r want d
	wdzip -p 3 "$@" -r d 2>"$ERR"
	[ ! -s "$ERR" ]
	[ -z "$(find d -type f ! -name '*.gz')" ]
	gzip -dr d
	diff -r d want
}

@test "all small files go to the device that was asked for" {
	export WD_FAKE_TELL=$BATS_TEST_TMPDIR/told
	for options in "" "--no-verify" "-n"; do
		# shellcheck disable=SC2086
		pack --engine=fake-0 $options
		read -r first second <"$WD_FAKE_TELL"
		[ "$first" -ge 83 ]
		[ "$second" -eq 0 ]
	done
}

@test "small files are shared by devices and the CPU" {
	pack --engine=hybrid
	pack --engine=fake-0+fake-1
	pack --engine=fake-1+sw
}

@test "small files are right where a device fails, lies, refuses and forgets" {
	for ill in 20 300 900; do
		export WD_FAKE_ILL=$ill
		pack --engine=fake-0
		pack --engine=hybrid
	done
}

@test "small files are right where devices die" {
	export WD_FAKE_DEADLY=30
	pack --engine=fake-0
	pack --engine=fake-0+fake-1
	pack --engine=hybrid
}

@test "small files are right where a device keeps their memory" {
	# So does the session, which nobody has any more.
	export WD_FAKE_KEEPS=1 ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0
	for engine in fake-0 fake-0+fake-1 hybrid; do
		rm -rf d want
		mkdir d
		for i in $(seq 20); do
			make noise $((i % 3 * 50000 + 20000)) "$i" >"d/$i"
		done
		cp -r d want
		pack --engine=$engine
	done
}

@test "a stream goes on where a device keeps its memory for ever" {
	export WD_FAKE_KEEPS=1 ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0
	wdzip -k --engine=sw d/large
	mv d/large.gz large.gz
	for engine in fake-0 fake-0+fake-1 hybrid; do
		try wdzip --engine=$engine --explain -k d/large
		status_is 0
		grep -q 'did not answer' "$ERR"
		gzip -dc d/large.gz | cmp - d/large
		rm d/large.gz
		# shellcheck disable=SC2094
		wdzip --engine=$engine <d/large | gzip -dc | cmp - d/large
		wdzip -dc --engine=$engine large.gz | cmp - d/large
		wdzip -d --engine=$engine <large.gz | cmp - d/large
	done
}

@test "small files get the same names, times and messages with a device" {
	touch -d '2021-02-03 04:05:06' d/s1
	wdzip -k d/s1
	mv d/s1.gz .
	rm -rf d
	cp -r want d
	touch -d '2021-02-03 04:05:06' d/s1
	: >d/s2.gz
	ln d/s3 d/link
	run -2 --separate-stderr wdzip -p 3 --engine=fake-0 -r d </dev/null
	[[ $stderr == *"d/s2.gz already exists"* ]]
	[[ $stderr == *"d/s3 has 1 other link"* ]]
	[ -f d/s2 ]
	[ "$(stat -c %Y d/s1.gz)" -eq "$(stat -c %Y s1.gz)" ]
	cmp -n 16 d/s1.gz s1.gz
}

# ---- which engine, and why not ----

# refused WORDS: status 1, one message for each device in its words, the file untouched
refused() {
	status_is 1
	[ -f d/s1 ] && [ ! -e d/s1.gz ]
	grep -q "$1" "$ERR"
}

@test "hw uses hardware only" {
	export WD_FAKE_TELL=$BATS_TEST_TMPDIR/told
	try wdzip --engine=hw --no-verify --stats=json -k d/large
	status_is 0
	grep -q '"engine":"hw"' "$ERR"
	grep -q '"kind":"cpu","requests":0,' "$ERR"
	read -r first second <"$WD_FAKE_TELL"
	[ $((first + second)) -gt 1 ]
	gzip -dc d/large.gz | cmp - d/large
}

@test "auto uses hardware and the CPU" {
	try wdzip --stats=json -k d/large
	status_is 0
	grep -q '"engine":"fake-0+fake-1+sw"' "$ERR"
	gzip -dc d/large.gz | cmp - d/large
}

@test "auto uses the CPU where hardware cannot be used" {
	export WD_FAKE_STATUS=13 WD_FAKE_TELL=$BATS_TEST_TMPDIR/told
	try wdzip --stats=json -k d/large
	status_is 0
	grep -q '"engine":"sw"' "$ERR"
	read -r first second <"$WD_FAKE_TELL"
	[ "$first" -eq 0 ] && [ "$second" -eq 0 ]
}

@test "hw that cannot be used is refused, with the reason of each device" {
	export WD_FAKE_STATUS WD_FAKE_REASON
	# no permission; no free queue; isolated; addresses not shared
	for WD_FAKE_STATUS in 13 16 5 95; do
		WD_FAKE_REASON="this is why $WD_FAKE_STATUS"
		try wdzip --engine=hw d/s1
		refused "engine hw cannot be used"
		grep -q "fake-0: this is why $WD_FAKE_STATUS" "$ERR"
		grep -q "fake-1: this is why $WD_FAKE_STATUS" "$ERR"
		try wdzip --engine=hw,sw -k d/s1
		status_is 0
		rm d/s1.gz
	done
}

@test "hw that gives no queue is refused" {
	export WD_FAKE_NO_QUEUE
	for WD_FAKE_NO_QUEUE in 16 19; do
		try wdzip --engine=hw d/s1
		refused "engine hw"
	done
}

@test "--stats counts what a device did not do, by reason" {
	export WD_FAKE_REFUSAL=95
	try wdzip --engine=fake-0 --stats=json -k d/large
	status_is 0
	grep -q '"name":"fake-0",.*"returned":0,"reasons":{"unsupported":[1-9]' "$ERR"
	gzip -dc d/large.gz | cmp - d/large
	try wdzip --engine=fake-0 --stats -kf d/large
	grep -q 'unsupported [0-9]*: the device cannot do this format or size' "$ERR"
}

@test "--explain has a sentence for each reason" {
	export WD_FAKE_REFUSAL=110
	try wdzip --engine=fake-0 --explain -k d/large
	status_is 0
	grep -q 'the device did not answer, and its queue was given up, 1 time$' "$ERR"
	grep -q 'the device had failed, and was left alone for a while, [0-9]* time' "$ERR"
}

@test "--explain tells who has permission for a device" {
	export WD_FAKE_NO_QUEUE=13 WD_FAKE_REASON="members of group accel have it"
	try wdzip --engine=fake-0 --explain -k d/large
	status_is 0
	grep -q 'members of group accel have it, 1 time$' "$ERR"
}
