#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# --doctor on machines with a device: one that is well, and each with a fault that has to
# be found, alone and with the right thing to do.

load common
load machine
load doctor

# ---- what is well ----

@test "a machine whose device works: nothing is found, and the status is 0" {
	zip_machine
	doctor
	found_nothing
	[ -s "$FOUND.all" ] || status_is 0
	is 'd[0]["state"]' ok \
		'd[0]["self_test"]["result"]' passed \
		'd[0]["self_test"]["compress"]' True \
		'd[0]["self_test"]["decompress"]' True \
		'd[0]["pci"]' 0000:75:00.0 \
		'd[0]["generation"]' 'V3 or V4' \
		'd[0]["module"]' wd_hisi_zip \
		'd[0]["addresses"]' SVA \
		'd[0]["iommu_type"]' DMA \
		'd[0]["numa_distance"]' 10 \
		'd[0]["algorithms"]' "['zlib', 'gzip', 'deflate']" \
		'd[0]["counters"]["send_cnt"]' 12 \
		'd[0]["file"]["group"]' accel \
		'd[0]["queues_free"]' 256 \
		'r["run"]["engine"]' fake-0+sw
}

@test "the same for people: state, config and errors of machine and device, and a last line" {
	zip_machine
	try on wdzip --doctor
	err_is
	out_like '    device: fake-0'
	out_like '     state: ok'
	out_like '    errors: no known errors'
	out_like $'\t    self-test +passed: 65536 bytes; compresses: yes; decompresses: yes'
	tail -n 1 "$OUT" | grep -Eq '^This command would run on the device fake-0( and the CPU \([0-9]+ threads?\))?, because --engine=auto, the default, takes the hardware that can be used; expected speed about [0-9]+ MB/s \(level 6\)$'
}

@test "a machine without any accelerator is well" {
	need_machine
	WD_FAKE_COUNT=0 look on wdzip --doctor=json
	found_nothing
	is d '[]'
}

@test "a device for something else than compression is named, and not judged" {
	zip_machine
	queue_file hisi_sec2-1
	attr class/uacce/hisi_sec2-1/algorithms 'ecb(aes)'
	rm -r "$M/sys/class/uacce/hisi_sec2-1/device"
	echo 'fake-0 null 0660 0 900' >"$M/nodes"
	doctor
	found_nothing
	is '[x["state"] for x in d]' "['ok', 'other']"
}

@test "it works on this machine, whatever that is like" {
	WD_FAKE_COUNT=0 try wdzip --doctor
	[ "$status" -le 2 ]
	err_is
	tail -n 1 "$OUT" | grep -q '^This command would '
	WD_FAKE_COUNT=0 try wdzip --doctor=json
	is 'r["shape"]' 1
}

@test "the file system is as it was, and nothing is left running" {
	zip_machine
	(cd "$M" && find sys etc boot modules -exec ls -ld --time-style=full-iso {} +) >before
	MARK=$BATS_TEST_TMPDIR look on wdzip --doctor=json
	(cd "$M" && find sys etc boot modules -exec ls -ld --time-style=full-iso {} +) >after
	cmp before after
	[ -z "$(grep -lsz "^MARK=$BATS_TEST_TMPDIR$" /proc/[0-9]*/environ || :)" ]
}

@test "the last line is about the engine that was asked for" {
	zip_machine
	try on wdzip --doctor --engine=fake-0
	err_is
	tail -n 1 "$OUT" | grep -q '^This command would run on the device fake-0, because --engine=fake-0 asks for it; expected speed about [0-9]* MB/s'
	try on wdunzip --engine=sw --doctor
	tail -n 1 "$OUT" | grep -q 'MB/s (decompression)$'
}

@test "the last line names no device that does nothing" {
	zip_machine
	attr "$C/available_instances" 0
	export WD_FAKE_STATUS=16
	doctor
	found_only queues-used warning fake-0 'wait for these processes'
	is 'r["run"]["device"]' None \
		'r["run"]["cpu"]' True \
		'r["run"]["mb_per_s"] > 0' True
	try on wdzip --doctor
	tail -n 1 "$OUT" | grep -Eq '^This command would run on the CPU \([0-9]+ threads?\), because with --engine=auto no device did any work; expected speed about [0-9]+ MB/s \(level 6\)$'
}

