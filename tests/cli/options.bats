#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Each option does what it says, however it is written.

load common

prepare() {
	printf 'hello world\n' >f
	gzip -nc f >g.gz
}

# holds FILE.gz ORIGINAL: gzip finds the original in it.
holds() {
	gzip -dc <"$1" | cmp - "$2"
}

# xfl_is N FILE: the extra flags of the header, which tell the level.
xfl_is() {
	[ "$(od -An -tu1 -j8 -N1 "$2" | tr -d ' ')" -eq "$1" ]
}

# ---- how options are written ----

@test "options may follow file names" {
	try wdzip f -k -S .x
	status_is 0
	there f f.x
}

@test "after -- everything is a file name" {
	cp f ./-k
	try wdzip -- -k
	status_is 0
	there ./-k.gz
	gone ./-k
}

@test "short options may be bundled" {
	try wdzip -kc9 f
	status_is 0
	there f
	gone f.gz
	holds "$OUT" f
	xfl_is 2 "$OUT"
}

@test "a bundle may end with an option and its argument" {
	try wdzip -kS.x f
	status_is 0
	there f f.x
}

@test "a bundle may be followed by the argument of its last option" {
	try wdzip -kS .x f
	status_is 0
	there f f.x
}

@test "an argument may be attached to a short option" {
	try wdzip -S.x -p2 f
	status_is 0
	there f.x
}

@test "an argument may stand apart from a short option" {
	try wdzip -S .x -p 2 f
	status_is 0
	there f.x
}

@test "an argument may be attached to a long option" {
	try wdzip --suffix=.x --level=3 f
	status_is 0
	there f.x
}

@test "an argument may stand apart from a long option" {
	try wdzip --suffix .x --level 3 f
	status_is 0
	there f.x
}

@test "long options may be abbreviated as gzip's" {
	try wdzip --st --dec g.gz
	status_is 0
	out_is "hello world"
	try wdzip --rec --verb --ke --for f
	status_is 0
	there f f.gz
}

@test "the last of several levels counts" {
	wdzip -1 -9 -c f >a
	xfl_is 2 a
	wdzip -91c f >b
	xfl_is 4 b
	wdzip --best --fast -c f >c
	xfl_is 4 c
}

@test "all names of an option mean the same" {
	for option in -c --stdout --to-stdout; do
		try wdzip -d "$option" g.gz
		status_is 0
		out_is "hello world"
	done
	for option in -d --decompress --uncompress; do
		try wdzip "$option" -c g.gz
		status_is 0
		out_is "hello world"
	done
	for option in -q --quiet --silent; do
		mkdir -p d
		try wdzip "$option" d
		status_is 2
		err_is
	done
}

# ---- direction and destination ----

@test "-c writes to standard output and keeps the file" {
	try wdzip -c f
	status_is 0
	holds "$OUT" f
	gone f.gz
}

@test "-c of several files writes one after the other" {
	echo second >s
	try wdzip -c f s
	status_is 0
	[ "$(gzip -dc <"$OUT")" = $'hello world\nsecond' ]
}

@test "-d decompresses, and removes the file" {
	try wdzip -d g.gz
	status_is 0
	same f g
	gone g.gz
}

@test "-dc writes to standard output and keeps the file" {
	try wdzip -dc g.gz
	status_is 0
	out_is "hello world"
	gone g
}

@test "wdzcat is wdzip -dc" {
	try wdzcat g.gz g.gz
	status_is 0
	out_is "hello world" "hello world"
	there g.gz
}

@test "wdzcat reads standard input" {
	try_in g.gz wdzcat
	status_is 0
	out_is "hello world"
}

@test "without a file standard input goes to standard output" {
	try_in f wdzip
	status_is 0
	holds "$OUT" f
	try_in g.gz wdunzip
	status_is 0
	out_is "hello world"
}

@test "-k keeps the input of both directions" {
	try wdzip -k f
	status_is 0
	there f f.gz
	try wdunzip --keep g.gz
	status_is 0
	there g g.gz
}

@test "-o names the output and keeps the input" {
	try wdzip -o out f
	status_is 0
	err_is
	there f
	gone f.gz
	holds out f
}

@test "-o names the output of wdunzip and keeps the input" {
	try wdunzip --output=out g.gz
	status_is 0
	same out f
	there g.gz
	gone g
}

@test "-o needs no known suffix" {
	mv g.gz data
	try wdunzip -o out data
	status_is 0
	same out f
}

@test "-o takes standard input" {
	try_in f wdzip -o out
	status_is 0
	out_size 0
	holds out f
}

@test "-o - is standard output" {
	try wdunzip -o - g.gz
	status_is 0
	out_is "hello world"
	there g.gz
}

