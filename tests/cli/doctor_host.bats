#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# --doctor on machines whose device is hidden, on machines that are small or odd, and
# with files in /sys that nobody should believe.

load common
load machine
load doctor

# ---- devices that are hidden ----

@test "fault: a driver that is not loaded" {
	hidden_machine
	doctor
	found_only not-loaded error 0000:75:00.0 'modprobe hisi_zip'
	is 'd[0]["state"]' hidden \
		'd[0]["generation"]' 'V3 or later'
	installed wd_uacce wd_hisi_qm wd_hisi_zip
	doctor
	found_only not-loaded error 0000:75:00.0 'modprobe wd_hisi_zip'
}

@test "fault: a kernel without uacce, and no module of ours" {
	hidden_machine
	config CONFIG_PCI_PASID=y
	doctor
	found_only not-installed error 0000:75:00.0 "install WarpDrive's modules"
}

@test "fault: Secure Boot, and modules that are not signed" {
	hidden_machine
	config CONFIG_PCI_PASID=y
	installed wd_uacce wd_hisi_qm wd_hisi_zip
	mkdir -p "$M/sys/firmware/efi/efivars"
	printf '\6\0\0\0\1' \
		>"$M/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
	doctor
	found_only modules-refused error 0000:75:00.0 'mokutil --import'
	is 'r["host"]["secure_boot"]' True
}

@test "fault: a driver that has not taken the device" {
	hidden_machine
	loaded wd_uacce wd_hisi_qm wd_hisi_zip
	doctor
	found_only not-bound error 0000:75:00.0 'dmesg \| grep 0000:75:00.0'
}

@test "fault: the kernel's driver keeps the device to itself" {
	hidden_machine
	driven_by hisi_zip
	loaded uacce hisi_qm hisi_zip
	attr module/hisi_zip/parameters/uacce_mode 0
	doctor
	found_only uacce-mode error 0000:75:00.0 'modprobe hisi_zip uacce_mode=1'
}

@test "fault: a driver, and no file in /dev" {
	hidden_machine
	driven_by wd_hisi_zip
	loaded wd_uacce wd_hisi_qm wd_hisi_zip
	doctor
	found_only no-file error 0000:75:00.0 'dmesg \| grep -e uacce'
	rm "$M/sys/$P/iommu_group"
	doctor
	found_only hidden-no-iommu error 0000:75:00.0 'firmware'
}

@test "a device that a virtual machine has is a note, as is an idle virtual function" {
	hidden_machine
	driven_by vfio-pci
	doctor
	found_only given-away note 0000:75:00.0 'drivers/vfio-pci/unbind'
	rm "$M/sys/$P/driver"
	attr "$P/device" 0xa251
	link ../0000:75:00.0 "$P/physfn"
	doctor
	found_only vf-idle note 0000:75:00.0 'give it to a virtual machine'
}

# ---- the machine ----

@test "fault: the engine that was asked for cannot be used" {
	zip_machine
	look on wdzip --engine=warpcore --doctor=json
	found_only engine-unusable error - 'leave --engine out'
}

@test "the engine that was asked for did not pass its test: its speed is not measured" {
	zip_machine
	WD_FAKE_NO_QUEUE=16 try on wdzip --engine=fake-0 --doctor
	status_is 2
	tail -n 1 "$OUT" | grep -Fxq 'This command would try the device fake-0 first, because --engine=fake-0 asks for it; its speed was not measured'
}

@test "what can be found is in the manual, and nothing else" {
	local top=$BATS_TEST_DIRNAME/../..

	sed -nE 's/^\t\{ "([a-z-]+)", SCOPE_.*/\1/p' "$top/cli/wdzip/doctor_rules.c" | sort >rules
	sed -n '/^.Ss What can be found/,/^.Ss Members/p' "$top/man/wdzip-doctor.7" |
		sed -n 's/^.It Cm //p' | tr -d ' ' | tr ',' '\n' | sort >told
	[ -s rules ]
	diff rules told
}

@test "fault: little memory may be locked" {
	zip_machine
	# shellcheck disable=SC2016
	try on bash -c 'ulimit -l 4; exec wdzip --doctor=json'
	helper findings "$OUT" >"$BATS_TEST_TMPDIR/found"
	FOUND=$BATS_TEST_TMPDIR/found
	found memlock-small note - 'ulimit -l'
	is 'r["host"]["memlock_bytes"]' 4096
}

@test "fault: a quota for the CPU" {
	zip_machine
	[ "$(nproc)" -gt 1 ] || skip "there is only one CPU"
	attr fs/cgroup/cpu.max '50000 100000'
	attr fs/cgroup/cpu/cpu.cfs_quota_us 50000
	attr fs/cgroup/cpu/cpu.cfs_period_us 100000
	try on wdzip --doctor=json
	helper findings "$OUT" >"$BATS_TEST_TMPDIR/found"
	FOUND=$BATS_TEST_TMPDIR/found
	found cpu-quota note - 'raise cpu.max'
	is 'r["host"]["cpus_usable"]' 1
}

@test "fault: a limit of memory that takes threads" {
	zip_machine
	[ "$(nproc)" -gt 1 ] || skip "there is only one CPU"
	attr fs/cgroup/memory.max 25165824
	attr fs/cgroup/memory.current 0
	attr fs/cgroup/memory/memory.limit_in_bytes 25165824
	attr fs/cgroup/memory/memory.usage_in_bytes 0
	try on wdzip --doctor=json
	helper findings "$OUT" >"$BATS_TEST_TMPDIR/found"
	FOUND=$BATS_TEST_TMPDIR/found
	found memory-limit note - 'raise that limit'
}

