# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What the files of this directory share; each begins with "load common".
#
# WDZIP_BIN_DIR, or WD_BIN_DIR, names the directory with wdzip, wdunzip and
# wdzcat.  Tools that need an emulator are scripts in such a directory.
#
# Each test runs in a directory of its own, with standard input empty.  WD_SLOW=n
# makes the exhaustive tests look at every n-th case only, for tools that run
# under an emulator or a sanitizer.

bats_require_minimum_version 1.5.0

# Seconds; a busy machine and slow tools included; more only what hangs takes.
export BATS_TEST_TIMEOUT=${BATS_TEST_TIMEOUT:-600}

PYTHON=${PYTHON:-python3}
if [ "$PYTHON" = python3 ] && [ -x /usr/bin/python3 ]; then
	PYTHON=/usr/bin/python3	# not a wrapper that takes its time
fi

setup() {
	local dir=${WDZIP_BIN_DIR:-${WD_BIN_DIR-}} tool

	if [ -z "$dir" ]; then
		echo "WDZIP_BIN_DIR is not set: the directory with wdzip," \
			"wdunzip and wdzcat"
		return 1
	fi
	for tool in wdzip wdunzip wdzcat; do
		if [ ! -x "$dir/$tool" ]; then
			echo "$dir has no $tool"
			return 1
		fi
	done

	PATH=$(cd "$dir" && pwd):$PATH
	PYTHONPATH=$BATS_TEST_DIRNAME/helpers
	LC_ALL=C
	TZ=UTC0
	export PATH PYTHONPATH LC_ALL TZ
	unset GZIP WDZIP PIGZ SOURCE_DATE_EPOCH POSIXLY_CORRECT TAPE TAR_OPTIONS
	unset NO_COLOR CLICOLOR CLICOLOR_FORCE
	use_engine
	umask 022

	# What `try` writes stays out of the directory the tests look at.
	OUT=$BATS_TEST_TMPDIR/stdout
	ERR=$BATS_TEST_TMPDIR/stderr
	mkdir "$BATS_TEST_TMPDIR/work"
	cd "$BATS_TEST_TMPDIR/work" || return 1
	exec </dev/null

	# For what runs in the background: $! must be the tool, not a shell.
	# shellcheck disable=SC2034
	signals=("$PYTHON" -s -B "$BATS_TEST_DIRNAME/helpers/signals.py")

	if [ "$(type -t prepare)" = function ]; then
		prepare
	fi
}