@test "-o does not overwrite a file unless -f is given" {
	echo precious >out
	try wdzip -o out f
	status_is 2
	err_is $'wdzip: out already exists;\tnot overwritten'
	[ "$(cat out)" = precious ]
	try wdzip -fo out f
	status_is 0
	holds out f
}

@test "-o with two inputs is refused" {
	cp f second
	try wdzip -o out f second
	usage_error
	there f second
	gone out
}

@test "-o with -c is refused" {
	try wdzip -o out -c f
	usage_error
	gone out
}

@test "-f overwrites the output" {
	echo x >f.gz
	try wdzip -f f
	status_is 0
	err_is
	holds f.gz <(echo hello world)
	gone f
}

@test "-f compresses a file that has the suffix already" {
	try wdzip -f g.gz
	status_is 0
	there g.gz.gz
	gone g.gz
	[ "$(gzip -dc g.gz.gz | gzip -dc)" = "hello world" ]
}

@test "-dcf passes on what is not compressed" {
	try wdunzip -cf f g.gz
	status_is 0
	out_is "hello world" "hello world"
}

@test "-dcf passes on standard input that is not compressed" {
	make noise 300K >n
	try_in n wdunzip -cf
	status_is 0
	same n "$OUT"
}

@test "-dcf passes on what follows the compressed data" {
	{ cat g.gz; echo and more; } >both
	try_in both wdunzip -cf
	status_is 0
	out_is "hello world" "and more"
}

@test "-dcf passes on an empty file" {
	: >e
	as_gzip wdunzip -cf e
}

@test "-dcf passes on a single byte" {
	printf x >one
	as_gzip wdunzip -cf one
}

# ---- suffixes ----

@test "-S names the suffix that is added" {
	try wdzip -S .wd f
	status_is 0
	there f.wd
	gone f
}

@test "-S names the suffix that is removed" {
	cp g.gz g.wd
	try wdunzip -S .wd g.wd
	status_is 0
	there g
	gone g.wd
}

@test "-S needs no dot" {
	try wdzip -S wd f
	there fwd
	try wdunzip -S wd fwd
	status_is 0
	there f
}

@test "-S with the end of a usual suffix takes the whole of that" {
	cp g.gz h.tgz
	try wdunzip -S gz g.gz
	status_is 0
	there g
	gone g.
	try wdunzip -S gz h.tgz
	status_is 0
	there h.tar
}

@test "with -S the usual suffixes are still removed" {
	try wdunzip -S .wd g.gz
	status_is 0
	there g
}

@test "a suffix is found whatever its case" {
	cp g.gz a.GZ
	try wdunzip a.GZ
	status_is 0
	there a
	cp g.gz b.WD
	try wdunzip -S .wd b.WD
	status_is 0
	there b
}

@test "a suffix of 30 bytes is accepted and one of 31 is not" {
	long=.$(printf 'y%.0s' {1..29})
	try wdzip -k -S "$long" f
	status_is 0
	there "f$long"
	try wdzip -k -S "${long}z" f
	status_is 1
	err_is "wdzip: invalid suffix '${long}z'"
}

@test "an empty suffix is refused, and nothing is lost" {
	for options in '' -d -f -df -c; do
		try wdzip $options -S '' f g.gz
		status_is 1
		err_is "wdzip: invalid suffix ''"
		there f g.gz
	done
}

@test "wdunzip removes every usual suffix" {
	for suffix in .gz -gz .z -z _z .Z; do
		cp g.gz "x$suffix"
		try wdunzip "x$suffix"
		status_is 0
		same x f
		rm x
	done
}

@test "wdunzip makes .tar of .tgz and .taz" {
	for suffix in .tgz .taz .TGZ; do
		cp g.gz "x$suffix"
		try wdunzip "x$suffix"
		status_is 0
		same x.tar f
		rm x.tar
	done
}

@test "wdunzip tries the suffixes for a name that has none" {
	try wdunzip g
	status_is 0
	there g
	gone g.gz
}

@test "-c and -t read a file whatever its name" {
	mv g.gz plain
	try wdunzip -c plain
	status_is 0
	out_is "hello world"
	try wdunzip -t plain
	status_is 0
}

# ---- names and times in the header ----

@test "name and time are stored" {
	touch -d '2020-01-02 03:04:05' f
	wdzip f
	py - <<-'EOT'
	from wdtest import *
	m, = members(read("f.gz"))
	assert m.name == b"f" and m.mtime == 1577934245, (m.name, m.mtime)
	EOT
}

@test "-n stores neither name nor time" {
	wdzip -n f
	py - <<-'EOT'
	from wdtest import *
	m, = members(read("f.gz"))
	assert m.name is None and m.mtime == 0, (m.name, m.mtime)
	EOT
}

