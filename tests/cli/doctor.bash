# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What --doctor says, for the files of tests that load this after common and machine.

# What a test run on a busy or small machine may find of that machine, beside what the
# test is about.
own_machine() {
	grep -Ev '^(cpu-quota|cpu-affinity|memory-limit|memlock-small|isal-missing) ' || :
}

# look COMMAND...: run it, which has --doctor=json at its end; $FOUND is what was found.
look() {
	FOUND=$BATS_TEST_TMPDIR/found
	try "$@"
	err_is
	helper findings "$OUT" >"$FOUND.all"
	own_machine <"$FOUND.all" >"$FOUND"
}

# found_only CODE SEVERITY DEVICE ACTION: one finding, whose action is like that; and the
# exit status that it makes.
found_only() {
	if [ "$(wc -l <"$FOUND")" -ne 1 ]; then
		echo "expected only $1, found:"
		cat "$FOUND"
		return 1
	fi
	found "$@"
	case $2 in
	error) status_is 1 ;;
	warning) status_is 2 ;;
	esac
}

# found CODE SEVERITY DEVICE ACTION: among others.
found() {
	grep -Eq "^$1 $2 $3: .*$4" "$FOUND" && return
	echo "expected $1 $2 $3: $4, found:"
	cat "$FOUND"
	return 1
}

found_nothing() {
	[ ! -s "$FOUND" ] && return
	echo "expected nothing, found:"
	cat "$FOUND"
	return 1
}

# doctor: on the machine, as root.
doctor() {
	look on wdzip --doctor=json
}

# value EXPRESSION: of the report, which is r; in d are its devices.
value() {
	py -c 'import json, sys
r = json.load(open(sys.argv[1]))
d = r["devices"]
print(eval(sys.argv[2]))' "$OUT" "$1"
}

# is EXPRESSION VALUE...: each is so.
is() {
	py -c 'import json, sys
r = json.load(open(sys.argv[1]))
d = r["devices"]
for expression, want in zip(sys.argv[2::2], sys.argv[3::2]):
    got = str(eval(expression))
    if got != want:
        sys.exit("%s is %s, expected %s" % (expression, got, want))
' "$OUT" "$@"
}