@test "fault: ISA-L is not there" {
	local path

	need_machine
	need_plain
	path=$(ldconfig -p | awk '/libisal\.so\.2 / { print $NF; exit }')
	[ -n "$path" ] || skip "ISA-L is not installed"
	readlink -f "$path" >"$M/hidden"
	WD_FAKE_COUNT=0 try on wdzip --doctor=json
	helper findings "$OUT" >"$BATS_TEST_TMPDIR/found"
	grep -q 'not built in' <(on wdzip --doctor) && skip "built without ISA-L"
	FOUND=$BATS_TEST_TMPDIR/found
	found isal-missing warning - 'libisal2'
	status_is 2
}

@test "fault: no /sys" {
	need_machine
	rm -r "$M/sys"
	WD_FAKE_COUNT=0 look on wdzip --doctor=json
	found_only no-sysfs warning - 'mount -t sysfs'
}

@test "fault: no /proc" {
	need_machine
	need_plain
	: >"$M/noproc"
	WD_FAKE_COUNT=0 look on wdzip --doctor=json
	found_only no-procfs note - 'mount -t proc'
}

# ---- what is odd ----

@test "fault: attributes that make no sense" {
	zip_machine
	for text in '' -3 1x 99999999999999999999 ' 7' '\0007' '\x1b[31m'; do
		attr "$C/flags" "$text"
		doctor
		found sysfs-odd warning fake-0 'another version of the driver'
	done
	attr "$C/flags" 1
	attr "$C/available_instances" many
	doctor
	found_only sysfs-odd warning fake-0 'another version of the driver'
	rm "$M/sys/$C/available_instances"
	doctor
	found_nothing
}

@test "control characters and long lines are printed escaped, and do no harm" {
	zip_machine
	attr "$C/api" 'hisi_qm_v3\x1b]0;owned\x07\xff'
	attr "$C/algorithms" "gzip $(head -c 100000 /dev/zero | tr '\0' x)"
	attr module/wd_uacce/version '\x1b[2J'
	attr kernel/security/lockdown "[$(head -c 5000 /dev/zero | tr '\0' l)]"
	attr kernel/iommu_groups/5/type '\r\nfine'
	for form in --doctor --doctor=json; do
		# shellcheck disable=SC2016
		try on bash -c 'printf "a\033[1mb" >/proc/self/comm; exec 7<>/dev/fake-0
			wdzip "$0"; exit $?' $form
		err_is
		! LC_ALL=C grep -q $'[\x01-\x08\x0b-\x1f\x7f-\xff]' "$OUT"
	done
	value 'd[0]["users"][0]["name"]' >name
	printf 'a\033[1mb\n' | cmp - name
	helper findings "$OUT" >found
	grep -q '^sysfs-odd warning fake-0' found
}

@test "links that lead nowhere, directories and pipes in the place of attributes do no harm" {
	zip_machine
	link nowhere "$P/driver"
	link loop "$P/iommu_group"
	link iommu_group "$P/loop"
	rm "$M/sys/$C/isolate" "$M/sys/$C/isolate_strategy" "$M/sys/$P/revision"
	mkdir "$M/sys/$C/isolate"
	mkfifo "$M/sys/$C/isolate_strategy" "$M/sys/$P/revision"
	mkdir "$M/sys/class/uacce/.hidden" "$M/sys/class/uacce/a b"
	doctor
	is 'len(d)' 1
}

@test "more devices than there is room for: a warning, and the others are told of" {
	need_machine
	export WD_FAKE_COUNT=0
	for i in $(seq 65); do
		pci_function "$(printf '0000:%02x:00.0' "$i")" 0xa250
	done
	doctor
	found many-devices warning - 'list-devices'
	is 'len(d)' 64
}

@test "devices of other kinds, and those of virtual machines, take no room" {
	zip_machine
	real_device
	for i in $(seq 65); do
		attr class/uacce/hisi_hpre-$i/api hisi_qm_v3
		attr class/uacce/hisi_hpre-$i/flags 1
		attr class/uacce/hisi_hpre-$i/algorithms 'rsa\ndh'
		pci_function "$(printf '0000:%02x:00.0' "$i")" 0xa251
		[ "$i" -gt 60 ] || driven_by vfio-pci
		link ../0000:75:00.0 "$P/physfn"
	done
	look on "$PLAIN" --doctor=json
	found_only open-failed error hisi_zip-3 dmesg
	is 'len(d)' 64 'd[0]["name"]' hisi_zip-3 'd[1]["state"]' other
	rm -r "$M/sys/class/uacce"
	look on "$PLAIN" --doctor=json
	is 'len(d)' 64 'd[0]["pci"]' 0000:75:00.0
	found no-file error 0000:75:00.0 dmesg
	! grep many-devices "$FOUND"
}

@test "an argument of --doctor is json or nothing" {
	try wdzip --doctor=yaml
	usage_error
	err_line "wdzip: --doctor: yaml: not json" || grep -q 'not json' "$ERR"
}

@test "what was printed has to arrive" {
	[ -w /dev/full ] || skip "there is no /dev/full"
	try bash -c 'wdzip --doctor >/dev/full'
	status_is 1
	grep -q 'No space left on device' "$ERR"
}