@test "the last of -n and -N counts" {
	wdzip -nN -c f >a
	wdzip -Nn -c f >b
	py - <<-'EOT'
	from wdtest import *
	assert members(read("a"))[0].name == b"f"
	assert members(read("b"))[0].name is None
	EOT
}

@test "only the last part of a path is stored" {
	mkdir -p a/b
	mv f a/b
	wdzip a/b/f
	py - <<-'EOT'
	from wdtest import *
	assert members(read("a/b/f.gz"))[0].name == b"f"
	EOT
}

@test "wdunzip uses the file's name and time unless -N is given" {
	touch -d '2020-01-02 03:04:05' f
	gzip -c f >other.gz
	touch -d '2021-01-01' other.gz
	try wdunzip other.gz
	status_is 0
	[ "$(stat -c %Y other)" -eq 1609459200 ]
}

@test "-dN restores the stored name and time" {
	touch -d '2020-01-02 03:04:05' f
	gzip f
	mv f.gz other.gz
	try wdunzip -N other.gz
	status_is 0
	there f
	gone other other.gz
	[ "$(stat -c %Y f)" -eq 1577934245 ]
}

@test "-dN restores into the directory of the file" {
	mkdir dir
	gzip f
	mv f.gz dir/other.gz
	try wdunzip -N dir/other.gz
	status_is 0
	there dir/f
	gone f
}

@test "-dN uses the file's own name and time if none are stored" {
	touch -d '2021-01-01' g.gz
	try wdunzip -N g.gz
	status_is 0
	there g
	[ "$(stat -c %Y g)" -eq 1609459200 ]
}

@test "-dN does not leave the directory" {
	mkdir dir
	py - <<-'EOT'
	from wdtest import *
	write("dir/a.gz", member(b"1\n", name=b"../evil"))
	write("dir/b.gz", member(b"2\n", name=b"/some/where/evil2"))
	EOT
	try wdunzip -N dir/a.gz dir/b.gz
	gone evil
	there dir/evil dir/evil2
}

@test "-dN refuses a stored name that is empty or a directory" {
	py - <<-'EOT'
	from wdtest import *
	for n, name in enumerate((b"", b".", b"..", b"x/", b"/")):
	    write("in%d.gz" % n, member(b"data", name=name))
	EOT
	before=$(find . ! -name 'in*' | sort)
	for n in 0 1 2 3 4; do
		try wdunzip -N in$n.gz
		# A warning, an error, or the file's own name: nothing else.
		if [ "$status" -eq 0 ]; then
			there in$n
		else
			there in$n.gz
		fi
	done
	[ "$(find . ! -name 'in*' | sort)" = "$before" ]
}

@test "-dN does not overwrite a file of the stored name" {
	gzip f
	mv f.gz other.gz
	echo precious >f
	try wdunzip -N other.gz
	status_is 2
	err_is $'wdunzip: f already exists;\tnot overwritten'
	[ "$(cat f)" = precious ]
	there other.gz
}

# ---- -r ----

@test "-r compresses all files below a directory" {
	mkdir -p top/a/b
	cp f top/1
	cp f top/a/2
	cp f top/a/b/3
	try wdzip -r top
	status_is 0
	[ "$(find top -type f | sort | tr '\n' ' ')" = "top/1.gz top/a/2.gz top/a/b/3.gz " ]
}

@test "-r decompresses all files below a directory" {
	mkdir -p top/a
	cp g.gz top/1.gz
	cp g.gz top/a/2.gz
	try wdunzip -r top
	status_is 0
	[ "$(find top -type f | sort | tr '\n' ' ')" = "top/1 top/a/2 " ]
}

@test "-r takes files, too" {
	mkdir top
	cp f top/1
	try wdzip -r f top
	status_is 0
	there f.gz top/1.gz
}

@test "-r does not follow symbolic links" {
	mkdir top elsewhere
	cp f elsewhere
	ln -s ../elsewhere top/dir
	ln -s ../f top/link
	try wdzip -r top
	status_is 1
	there f elsewhere/f
	gone f.gz elsewhere/f.gz
}

@test "-rf compresses no file twice" {
	mkdir top
	for n in {1..200}; do
		cp f top/$n
	done
	try wdzip -rf top
	status_is 0
	[ "$(find top -name '*.gz' | wc -l)" -eq 200 ]
	[ "$(find top -name '*.gz.gz' | wc -l)" -eq 0 ]
}

@test "-r takes a directory with a slash at the end" {
	mkdir top
	cp f top
	try wdzip -r top/
	status_is 0
	there top/f.gz
}

@test "-rc writes all files below a directory" {
	mkdir top
	cp g.gz top/1.gz
	cp g.gz top/2.gz
	try wdunzip -rc top
	status_is 0
	out_is "hello world" "hello world"
}

