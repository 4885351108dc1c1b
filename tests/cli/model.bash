# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# For tests of the tools with the model of the ZIP engine: "load model" after common.
# WD_MODEL_... in the environment say what is there; tests/sim/files/environment.c has them.

prepare() {
	local tools=$WD_BIN_DIR/../tests/sim/files/with_model

	if [ ! -x "$tools/wdzip" ]; then
		echo "$tools has no wdzip"
		return 1
	fi
	PATH=$(cd "$tools" && pwd):$PATH
	export WD_MODEL_TELL=$BATS_TEST_TMPDIR/counters
}

forget_counters() {
	rm -f "$WD_MODEL_TELL"
}

# count NAME: what the devices have counted, all together.
count() {
	tr ' ' '\n' <"$WD_MODEL_TELL" |
		awk -F = -v name="$1" '$1 == name { n += $2 } END { print n + 0 }'
}

# counted NAME OPERATOR NUMBER: as of test.
counted() {
	local n

	n=$(count "$1")
	test "$n" "$2" "$3" && return
	echo "$1 is $n, expected $2 $3; the counters:"
	cat "$WD_MODEL_TELL"
	return 1
}