# With WD_TEST_ENGINE all work on that one where a test does not choose, but for the
# tests in engine-differs.
use_engine() {
	local file name reason here

	[ -n "${WD_TEST_ENGINE-}" ] || return 0
	export WDZIP=--engine=$WD_TEST_ENGINE
	here=$(basename "$BATS_TEST_FILENAME" .bats)
	while IFS='|' read -r file name reason; do
		name=${name# }
		# shellcheck disable=SC2053 # it is a pattern
		if [[ $file == "$here " || $file == "$WD_TEST_ENGINE:$here " ]] &&
			[[ $BATS_TEST_DESCRIPTION == ${name% } ]]; then
			skip "${reason# }"
		fi
	done <"$BATS_TEST_DIRNAME/engine-differs"
}

# A failed test must not leave a process behind that runs on: what is started in
# the background says `pids+=($!)`.  Never `wait` for no one in particular; bats
# has a job of its own running.
pids=()

teardown() {
	[ ${#pids[@]} -gt 0 ] || return 0
	{
		kill -KILL "${pids[@]}"
		wait "${pids[@]}"
	} 2>/dev/null || :
}

# ---- running ----

# try COMMAND...: its output goes to $OUT and $ERR, its status to $status.
# Unlike `run` it keeps every byte.
try() {
	status=0
	"$@" >"$OUT" 2>"$ERR" || status=$?
}

# try_in FILE COMMAND...: the same with FILE as standard input.
try_in() {
	local file=$1

	shift
	status=0
	"$@" <"$file" >"$OUT" 2>"$ERR" || status=$?
}

py() {
	"$PYTHON" -s -B "$@"
}

# helper NAME ARG...: a program of helpers/.
helper() {
	local name=$1

	shift
	py "$BATS_TEST_DIRNAME/helpers/$name.py" "$@"
}

# make KIND SIZE [SEED]: SIZE bytes of generated data, always the same.  What is not
# too large is kept for the other tests of the file.
make() {
	local made=$BATS_FILE_TMPDIR/made-$1-$2-${3-1}

	case $2 in
	*[!0-9]* | ????????*)
		helper generate "$@"
		return
		;;
	esac
	if [ ! -e "$made" ]; then
		helper generate "$@" >"$made.$BASHPID"
		mv "$made.$BASHPID" "$made"
	fi
	cat "$made"
}

# need COMMAND...: skip, naming what is missing.
need() {
	local cmd

	for cmd; do
		command -v "$cmd" >/dev/null || skip "$cmd is not installed"
	done
}

# need_user: skip unless we are root and can act as somebody else, or are not
# root anyway.  as_user COMMAND... then runs it without root's privileges.
need_user() {
	[ "$(id -u)" -ne 0 ] && return
	command -v setpriv >/dev/null || skip "root ignores modes; no setpriv"
	setpriv --reuid=65534 --regid=65534 --clear-groups true 2>/dev/null ||
		skip "root ignores modes and cannot become another user here"
	chmod 777 .
	as_user test -w . || skip "another user cannot reach $PWD"
	as_user test -x "$(command -v wdzip)" ||
		skip "another user cannot reach the tools"
}

# need_plain: skip if the tools do not run as they will for users, for tests of
# memory and address space.
need_plain() {
	local tool

	tool=$(command -v wdzip)
	[ "$(head -c 2 "$tool" | tr -d '\0')" != '#!' ] ||
		skip "the tools run under an emulator"
	! grep -Eqa '__(asan|tsan|msan)_init' "$tool" ||
		skip "the tools are built with a sanitizer"
}

as_user() {
	if [ "$(id -u)" -eq 0 ]; then
		setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
	else
		"$@"
	fi
}

# wait_until COMMAND...: poll, at most two minutes: longer only what hangs takes, on any machine.
wait_until() {
	local end=$((SECONDS + 120))

	until "$@"; do
		if [ $SECONDS -ge $end ]; then
			echo "waited 120 s in vain for: $*"
			return 1
		fi
		read -rt 0.01 <> <(:) || :
	done
}

# ---- judging ----

show() {
	local name

	for name in "$OUT" "$ERR"; do
		[ -s "$name" ] || continue
		echo "${name##*/}, $(wc -c <"$name") bytes:"
		head -c 1000 "$name" | tr -c '[:print:]\t\n' '?'
		echo
	done
}

# status_is N: of the last `try` (or `run`).
status_is() {
	[ "$status" -eq "$1" ] && return
	echo "status $status, expected $1"
	show
	return 1
}

# out_size N: bytes on standard output.
out_size() {
	local got

	got=$(wc -c <"$OUT")
	[ "$got" -eq "$1" ] && return
	echo "$got bytes on standard output, expected $1"
	show
	return 1
}

# out_is LINE...: standard output is exactly these lines; none for nothing.
out_is() {
	lines_are "$OUT" "$@"
}

# err_is LINE...: the same for standard error.
err_is() {
	lines_are "$ERR" "$@"
}

lines_are() {
	local file=$1

	shift
	if [ $# -eq 0 ]; then
		[ -s "$file" ] || return 0
		echo "expected nothing on ${file##*/}"
	else
		printf '%s\n' "$@" | cmp -s - "$file" && return
		echo "expected on ${file##*/}:"
		printf '%s\n' "$@"
	fi
	show
	return 1
}

# err_line LINE: standard error has exactly this line.
err_line() {
	grep -Fxq -e "$1" "$ERR" && return
	echo "expected this line on stderr: $1"
	show
	return 1
}

# err_like REGEX: standard error has a line that matches as a whole.
err_like() {
	grep -Exq -e "$1" "$ERR" && return
	echo "expected a line like this on stderr: $1"
	show
	return 1
}

# out_like REGEX: the same for standard output.
out_like() {
	grep -Exq -e "$1" "$OUT" && return
	echo "expected a line like this on stdout: $1"
	show
	return 1
}

# fault_is TOOL NAME TEXT: what gzip says about corrupt data, a blank line and
# "TOOL: NAME: TEXT", as it stands; then at most lines that tell where.
fault_is() {
	printf '\n%s: %s: %s\n' "$1" "$2" "$3" |
		cmp -s - <(head -n 2 "$ERR") || {
		echo "expected a blank line and: $1: $2: $3"
		show
		return 1
	}
	if tail -n +3 "$ERR" | grep -Ev "^$1: $2: member [0-9]+, byte [0-9]+(: .+)?$"; then
		echo "unexpected lines after gzip's own"
		return 1
	fi
}

# place_is TOOL NAME: there is a line that tells member and byte.
place_is() {
	err_like "$1: $2: member [0-9]+, byte [0-9]+(: .+)?"
}

# usage_error: status 1, and the pointer to --help as the last line.
usage_error() {
	status_is 1
	tail -n 1 "$ERR" | grep -Fxq "Try \`${1:-wdzip} --help' for more information." && return
	echo "expected the pointer to --help as the last line"
	show
	return 1
}

# same FILE FILE: the same bytes.
same() {
	cmp "$1" "$2"
}

# by_chance: what compresses is a matter of time, the engine or the CPU, so that two runs
# make different bytes of the same data.
by_chance() {
	[ "${WD_TEST_ENGINE-}" = hybrid ]
}

# same_output FILE FILE: what two runs made; the same data in any case.
same_output() {
	if by_chance; then
		[ "$(helper contents <"$1")" = "$(helper contents <"$2")" ] && return
		echo "$1 and $2 hold different data"
		return 1
	fi
	same "$1" "$2"
}

# there NAME..., gone NAME...: which files exist.
there() {
	local name

	for name; do
		[ -e "$name" ] || [ -L "$name" ] || {
			echo "$name should be there"
			return 1
		}
	done
}

gone() {
	local name

	for name; do
		if [ -e "$name" ] || [ -L "$name" ]; then
			echo "$name should not be there"
			return 1
		fi
	done
}

# as_gzip wdzip|wdunzip ARG...: standard input, output, error and status are what
# `gzip [-d] ARG...` gives, but for the program's name.
as_gzip() {
	local tool=$1 dir=() want=0

	shift
	[ "$tool" = wdunzip ] && dir=(-d)
	gzip "${dir[@]}" "$@" >"$OUT.gzip" 2>"$ERR.gzip" </dev/null || want=$?
	try "$tool" "$@"
	status_is $want
	sed "s/^gzip:/$tool:/" "$ERR.gzip" | cmp - "$ERR" || {
		show
		return 1
	}
	cmp "$OUT.gzip" "$OUT" || {
		show
		return 1
	}
}

# ratio BEFORE AFTER OVERHEAD: the per cent that gzip would print with -v and -l;
# OVERHEAD is the length of header and trailer.
ratio() {
	py -c '
import sys
before, after, extra = map(int, sys.argv[1:])
print("%5.1f%%" % (100 * (before - (after - extra)) / before if before else 0))
' "$@"
}