# ---- -t ----

@test "-t of a good file says nothing and keeps it" {
	try wdunzip -t g.gz
	status_is 0
	out_is
	err_is
	there g.gz
	gone g
}

@test "wdzip -t tests, too" {
	try wdzip -t g.gz
	status_is 0
	there g.gz
	gone g g.gz.gz
}

@test "-t reads standard input" {
	try_in g.gz wdzip -t
	status_is 0
	out_is
	err_is
}

@test "-t sees a corrupt file" {
	py -c 'from wdtest import *; write("bad.gz", member(b"x", crc=0))'
	try wdzip -t bad.gz
	status_is 1
}

# ---- -l ----

@test "-l lists sizes, ratio and name as gzip does" {
	make text 50K >t
	gzip t
	as_gzip wdunzip -l t.gz
	as_gzip wdzip -l t.gz
}

@test "-l of several files adds up as gzip does" {
	make text 50K >t
	make zeros 3M >z
	gzip -k t z
	as_gzip wdzip -l t.gz z.gz g.gz
}

@test "-l counts what is ignored after the data, with any number of threads" {
	local format p

	make text 3M >t
	make noise 3M >n
	for format in gzip deflate; do
		wdzip --format=$format -c t >c
		cat c n >t.gz
		for p in 1 2; do
			run -2 --separate-stderr wdzip -lq -p$p --format=$format t.gz
			[ "$(awk '{ print $1 }' <<<"$output")" -eq "$(stat -c %s t.gz)" ]
		done
	done
}

@test "-lv lists method, CRC and time as gzip does" {
	touch -d '2020-11-12 13:14:15' f
	gzip f
	touch -d '2019-01-01 01:01' f.gz
	as_gzip wdzip -lv f.gz
	as_gzip wdzip -lv f.gz g.gz
}

@test "-lN lists the stored name" {
	gzip f
	mv f.gz other.gz
	as_gzip wdzip -lN other.gz
	as_gzip wdzip -l other.gz
}

@test "-lq lists without headings and totals" {
	as_gzip wdzip -lq g.gz
	as_gzip wdzip -lq g.gz g.gz
}

@test "-l of standard input calls it stdout" {
	gzip -lv <g.gz >want
	try_in g.gz wdzip -lv
	status_is 0
	same want "$OUT"
}

@test "-l of empty data is 0.0%" {
	gzip -nc </dev/null >e.gz
	as_gzip wdzip -l e.gz
}

@test "-l of .tgz names a .tar" {
	mv g.gz g.tgz
	as_gzip wdzip -l g.tgz
}

@test "-l tells what is wrong and lists the others" {
	head -c 20 g.gz >cut.gz
	try wdzip -l g.gz missing.gz g.gz
	status_is 1
	[ "$(grep -c 'g$' "$OUT")" -eq 2 ]
	err_is "wdzip: missing.gz: No such file or directory"
}

@test "-l of a truncated file is an error" {
	head -c 20 g.gz >cut.gz
	try wdzip -l cut.gz
	status_is 1
	fault_is wdzip cut.gz "unexpected end of file"
}

@test "-l of several members is the size of all" {
	cat g.gz g.gz g.gz >m.gz
	try wdzip -lq m.gz
	status_is 0
	out_like ' +96 +36 .* m'
}

@test "-l of the tool's own file has the right sizes" {
	make mixed 3M >m
	wdzip -kb 256K m
	try wdzip -lq m.gz
	status_is 0
	out_like " +$(wc -c <m.gz) +3145728 .* m"
}

@test "-l keeps the file and writes no other" {
	wdzip -l g.gz
	there g.gz
	gone g
}

# ---- levels ----

@test "every level from 1 to 9 is an option" {
	make text 100K >t
	for n in 1 2 3 4 5 6 7 8 9; do
		try wdzip -$n -c t
		status_is 0
		holds "$OUT" t
	done
}

@test "--level takes 1 to 12" {
	make text 100K >t
	for n in 1 2 3 4 5 6 7 8 9 10 11 12; do
		try wdzip --level=$n -c t
		status_is 0
		holds "$OUT" t
	done
}

@test "--level=6 and -6 are the default" {
	make text 100K >t
	wdzip -nc t >a
	wdzip -nc6 t >b
	wdzip -nc --level=6 t >c
	same a b
	same a c
}

@test "--level refuses what is no level" {
	for n in 0 13 -1 6x '' 1.5 99999999999999999999; do
		try wdzip --level="$n" f
		usage_error
		there f
		gone f.gz
	done
}

