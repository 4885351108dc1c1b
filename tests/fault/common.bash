# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What the files of this directory share; each begins with "load common".  All
# of tests/cli/common.bash, and helpers of its own.
#
# WD_FAULTIO names the library that faultio.c makes; without it, it is compiled.
# Lines that begin with "#" in the output tell how often what was tried.

load ../cli/common

cli_dir=$BATS_TEST_DIRNAME/../cli

setup_file() {
	if [ -z "${WD_FAULTIO-}" ]; then
		command -v "${CC:-cc}" >/dev/null ||
			skip "WD_FAULTIO is not set, and there is no C compiler"
		WD_FAULTIO=$BATS_FILE_TMPDIR/faultio.so
		"${CC:-cc}" -std=gnu11 -O1 -shared -fPIC -o "$WD_FAULTIO" \
			"$BATS_TEST_DIRNAME/faultio.c"
		export WD_FAULTIO
	fi
}

prepare() {
	export PYTHONPATH=$BATS_TEST_DIRNAME/helpers:$cli_dir/helpers
	export BATS_TEST_TMPDIR
	if [ "$(type -t prepare_test)" = function ]; then
		prepare_test
	fi
}

# helper NAME ARG...: a program of this directory's helpers, or of tests/cli's.
helper() {
	local name=$1 dir

	shift
	for dir in "$BATS_TEST_DIRNAME/helpers" "$cli_dir/helpers"; do
		if [ -e "$dir/$name.py" ]; then
			py "$dir/$name.py" "$@"
			return
		fi
	done
	echo "there is no helper $name"
	return 1
}

# sanitized NAME...: whether the tools were built with one of these.
sanitized() {
	local name

	for name; do
		# What a sanitizer makes of the tool, linked either way.
		grep -q "__${name}_init" "$(command -v wdzip)" && return
	done
	return 1
}
