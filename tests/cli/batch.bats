#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Many files in one call: several are worked on at a time, which nothing may
# show.  Each test compares -p 3 with -p 1, which does one file after the other.

load common

# tree: files of many sizes and kinds, and what gets in the way of them.
tree() {
	mkdir -p d/sub d/empty
	local i=0 size

	for size in 0 1 2 100 4095 4096 4097 16383 16384 17000 65535 65536 65537 \
		200000 1048575 1048576 1048577 3000000; do
		i=$((i + 1))
		make text $size $i >"d/text$size"
	done
	make noise 70000 >d/noise
	for i in $(seq 40); do
		make text $((i * 997)) "$i" >"d/sub/s$i"
	done
}

# both COMMAND...: run it in the directories one and many, which are made alike by
# the function `tree`, with and without threads; all that can be seen is the same.
both() {
	local where p

	for where in one many; do
		p=3
		[ $where = many ] || p=1
		rm -rf $where
		mkdir $where
		(cd $where && tree && settle)
		(
			cd $where || exit
			status=0
			WDZIP="${WDZIP-} -p $p" "$@" >"../$where.out" 2>"../$where.err" ||
				status=$?
			echo $status >"../$where.status"
		)
		look $where >$where.list
		! by_chance || sed -Ei 's/ *-?[0-9]+\.[0-9]%/ %/' $where.err
	done
	same_output one.out many.out
	diff one.err many.err
	diff one.status many.status
	diff one.list many.list
	status=$(cat one.status)
}

# settle: what was made just now gets one time.
settle() {
	find . -newermt 2022-01-01 ! -newermt 2100-01-01 ! -type d \
		-exec touch -h -d '2021-02-03 04:05:06.789' {} +
}

# look DIRECTORY: names, types, modes, times, links and contents.
look() {
	local size=%s

	! by_chance || size=-
	(
		cd "$1" || exit
		find . ! -type d -printf "%p %y %m $size %n %u %g %T@ %l\n" | sort
		find . -type d -printf '%p %m\n' | sort
		if by_chance; then
			find . -type f | sort | helper contents --names
		else
			find . -type f -exec sha1sum {} + | sort -k 2
		fi
	)
}

@test "the same files at all levels" {
	for level in 1 2 3 6 9; do
		both wdzip -$level -r d
		[ "$status" -eq 0 ]
	done
	gzip -tr many/d
}

@test "the same files with -k, -n, without names, and in zlib format" {
	both wdzip -rk d
	both wdzip -1rn d
	both wdzip -1r --format=zlib d
	both wdzip -1rN -S .x d
}

@test "the same chunks with a chunk size of one's own" {
	both wdzip -1r -b 32 d
	both wdzip -1r -b 128 d
}

@test "the same output with -c, in order" {
	both wdzip -1rc d
	both sh -c 'wdzip -6c d/sub/* d/text* d/noise'
	[ "$(gzip -dc many.out | wc -c)" -eq "$(cat many/d/sub/* many/d/text* \
		many/d/noise | wc -c)" ]
}

@test "the same lines with -v" {
	both wdzip -1rv d
	both sh -c 'wdzip -vk d/sub/* d/text*'
	grep -q 'created d/sub/s9.gz' many.err
}

@test "the same messages in the same places" {
	eval "$(declare -f tree | sed '1s/tree/plain_tree/')"
	tree() {
		plain_tree
		cp d/sub/s1 d/sub/old1.gz
		echo there >d/sub/s20.gz
		mkdir d/sub/s30.gz
		ln d/sub/s12 d/other
		ln -s s13 d/sub/link
		mkfifo d/sub/fifo
		chmod u+s d/sub/s14
		touch -d @-5 d/sub/s15
		touch -d @5000000000 d/sub/s16
	}
	both sh -c 'wdzip -1v d/sub/s1 missing d/sub/s2 d d/sub/s3 d/sub/s2 d/sub/*'
	[ "$status" -eq 1 ]
	both sh -c 'wdzip -1 d/sub/*'
	both sh -c 'wdzip -1k d/sub/* d/sub/s1 d/sub/s1.gz'
	both sh -c 'wdzip -1f d/sub/* d/other'
	both sh -c 'wdzip -1fk d/sub/* d/other d/sub/link'
	both sh -c 'wdzip -1q d/sub/*'
	both wdzip -1rv d nowhere
	both wdzip -1rf d d/sub d
	both wdzip -1rkf d
	# The name of a pipe would make -c wait for a writer.
	both sh -c 'rm d/sub/fifo; wdzip -1cv d/sub/* missing d/other'
}