@test "-11 and -12 are levels 1 and 2, as in gzip, and without a word" {
	make text 100K >t
	wdzip -nc1 t >one
	wdzip -nc2 t >two
	try wdzip -11nc t
	status_is 0
	err_is
	same "$OUT" one
	try wdzip -nc12 t
	status_is 0
	err_is
	same "$OUT" two
	WDZIP=-11 try wdzip -nc t
	err_is
	try wdzip -10 t
	usage_error
	err_is "wdzip: invalid option -- '0'" \
		"Try \`wdzip --help' for more information."
}

@test "on a terminal -11 gets a hint at --level" {
	hint="wdzip: -11 is not level 11: for that, give --level=11"
	for word in -11 -k11 -11k -111; do
		status=0
		helper terminal '!' wdzip $word -fk f >"$OUT" || status=$?
		status_is 0
		out_is "$hint"
		xfl_is 4 f.gz
		rm f.gz
	done
	status=0
	helper terminal '!' wdzip -12 f >"$OUT" || status=$?
	status_is 0
	out_is "wdzip: -12 is not level 12: for that, give --level=12"
	gone f
	status=0
	helper terminal '!' wdzip -10 g >"$OUT" || status=$?
	status_is 1
	out_is "wdzip: invalid option -- '0'" \
		"Try \`wdzip --help' for more information." \
		"wdzip: -10 is not level 10: for that, give --level=10"
}

@test "on a terminal nobody is told of --level without need" {
	for words in "-1 -1" "-1 -2" "-1 -21" "-q11" "-11 --level=11" "-11 -6" "-S.11" \
		"-p11" "-p 11" "-b 112K -1" "-S .-11 -1"; do
		status=0
		# shellcheck disable=SC2086
		helper terminal '!' wdzip -k $words f >"$OUT" || status=$?
		status_is 0
		out_is
		rm -f f.*
	done
	wdzip f
	status=0
	helper terminal '!' wdunzip -11 f.gz >"$OUT" || status=$?
	status_is 0
	out_is
}

@test "higher levels give smaller files" {
	make text 1M >t
	one=$(wdzip -1c t | wc -c)
	six=$(wdzip -6c t | wc -c)
	twelve=$(wdzip --level=12 -c t | wc -c)
	[ "$one" -gt "$six" ]
	[ "$six" -gt "$twelve" ]
}

@test "--rsyncable makes small changes stay small" {
	make text 4M >a
	{ echo one line more; cat a; } >b
	wdzip -n --rsyncable -c a >a.gz
	wdzip -n --rsyncable -c b >b.gz
	holds a.gz a
	holds b.gz b
	py - <<-'EOT'
	import os
	from wdtest import *
	a, b = read("a.gz")[:-8][::-1], read("b.gz")[:-8][::-1]
	common = len(os.path.commonprefix([a, b]))
	assert common > len(a) / 2, "%d of %d bytes" % (common, len(a))
	EOT
}

# ---- threads and chunks ----

@test "-p takes a number of threads" {
	try wdzip -p 3 -k f
	status_is 0
	try wdzip -p1 -kf f
	status_is 0
	try wdunzip -p2 g.gz
	status_is 0
}

@test "-p refuses what is no number of threads" {
	for n in 0 -1 x 2x '' 1000000; do
		try wdzip -p "$n" f
		usage_error
		there f
	done
}

@test "-b sets the chunk size" {
	make text 1M >t
	wdzip -b 64K -c t >a
	wdzip -b 256K -c t >b
	holds a t
	holds b t
	[ "$(wc -c <a)" -gt "$(wc -c <b)" ]
}

@test "-b takes bytes, K and M" {
	make text 1M >t
	wdzip -nb 131072 -c t >a
	wdzip -nb 128K -c t >b
	wdzip -nb1M -c t >c
	same_output a b
	holds c t
}

@test "-b refuses what is no chunk size" {
	for n in 0 1 1K 32M x 64X 99999999999999999999 -5 ''; do
		try wdzip -b "$n" f
		usage_error
		there f
	done
}

@test "-i lets no chunk refer to the one before" {
	make noise 30000 >r
	for _ in {1..40}; do cat r; done >t
	wdzip -n -b 128K -c t >a
	wdzip -n -b 128K -i -c t >b
	wdzip -n -b 128K --independent -c t >c
	same b c
	# 30,000 bytes once, or once in each of 10 chunks.
	(($(stat -c %s a) < 60000))
	(($(stat -c %s b) > 290000))
	for f in a b; do
		gzip -dc <$f | cmp - t
		wdunzip -p 3 -c <$f | cmp - t
	done
}

@test "-i changes nothing where no chunk would" {
	make text 300K >t
	wdzip -n -b 64K -c t >a
	wdzip -n -b 64K -i -c t >b
	same a b
}

# ---- formats ----