@test "the object tells of the device that was asked for, and of the CPU" {
	zip_machine
	look on wdzip --engine=fake-0 --doctor=json
	is 'r["run"]["device"]' fake-0 'r["run"]["cpu"]' False
	look on wdzip --engine=sw --doctor=json
	is 'r["run"]["device"]' None 'r["run"]["cpu"]' True
	WD_FAKE_NO_QUEUE=16 look on wdzip --doctor=json
	is 'r["run"]["device"]' fake-0 'r["run"]["cpu"]' None
}

@test "the self-test by the library's driver of the ZIP engine, on its model" {
	local tool=$WD_BIN_DIR/../tests/sim/files/with_model/wdzip

	[ -x "$tool" ] || skip "$tool was not built"
	for version in 2 3 5; do
		WD_MODEL_VERSION=$version WD_MODEL_DEVICES=2 look "$tool" --doctor=json
		! grep hisi_zip "$FOUND" || return 1
		is '[x["driver"] for x in d]' "['hisi_zip', 'hisi_zip']" \
			'[x["self_test"]["compress"] for x in d]' '[True, True]' \
			'[x["self_test"]["decompress"] for x in d]' '[True, True]'
	done
	WD_MODEL_QUEUES=1 look "$tool" --doctor=json
	! grep hisi_zip "$FOUND" || return 1
	is 'd[0]["self_test"]["compress"]' True 'd[0]["self_test"]["decompress"]' True
	WD_MODEL_ILL=1000 look "$tool" --doctor=json
	status_is 1
	grep -Eq '^test-(wrong|failed|timeout) error hisi_zip-0: ' "$FOUND"
}

# ---- the file in /dev ----

@test "fault: no file in /dev" {
	zip_machine
	node other null 0600 0 0
	doctor
	found_only node-missing error fake-0 'mknod -m 600 /dev/fake-0 c 1 3; .*udevadm trigger'
	rm "$M/sys/$C/dev"
	doctor
	found_only node-missing error fake-0 'rmmod wd_hisi_zip && modprobe wd_hisi_zip'
}

@test "fault: a file in /dev that is no device" {
	zip_machine
	node fake-0 file 0660 0 900
	doctor
	found_only node-not-device error fake-0 'rm -f /dev/fake-0; mknod -m 600 /dev/fake-0 c 1 3; .*udevadm trigger'
	node fake-0 fifo 0660 0 900
	doctor
	found_only node-not-device error fake-0 'rm -f /dev/fake-0; mknod -m 600 /dev/fake-0 c 1 3; .*udevadm trigger'
}

@test "fault: a file in /dev that is another device" {
	zip_machine
	node fake-0 zero 0660 0 900
	doctor
	found_only node-wrong error fake-0 'rm -f /dev/fake-0; mknod -m 600 /dev/fake-0 c 1 3; .*udevadm trigger'
}

@test "fault: the user is not in the group" {
	zip_machine
	worker_can_run
	look on_as - wdzip --doctor=json
	found_only group-missing error fake-0 'usermod -a -G accel worker'
}

@test "fault: the user was put into the group, and has not logged in since" {
	zip_machine
	worker_can_run
	sed -i 's/^accel.*/accel:x:900:worker/' "$M/etc/group"
	look on_as - wdzip --doctor=json
	found_only session-old error fake-0 'log in again'
}

@test "a group of thousands is as good as any, and its last member is one" {
	zip_machine
	worker_can_run
	{
		sed '/^accel/d' "$M/etc/group"
		echo "accel:x:900:$(seq -f 'user%.0f' -s , 20000),worker"
	} >"$M/etc/group.new"
	mv "$M/etc/group.new" "$M/etc/group"
	look on_as - wdzip --doctor=json
	found_only session-old error fake-0 'log in again'
	is 'd[0]["file"]["group"]' accel
	look on_as 900 wdzip --doctor=json
	found_nothing
	is 'r["host"]["groups"]' "['worker', 'accel']"
	real_device
	try on_as - "$PLAIN" --list-devices
	grep -q 'no permission for /dev/hisi_zip-3: members of group accel have it' "$OUT"
}

@test "a user of the group finds nothing wrong" {
	zip_machine
	worker_can_run
	look on_as 900 wdzip --doctor=json
	found_nothing
}