@test "an output is not taken for an input before it is there, and the reverse" {
	both sh -c 'wdzip -1v d/sub/s1 d/sub/s1.gz d/sub/s2'
	both sh -c 'wdzip -1vf d/sub/s1 d/sub/s1.gz d/sub/s1.gz.gz'
	both sh -c 'wdzip -1v d/sub/s1 d/sub/s1 ./d/sub/s1'
	both sh -c 'wdzip -1vk d/sub/s1 d/sub/s1 ./d/sub/s1'
	both sh -c 'ln -s s1.gz d/sub/l; touch -hd @1 d/sub/l; wdzip -1vf d/sub/s1 d/sub/l'
	both sh -c 'ln d/sub/s1 d/sub/h; wdzip -1vf d/sub/s1 d/sub/h'
	both sh -c 'ln d/sub/s1 d/sub/h; wdzip -1v d/sub/s1 d/sub/h d/sub/s2'
	both sh -c 'wdzip -1rv d/sub/s1 d'
	both sh -c 'cp -p d/sub/s1 d/sub/s1.gz; ln -s s1.gz d/sub/l; touch -hd @1 d/sub/l
		wdzip -1fc d/sub/s1 d/sub/l'
}

@test "standard input among files is read in its turn" {
	both sh -c 'wdzip -1vc d/sub/s1 - d/sub/s2 <d/sub/s3'
	both sh -c 'wdzip -1v d/sub/s1 - d/sub/s2 <d/sub/s3'
}

@test "standard output that is one of the files" {
	both sh -c 'wdzip -1c d/sub/s1 d/sub/s2 d/sub/s3 1<>d/sub/s2
		echo $?; touch -d @1 d/sub/s2'
}

@test "a device that is full ends the run where it does without threads" {
	both sh -c 'wdzip -1cv d/sub/* >/dev/full'
	[ "$status" -eq 1 ]
}

@test "a limit of the file size ends the run where it does without threads" {
	both sh -c 'trap "" XFSZ; ulimit -f 3; wdzip -1v d/sub/*'
	[ "$status" -eq 1 ]
}

@test "a directory that cannot be written to, in the middle" {
	need_user
	eval "$(declare -f tree | sed '1s/tree/plain_tree/')"
	tree() {
		plain_tree
		mkdir d/locked
		cp d/sub/s5 d/sub/s6 d/locked
		chmod -R a+rwX .
		chmod 555 d/locked
	}
	both as_user sh -c 'wdzip -1v d/sub/s1 d/sub/s2 d/locked/* d/sub/s3'
	both as_user wdzip -1rv d
}

@test "few open files" {
	both sh -c 'ulimit -n 20; wdzip -1v d/sub/* d/text*'
	[ "$status" -eq 0 ]
	both sh -c 'ulimit -n 260; wdzip -1v d/sub/* d/text*'
	[ "$status" -eq 0 ]
}

@test "a question is asked in its turn, and files are read after the answer" {
	mkdir q
	cd q || return 1
	for i in 1 2 3 4 5; do
		make text 20000 $i >f$i
	done
	echo there >f2.gz
	cat >ask.py <<-'EOF'
		import os, pty, sys
		pid, fd = pty.fork()
		if not pid:
		    os.execvp("wdzip", ["wdzip", "-p3", "-1"] + sys.argv[1:])
		seen = b""
		while b"(y or n)?" not in seen:
		    seen += os.read(fd, 1000)
		before = sorted(n for n in os.listdir(".") if n.endswith(".gz"))
		assert before == ["f1.gz", "f2.gz"], before
		with open("f3", "w") as f:
		    f.write("other\n")
		os.write(fd, b"y\n")
		try:
		    while os.read(fd, 1000):
		        pass
		except OSError:
		    pass
		sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
	EOF
	py ask.py f1 f2 f3 f4 f5
	[ "$(gzip -dc f3.gz)" = other ]
	[ "$(ls)" = "ask.py
f1.gz
f2.gz
f3.gz
f4.gz
f5.gz" ]
}

@test "files that change while others are written" {
	for i in $(seq 200); do
		make text 9000 "$i" >"f$i"
	done
	mkfifo out
	# The reader holds the output up; meanwhile files grow.
	wdzip -p 3 -1c f* >out 2>"$ERR" 3>&- &
	pids+=($!)
	{
		head -c 1 >first
		for i in $(seq 200); do
			echo more >>"f$i"
		done
		cat first - >all.gz
	} <out
	wait "${pids[0]}"
	gzip -t all.gz
}

@test "a signal leaves nothing half done" {
	for i in $(seq 300); do
		make text 50000 1 >"f$i"
	done
	# However late the signal comes, there is something left to do.
	truncate -s 40G big
	wdzip -p 3 -9 f* big 3>&- 2>"$ERR" &
	pid=$!
	pids+=("$pid")
	wait_until [ -e f110.gz ]
	kill -TERM $pid
	wait $pid || status=$?
	for i in $(seq 300); do
		# Between the end of the output and that of the input there may be both.
		if [ -e "f$i.gz" ]; then
			gzip -t "f$i.gz"
			[ ! -e "f$i" ] || gzip -dc "f$i.gz" | cmp - "f$i"
		else
			[ -e "f$i" ]
		fi
	done
}