@test "-z writes zlib format, with .zz at the end" {
	try wdzip -z f
	status_is 0
	gone f f.gz
	py -c '
from wdtest import *
assert zlib.decompress(read("f.zz")) == b"hello world\n"'
}

@test "--format=zlib is -z" {
	wdzip -zc f >a
	wdzip --format=zlib -c f >b
	same a b
}

@test "--format=deflate writes no header" {
	try wdzip --format=deflate -c f
	status_is 0
	py -c '
import sys
from wdtest import *
assert zlib.decompress(read(sys.argv[1]), -15) == b"hello world\n"' "$OUT"
}

@test "--format=gzip is the default" {
	wdzip -nc f >a
	wdzip -n --format=gzip -c f >b
	same a b
}

@test "wdunzip reads .zz files there and back" {
	wdzip -z f
	try wdunzip f.zz
	status_is 0
	[ "$(cat f)" = "hello world" ]
	gone f.zz
}

@test "wdunzip -z reads zlib format from standard input" {
	wdzip -zc f >a
	try_in a wdunzip -z
	status_is 0
	out_is "hello world"
}

@test "wdunzip --format=deflate reads raw data" {
	wdzip --format=deflate -c f >a
	try_in a wdunzip --format=deflate
	status_is 0
	out_is "hello world"
}

@test "--format refuses what it does not know" {
	try wdzip --format=lzma f
	usage_error
	there f
}

@test "--members refuses what it does not know" {
	try wdzip --members=xy f
	usage_error
	there f
}

@test "--members with another format is refused" {
	try wdzip --members=qz -z f
	usage_error
	there f
}

# ---- engines ----

@test "--engine=sw and --engine=auto work" {
	make text 300K >t
	wdzip -n --engine=sw -c t >a
	holds a t
	wdzip -n --engine=auto -c t >b
	holds b t
}

@test "--engine=sw works for wdunzip" {
	try wdunzip --engine=sw -c g.gz
	status_is 0
	out_is "hello world"
}

@test "an engine that does not exist is an error that names it" {
	try wdzip --engine=warpcore f
	status_is 1
	grep -q warpcore "$ERR"
	there f
	gone f.gz
}

@test "--list-devices names the CPU workers" {
	try wdzip --list-devices
	status_is 0
	grep -q '^soft' "$OUT"
}

@test "--explain names the engine and writes the output as ever" {
	try wdzip --explain -c f
	status_is 0
	grep -qw sw "$ERR"
	holds "$OUT" f
}

# ---- verification and reports ----

@test "--verify compresses and removes the input" {
	make mixed 2M >m
	cp m before
	try wdzip --verify m
	status_is 0
	err_is
	holds m.gz before
	gone m
}

@test "--verify works for wdunzip" {
	try wdunzip --verify g.gz
	status_is 0
	same f g
	gone g.gz
}

@test "--verify with --members and --format works" {
	make text 300K >t
	for options in --members=qz --members=mz --members=bgzf --format=zlib --format=deflate; do
		try wdzip -kf --verify $options t
		status_is 0
	done
}

@test "--stats reports on standard error and leaves the output alone" {
	try wdzip --stats -c f
	status_is 0
	[ -s "$ERR" ]
	holds "$OUT" f
}

@test "--stats=json reports the sizes as numbers" {
	make text 300K >t
	try wdzip --stats=json -k t
	status_is 0
	py - "$ERR" <<-'EOT'
	import json, os, sys

	report = json.load(open(sys.argv[1]))
	assert report["in_bytes"] == 300 << 10, report
	assert report["out_bytes"] == os.stat("t.gz").st_size, report
	assert report["engine"] == "sw", report
	EOT
}

@test "--stats=json is JSON whatever the file is called" {
	name=$'a"b\\c\n\xff'
	cp f "$name"
	try wdzip --stats=json "$name"
	status_is 0
	py -c '
import json, sys
json.load(open(sys.argv[1], encoding="utf-8"))' "$ERR"
}

@test "--stats=json works for wdunzip" {
	try wdunzip --stats=json -c g.gz
	status_is 0
	out_is "hello world"
	py -c '
import json, sys
report = json.load(open(sys.argv[1]))
assert (report["in_bytes"], report["out_bytes"]) == (32, 12), report' "$ERR"
}

@test "--stats=json of several files is a line for each" {
	cp f second
	try wdzip --stats=json f second
	status_is 0
	py -c '
import json, sys
names = [json.loads(line)["file"] for line in open(sys.argv[1])]
assert names == ["f", "second"], names' "$ERR"
}

@test "--stats refuses what it does not know" {
	try wdzip --stats=xml f
	usage_error
	there f
}

@test "--progress works without a terminal, in whole lines" {
	make text 3M >t
	try wdzip --progress -k t
	status_is 0
	run ! grep -q $'\r' "$ERR"
	holds t.gz t
}