@test "fault: no udev rule" {
	zip_machine
	worker_can_run
	rm "$M"/etc/udev/rules.d/*
	node fake-0 null 0600 0 0
	look on_as - wdzip --doctor=json
	found_only udev-rule-missing error fake-0 'SUBSYSTEM=="uacce"'
}

@test "fault: a udev rule that was not applied" {
	zip_machine
	worker_can_run
	node fake-0 null 0600 0 0
	look on_as - wdzip --doctor=json
	found_only udev-rule-idle error fake-0 'udevadm control --reload'
}

@test "a tag of udev's counts as a rule if it gives files to users, and no other does" {
	zip_machine
	worker_can_run
	node fake-0 null 0600 0 0
	echo 'SUBSYSTEM=="uacce", TAG+="systemd"' >"$M/etc/udev/rules.d/60-accel.rules"
	look on_as - wdzip --doctor=json
	found_only udev-rule-missing error fake-0 'SUBSYSTEM=="uacce"'
	echo 'SUBSYSTEM=="uacce", TAG+="uaccess"' >"$M/etc/udev/rules.d/60-accel.rules"
	look on_as - wdzip --doctor=json
	found_only udev-rule-idle error fake-0 'udevadm control --reload'
}

@test "for root a file of root's is a note" {
	zip_machine
	node fake-0 null 0600 0 0
	doctor
	found_only node-root-only note fake-0 'add a udev rule'
	is 'r["state"]' ok
}

@test "nobody is asked for a udev rule for a device in an unsafe mode" {
	zip_machine
	worker_can_run
	real_device
	node hisi_zip-3 null 0600 0 0
	attr "$C/flags" 2
	look on "$PLAIN" --doctor=json
	found node-root-only note hisi_zip-3 'leave it so'
	! grep -q 'udev rule' "$FOUND"
	look on_as - "$PLAIN" --doctor=json
	found_only no-rawio error hisi_zip-3 'run as root'
	look on setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps +sys_rawio \
		--ambient-caps +sys_rawio "$PLAIN" --doctor=json
	found node-unsafe error hisi_zip-3 'run as root'
	! grep -q 'udev rule' "$FOUND"
}

@test "fault: root may not open a file whose mode lets it, as in a container" {
	zip_machine
	node fake-0 null 0600 65534 65534
	look on setpriv --bounding-set -dac_override,-dac_read_search --inh-caps -all \
		wdzip --doctor=json
	found_only node-denied error fake-0 'in a container, give it the device \(--device=/dev/fake-0'
	node fake-0 null 0660 65534 900
	look on setpriv --bounding-set -dac_override,-dac_read_search --inh-caps -all \
		--clear-groups wdzip --doctor=json
	found_only node-denied error fake-0 'getfacl /dev/fake-0'
}

@test "fault: everybody may open the device" {
	zip_machine
	node fake-0 null 0666 0 0
	doctor
	found_only node-open warning fake-0 'MODE="0660"'
}

# ---- drivers ----

# module_file NAME TEXT: of the module that would be loaded.
module_file() {
	mkdir -p "$M/modules/$RELEASE/updates"
	printf 'ELF\0license=GPL\0%b\0depends=\0' "$2" >"$M/modules/$RELEASE/updates/$1"
}

@test "fault: an old module is loaded, by its version" {
	zip_machine
	loaded wd_dummy
	installed wd_hisi_zip wd_uacce
	for module in wd_uacce wd_hisi_zip; do
		attr module/$module/version 0.0.9
		module_file $module.ko 'version=0.0.8'
	done
	doctor
	found_only module-old warning - 'load the installed one, as root: rmmod wd_dummy wd_hisi_zip wd_hisi_qm wd_uacce && modprobe -a wd_dummy wd_hisi_zip wd_hisi_qm wd_uacce'
	value 'r["findings"][0]["status"]' | grep -q 'version 0.0.9, but installed is 0.0.8$'
	for module in wd_uacce wd_hisi_zip; do
		module_file $module.ko 'version=0.0.9'
	done
	doctor
	found_nothing
}

@test "fault: a module of another version than the tools, in a file that cannot be read" {
	zip_machine
	printf 'updates/wd_hisi_zip.ko.xz:\n' >>"$M/modules/$RELEASE/modules.dep"
	module_file wd_hisi_zip.ko.xz '\0375'
	attr module/wd_hisi_zip/version 0.0.9
	doctor
	found_only module-old warning - 'install the one that goes with these tools, then, as root: rmmod wd_hisi_zip wd_hisi_qm wd_uacce && modprobe'
	value 'r["findings"][0]["status"]' | grep -q 'version 0.0.9, which differs from these tools: '
}

@test "fault: an old module is loaded, by the sum of its source" {
	zip_machine
	installed wd_uacce
	module_file wd_uacce.ko 'version=0.0.9\0srcversion=BBBB'
	attr module/wd_uacce/version 0.0.9
	attr module/wd_uacce/srcversion AAAA
	doctor
	found_only module-old warning - 'rmmod wd_hisi_zip wd_hisi_qm wd_uacce && modprobe'
	attr module/wd_uacce/srcversion BBBB
	doctor
	found_nothing
}

@test "fault: a module that does not get loaded" {
	zip_machine
	attr module/wd_hisi_zip/initstate coming
	doctor
	found_only module-stuck warning - 'dmesg \| grep wd_hisi_zip'
}

@test "fault: the kernel's modules and ours" {
	zip_machine
	loaded hisi_zip
	doctor
	found_only both-drivers warning - 'rmmod hisi_zip'
}

@test "fault: queues of a kind that this version does not know" {
	zip_machine
	export WD_FAKE_COUNT=0
	attr "$C/api" hisi_qm_v9
	doctor
	found_only api-unknown error fake-0 'newer version of WarpDrive'
}

@test "fault: no algorithm of ours" {
	zip_machine
	export WD_FAKE_COUNT=0
	attr "$C/algorithms" 'lz77_zstd\nlz77_only'
	doctor
	found_only algorithms-missing error fake-0 'driver that offers them'
}

@test "fault: regions of no size, or none" {
	zip_machine
	attr "$C/region_dus_size" 0
	doctor
	found_only regions-missing error fake-0 'another version of the driver wd_hisi_zip'
	attr "$C/region_dus_size" 4096
	rm "$M/sys/$C/region_mmio_size"
	doctor
	found_only regions-missing error fake-0 'another version of the driver wd_hisi_zip'
}

@test "fault: the driver gives no queue, with a driver of the library" {
	zip_machine
	real_device
	look on "$PLAIN" --doctor=json
	found_only open-failed error hisi_zip-3 dmesg
	is 'd[0]["driver"]' hisi_zip
}

# ---- addresses ----

@test "fault: no IOMMU" {
	zip_machine
	attr "$C/flags" 2
	rm "$M/sys/$P/iommu_group"
	doctor
	found_only no-iommu warning fake-0 'firmware'
}

@test "fault: an IOMMU that passes addresses through" {
	zip_machine
	attr "$C/flags" 0
	attr kernel/iommu_groups/5/type identity
	doctor
	found_only iommu-passthrough warning fake-0 'without iommu.passthrough=1'
}

@test "fault: a kernel without SVA" {
	zip_machine
	attr "$C/flags" 0
	config CONFIG_PCI_PASID=y
	doctor
	found_only kernel-no-sva warning fake-0 CONFIG_IOMMU_SVA
}

@test "fault: no SVA behind an IOMMU" {
	zip_machine
	attr "$C/flags" 0
	doctor
	found_only no-sva warning fake-0 'dmesg \| grep -e iommu'
}

@test "fault: no SVA, and a device that takes nothing else" {
	zip_machine
	real_device
	attr "$C/flags" 0
	look on "$PLAIN" --doctor=json
	found_only no-sva error hisi_zip-3 'dmesg \| grep -e iommu'
}

@test "fault: bus addresses, without CAP_SYS_RAWIO" {
	zip_machine
	real_device
	attr "$C/flags" 2
	look on setpriv --bounding-set -sys_rawio --inh-caps -sys_rawio \
		"$PLAIN" --doctor=json
	found_only no-rawio error hisi_zip-3 'give the program CAP_SYS_RAWIO'
	attr kernel/security/lockdown 'none integrity [confidentiality]'
	look on setpriv --bounding-set -sys_rawio --inh-caps -sys_rawio \
		"$PLAIN" --doctor=json
	found_only lockdown error hisi_zip-3 'without lockdown'
}

@test "fault: SVA that is told of and does not work" {
	zip_machine
	rm "$M/sys/$P/iommu_group"
	WD_FAKE_NO_QUEUE=19 doctor
	found_only no-iommu error fake-0 'firmware'
}

@test "fault: an unsafe mode, without CAP_SYS_RAWIO" {
	zip_machine
	attr module/wd_uacce/parameters/unsafe_shared_doorbells Y
	WD_FAKE_NO_QUEUE=1 look on setpriv --bounding-set -sys_rawio --inh-caps -sys_rawio \
		wdzip --doctor=json
	found no-rawio error fake-0 'give the program CAP_SYS_RAWIO'
	found unsafe-mode warning - 'without that parameter'
	status_is 1
}

@test "fault: an unsafe mode in a kernel that is locked down" {
	zip_machine
	attr module/wd_uacce/parameters/unsafe_shared_doorbells Y
	attr kernel/security/lockdown 'none [integrity] confidentiality'
	WD_FAKE_NO_QUEUE=1 doctor
	found lockdown error fake-0 'without lockdown'
	found unsafe-mode warning - 'without that parameter'
	is 'r["host"]["lockdown"]' integrity
}

@test "fault: an unsafe mode that works" {
	zip_machine
	attr module/wd_uacce/parameters/unsafe_no_sva Y
	doctor
	found_only unsafe-mode warning - 'without that parameter'
}

@test "fault: a device that plays one without SVA" {
	zip_machine
	rm -r "$M/sys/$C/device" "$M/sys/bus"
	link ../../../devices/platform/wd_dummy.0 "$C/device"
	link ../../../bus/platform/drivers/wd_dummy devices/platform/wd_dummy.0/driver
	attr kernel/debug/wd_dummy/fake-0/requests 7
	attr "$C/flags" 2
	doctor
	found_only plays-no-sva warning fake-0 'modprobe wd_dummy'
}

# ---- at work ----

@test "fault: the device does not answer" {
	zip_machine
	WD_FAKE_HELD=1 doctor
	found_only test-timeout error fake-0 'echo 1 >/sys/bus/pci/devices/0000:75:00.0/reset'
	is 'd[0]["state"]' unusable
}

@test "fault: the device gives wrong data" {
	zip_machine
	WD_FAKE_ILL=1000 WD_FAKE_LIES_IN=1000 doctor
	found_only test-wrong error fake-0 'take it out of use'
}

@test "fault: the device fails" {
	zip_machine
	WD_FAKE_REFUSAL=5 doctor
	found_only test-failed error fake-0 'echo 1 >/sys/bus/pci/devices/0000:75:00.0/reset'
	WD_FAKE_DEADLY=1000 doctor
	[ "$(wc -l <"$FOUND")" -eq 1 ]
	grep -Eq '^test-(failed|timeout) error fake-0: reset it' "$FOUND"
}

@test "fault: the device ends the process that uses it" {
	zip_machine
	WD_FAKE_KILLS=9 doctor
	found_only test-died error fake-0 dmesg
}

@test "fault: the device refuses everything" {
	zip_machine
	WD_FAKE_REFUSAL=95 doctor
	found_only does-nothing error fake-0 'another version of the driver'
}

@test "one bad device of two: the other is well, and the status tells of the bad one" {
	zip_machine
	export WD_FAKE_COUNT=2
	pci_function 0000:b5:00.0 0xa250
	driven_by wd_hisi_zip
	attr kernel/debug/wd_hisi_zip/0000:b5:00.0/qm/status work
	queue_file fake-1
	attr "$C/isolate" 1
	doctor
	found_only isolated error fake-1 'echo 1 >/sys/bus/pci/devices/0000:b5:00.0/reset; if it stays isolated, echo 3 >/sys/class/uacce/fake-1/isolate_strategy'
	is '[x["state"] for x in d]' "['ok', 'isolated']" \
		'r["state"]' failed
	try on wdzip --doctor
	status_is 1
	out_like '     state: failed'
	out_like '    errors: none here, see the devices below'
	out_like '     state: isolated'
	out_like '    status: .* \(error: isolated\)'
	out_like '    action: .*isolate_strategy'
}

@test "fault: isolation by the kernel's own driver" {
	zip_machine
	driven_by hisi_zip
	attr kernel/debug/hisi_zip/0000:75:00.0/qm/status start
	attr "$C/isolate" 1
	doctor
	found_only isolated error fake-0 'modprobe hisi_zip uacce_mode=1'
}

@test "fault: isolation, as the list of devices has it" {
	zip_machine
	real_device
	attr "$C/isolate" 1
	try on "$PLAIN" --list-devices
	grep -q 'isolated after errors; a reset may end that, or writing /sys/class/uacce/hisi_zip-3/isolate_strategy' "$OUT"
}

@test "fault: the device is being reset" {
	zip_machine
	WD_FAKE_NO_QUEUE=16 doctor
	found_only resetting warning fake-0 'try again in a few seconds'
	is 'd[0]["state"]' resetting
	counter qm/status stop
	doctor
	found_only resetting warning fake-0 'try again in a few seconds'
}

@test "fault: all queues are in use, and by whom" {
	zip_machine
	real_device
	attr "$C/available_instances" 0
	# shellcheck disable=SC2016
	look on bash -c 'exec 7<>/dev/hisi_zip-3 8<>/dev/hisi_zip-3
		"$0" --doctor=json; exit $?' "$PLAIN"
	found_only queues-used warning hisi_zip-3 'wait for these processes, or end one'
	is '[(u["name"], u["queues"]) for u in d[0]["users"]]' "[('bash', 2)]"
	value 'r["findings"]' | grep -Eq 'in use, by bash \(process [0-9]+, 2 queues\)'
}

@test "a device without SVA that is busy works all the same" {
	zip_machine
	attr "$C/flags" 2
	attr "$C/available_instances" 0
	WD_FAKE_STATUS=16 doctor
	found no-sva warning fake-0 'dmesg'
	found queues-used warning fake-0 'wait for these processes'
	status_is 2
	is 'd[0]["state"]' degraded
}

@test "fault: all queues are in use, and nobody may see by whom" {
	zip_machine
	worker_can_run
	real_device
	attr "$C/available_instances" 0
	look on_as 900 "$PLAIN" --doctor=json
	found_only queues-used warning hisi_zip-3 'wait for these processes'
	is 'd[0]["users_hidden"]' True
	value 'r["findings"]' | grep -q 'processes that only root can see'
}

@test "fault: errors were counted, by the driver and by the bus" {
	zip_machine
	counter qm/abnormal_irq 3
	counter zip/err_bd_cnt 4
	doctor
	found_only faults-counted warning fake-0 'if they become more'
	value 'r["findings"]' | grep -q 'abnormal_irq 3, err_bd_cnt 4'
	counter qm/abnormal_irq 0
	counter zip/err_bd_cnt 0
	attr "$P/aer_dev_fatal" 'Undefined 0\nDLP 2\nTOTAL_ERR_FATAL 2'
	doctor
	found_only faults-counted warning fake-0 'if they become more'
	is 'd[0]["counters"]["aer_fatal"]' 2
}

@test "fault: the device had to be reset" {
	zip_machine
	counter qm/resets 1
	doctor
	found_only resets-counted warning fake-0 'dmesg \| grep 0000:75:00.0'
}

@test "fault: work of the device was done by the CPU" {
	zip_machine
	counter zip/fallback_cnt 17
	doctor
	found_only fallbacks-counted warning fake-0 'kernel_queues'
}

@test "fault: the dummy device was told to fail" {
	zip_machine
	rm -r "$M/sys/$C/device" "$M/sys/bus"
	link ../../../devices/platform/wd_dummy.0 "$C/device"
	link ../../../bus/platform/drivers/wd_dummy devices/platform/wd_dummy.0/driver
	attr kernel/debug/wd_dummy/fake-0/flip_each 100
	doctor
	found_only faults-injected warning fake-0 'write 0 to these files'
}

@test "fault: counters that are not there" {
	zip_machine
	rm -r "$M/sys/kernel/debug"
	doctor
	found_only debugfs-missing note fake-0 'mount -t debugfs'
}

@test "fault: counters for root only" {
	zip_machine
	worker_can_run
	chmod 700 "$M/sys/kernel/debug"
	look on_as 900 wdzip --doctor=json
	found_only debugfs-denied note fake-0 'as root to see them'
	is 'r["state"]' ok
}

@test "fault: the device is far from the CPUs that may be used" {
	zip_machine
	attr "$P/numa_node" 1
	attr devices/system/node/node1/cpulist 4096-5000
	attr devices/system/node/node1/distance '20 10'
	doctor
	found_only numa-far warning fake-0 'numactl --cpunodebind=1'
	is 'd[0]["numa_distance"]' 20
}

@test "a device on a memory node without CPUs is as near as it can be" {
	zip_machine
	attr "$P/numa_node" 1
	attr devices/system/node/node1/cpulist ''
	attr devices/system/node/node1/distance '20 10'
	doctor
	found_nothing
	is 'd[0]["numa_distance"]' 20
}

@test "fault: virtual functions" {
	zip_machine
	attr "$P/sriov_numvfs" 3
	doctor
	found_only vfs-unsupported warning fake-0 'echo 0 >/sys/bus/pci/devices/0000:75:00.0/sriov_numvfs'
	driven_by hisi_zip
	attr kernel/debug/hisi_zip/0000:75:00.0/qm/status work
	doctor
	found_only vfs-on note fake-0 'if they are not needed'
}