@test "without a terminal there is no progress" {
	make text 3M >t
	try wdzip --level=12 -k t
	status_is 0
	err_is
}

@test "--no-progress is silent on a terminal" {
	export TERM=xterm
	truncate -s 400M sparse
	status=0
	helper terminal '!' wdzip --no-progress -k sparse >"$OUT" || status=$?
	status_is 0
	out_is
}

@test "on a terminal progress is shown once it takes long" {
	export TERM=xterm
	mkfifo fifo
	# The input comes slowly: after two seconds the rest.
	{ head -c 3000000 /dev/zero; read -rt 2 <> <(:) || :; echo end; } >fifo 3>&- &
	pids+=($!)
	status=0
	helper terminal '!' sh -c 'exec wdzip -o out <fifo' >"$OUT" || status=$?
	status_is 0
	[ -s "$OUT" ]
	gzip -dc out | tail -c 4 | grep -q end
}

@test "progress takes one row of the terminal, whatever the name and the width" {
	export TERM=xterm LC_ALL=C.UTF-8
	py - <<-'EOT'
	import os
	from screen import *
	names = [b"n" * 200, b"short", "\u6f22\u5b57".encode() * 40,
	         "e\u0301\u0302".encode() * 40, b"\xff\xfe" * 50,
	         b"a\nb\033[2Jc" * 25, "\u6f22x".encode() * 60 + b"\xe6\xbc"]
	screen = Screen(80)
	for name in names:
	    feed = Feed(screen, name)
	    screen.resize(80)
	    screen.clear()
	    child = screen.start([b"wdzip", b"-o", b"out", name])
	    screen.foreground(child)
	    for width in 80, 200, 41, 120, 25, 0, 7, 80, 1, 60:
	        screen.resize(width)
	        for n in range(2):
	            # What is on its way may be of the width before.
	            feed.some(child)
	            screen.clear()
	            assert feed.until(lambda: screen.updates > 2, child), (name, width)
	        text = screen.text()
	        assert len(screen.rows) == 1, (name, width, text)
	        if width == 0 or width > 20:
	            assert "MiB/s" in text, (name, width, text)
	        if width == 0 or width > 40:
	            whole = name.decode("utf-8", "replace") in text
	            assert (whole or "..." in text) and ": " in text, (name, width, text)
	    # At the end it is taken away.
	    feed.until(lambda: "MiB/s" in screen.text(), child)
	    os.kill(child.pid, 2)
	    assert child.wait() == -2
	    while screen.look():
	        pass
	    screen.foreground()
	    os.unlink(name)
	EOT
}

@test "a job in the background shows no progress, and is not stopped for it" {
	export TERM=xterm
	py - <<-'EOT'
	from screen import *
	screen = Screen(80)
	screen.tostop(True)
	for options in [], ["--progress"]:
	    feed = Feed(screen)
	    child = screen.start(["wdzip", "-fo", "out"] + options, stdin=feed.out)
	    os.close(feed.out)
	    feed.silence(child)
	    assert not screen.raw, screen.raw
	    # fg, and back.
	    screen.foreground(child)
	    assert feed.until(lambda: "MiB/s" in screen.text(), child), screen.text()
	    screen.tostop(False)
	    screen.foreground()
	    feed.some(child)
	    screen.tostop(True)
	    while screen.look():
	        pass
	    screen.clear()
	    feed.silence(child)
	    os.close(feed.fd)
	    assert child.wait() == 0
	    while screen.look():
	        pass
	    assert not screen.raw, screen.raw
	EOT
}

@test "unasked no progress comes between data on standard output or another pipe" {
	export TERM=xterm
	py - <<-'EOT'
	from screen import *
	screen = Screen(80)
	cases = [["wdzip"], ["wdzip", "-c"], ["wdzip", "-o", "-"], ["wdzip", "-c", "fifo"],
	         ["wdzip", "-o", "reader"],
	         ["wdzip", "--progress"], ["wdzip", "-c", "--progress", "fifo"]]
	os.mkfifo("reader")
	reader = os.open("reader", os.O_RDWR)
	for command in cases:
	    name = "fifo" if "fifo" in command else None
	    feed = Feed(screen, name)
	    with open("out", "wb") as out:
	        child = screen.start(command, stdout=out,
	                             stdin=None if name else feed.out)
	    screen.foreground(child)
	    if "--progress" in command:
	        assert feed.until(lambda: "MiB/s" in screen.text(), child), command
	    else:
	        feed.silence(child)
	        assert not screen.raw, (command, screen.raw)
	    child.kill()
	    child.wait()
	    if name:
	        os.unlink(name)
	EOT
}

@test "on a terminal -q shows no progress" {
	export TERM=xterm
	mkfifo fifo
	{ head -c 3000000 /dev/zero; read -rt 1 <> <(:) || :; echo end; } >fifo 3>&- &
	pids+=($!)
	status=0
	helper terminal '!' sh -c 'exec wdzip -qo out <fifo' >"$OUT" || status=$?
	status_is 0
	out_is
}

@test "SIGUSR1 prints a line and does no harm" {
	mkfifo fifo
	wdzip -b 64K -o out <fifo 2>"$ERR" 3>&- &
	pid=$!
	pids+=("$pid")
	exec 4>fifo
	head -c 20000000 /dev/zero >&4
	wait_until [ -e out ]
	kill -USR1 $pid
	wait_until [ -s "$ERR" ]
	echo end >&4
	exec 4>&-
	status=0
	wait $pid || status=$?
	status_is 0
	[ "$(wc -l <"$ERR")" -eq 1 ]
	[ "$(gzip -dc out | wc -c)" -eq 20000004 ]
}

# ---- information ----

@test "--help goes to standard output and names every option of gzip" {
	try wdzip --help
	status_is 0
	err_is
	for option in --stdout --decompress --force --help --keep --list --license \
		--no-name --name --quiet --recursive --rsyncable --suffix \
		--synchronous --test --verbose --version --fast --best; do
		grep -q -e "$option" "$OUT"
	done
}

@test "-h is --help" {
	wdzip -h >a
	wdzip --help >b
	same a b
}

@test "-V and --version tell name and version" {
	try wdzip -V
	status_is 0
	grep -Eq '^wdzip .*[0-9]+\.[0-9]+' "$OUT"
	cp "$OUT" a
	wdzip --version >b
	same a b
}

@test "-L and --license tell the licence" {
	try wdzip -L
	status_is 0
	grep -q MIT "$OUT"
	cp "$OUT" a
	wdzip --license >b
	same a b
}

@test "--help does nothing else" {
	try wdzip f --help
	status_is 0
	there f
	gone f.gz
}

# ---- environment ----

@test "GZIP may hold a level" {
	GZIP=-9 wdzip -c f >a
	xfl_is 2 a
	GZIP=--fast wdzip -c f >b
	xfl_is 4 b
}

@test "the command line beats GZIP" {
	GZIP=-9 wdzip -1 -c f >a
	xfl_is 4 a
}

@test "GZIP is taken without a word, as gzip 1.14 does" {
	export GZIP='-9 --rsyncable --synchronous'
	try wdzip f
	status_is 0
	err_is
}

@test "other options in GZIP are ignored" {
	mkdir d
	export GZIP='-q -k -c -d -n -v -S .x --keep --no-such-option -Y'
	try wdzip f
	status_is 0
	err_is
	there f.gz
	gone f
	try wdzip d
	err_is "wdzip: d is a directory -- ignored"
}

@test "a level among ignored options in GZIP still counts" {
	GZIP='-v -9 -n' wdzip -c f >a 2>"$ERR"
	xfl_is 2 a
	err_is
}

@test "file names in GZIP are ignored" {
	echo x >other
	export GZIP='other'
	try wdzip f
	status_is 0
	there other f.gz
	gone other.gz
}

@test "WDZIP holds defaults" {
	export WDZIP='-9 -p1 -v'
	try wdzip f
	status_is 0
	xfl_is 2 f.gz
	[ -s "$ERR" ]
}

@test "the command line beats WDZIP, and WDZIP beats GZIP" {
	WDZIP=-9 wdzip -1 -c f >a
	xfl_is 4 a
	GZIP=-1 WDZIP=-9 wdzip -c f >b
	xfl_is 2 b
}

@test "WDZIP holds for wdunzip, where compression options mean nothing" {
	export WDZIP='-9 -p1 --members=bgzf -b 64K'
	try wdunzip -c g.gz
	status_is 0
	out_is "hello world"
}

@test "options in WDZIP that would change what happens to files are errors" {
	for option in -d -c -k -f -r -t -l -S.x --output=out; do
		export WDZIP=$option
		try wdzip f
		usage_error
		err_like "wdzip: .*option not valid in WDZIP environment variable"
		there f
	done
}

@test "a file name in WDZIP is an error" {
	export WDZIP=other
	try wdzip f
	usage_error
	err_line "wdzip: other: non-option in WDZIP environment variable"
	there f
}

@test "an unknown option in WDZIP is an error" {
	export WDZIP=--frob
	try wdzip f
	usage_error
	there f
}

@test "with POSIXLY_CORRECT options end at the first file name" {
	export POSIXLY_CORRECT=1
	try wdzip f -k
	status_is 1
	there f.gz
	err_is "wdzip: -k: No such file or directory"
}
