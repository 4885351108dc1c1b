# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Machines for what looks at them, for the files of tests that load this after common:
# /sys, /dev and what else is looked at are directories of the test's, in a mount namespace
# of its own.  Devices that work are threads of the tool, as in devices.bats, that sysfs
# tells of, too.

prepare() {
	local fakes=$WD_BIN_DIR/../tests/cli/with_fakes

	if [ ! -x "$fakes/wdzip" ]; then
		echo "$fakes has no wdzip"
		return 1
	fi
	PATH=$(cd "$fakes" && pwd):$PATH
	# What real drivers are in, which is what users get.
	# shellcheck disable=SC2034
	PLAIN=$(cd "$WD_BIN_DIR" && pwd)/wdzip
	RELEASE=$(uname -r)
	M=$BATS_TEST_TMPDIR/machine
	mkdir -p "$M"/{sys/class,etc/udev/rules.d,boot,modules/"$RELEASE"}
	: >"$M/nodes"
	: >"$M/hidden"
	cp /etc/ld.so.cache "$M/etc" 2>/dev/null || :
	printf 'root:x:0:0::/:/bin/sh\nworker:x:65534:65534::/:/bin/sh\n' >"$M/etc/passwd"
	printf 'root:x:0:\naccel:x:900:\nworker:x:65534:\n' >"$M/etc/group"
	chmod 755 "$BATS_TEST_TMPDIR" "$M"
}

# need_machine: skip unless such machines can be made here.
need_machine() {
	need unshare chroot mount mknod setpriv
	[ "$(id -u)" -eq 0 ] || skip "not root: device files cannot be made"
	unshare -m true 2>/dev/null || skip "no mount namespace can be had here"
	unshare -m mount -t tmpfs tmpfs /mnt 2>/dev/null ||
		skip "nothing can be mounted in a namespace of its own here"
	unshare -m sh -c 'mount -t tmpfs tmpfs /mnt && mknod /mnt/null c 1 3 &&
		: </mnt/null' 2>/dev/null || skip "device files cannot be made here"
}

# attr PATH TEXT: the file PATH of /sys has this text.
attr() {
	mkdir -p "$M/sys/${1%/*}"
	printf '%b\n' "$2" >"$M/sys/$1"
}

link() {
	mkdir -p "$M/sys/${2%/*}"
	ln -sfn "$1" "$M/sys/$2"
}

# config OPTION=VALUE...: how the kernel was built.
config() {
	printf '%s\n' "$@" >"$M/boot/config-$RELEASE"
}

loaded() {
	local module

	for module; do
		attr "module/$module/initstate" live
	done
}

installed() {
	local module

	for module; do
		printf 'updates/%s.ko:\n' "$module"
	done >>"$M/modules/$RELEASE/modules.dep"
}

# pci_function ADDRESS DEVICE: of the ZIP engine, V3, behind an IOMMU, near.
pci_function() {
	local dir=devices/pci0000:74/$1

	link "../../../devices/pci0000:74/$1" "bus/pci/devices/$1"
	attr "$dir/vendor" 0x19e5
	attr "$dir/device" "$2"
	attr "$dir/revision" 0x30
	attr "$dir/numa_node" 0
	attr "$dir/sriov_numvfs" 0
	attr "$dir/sriov_totalvfs" 63
	link ../../../kernel/iommu_groups/5 "$dir/iommu_group"
	attr kernel/iommu_groups/5/type DMA
	attr devices/system/node/node0/cpulist 0-4095
	attr devices/system/node/node0/distance "10 20"
	P=$dir
}

driven_by() {
	link "../../../bus/pci/drivers/$1" "$P/driver"
}

# queue_file NAME: what uacce tells of a device at $P.
queue_file() {
	C=class/uacce/$1
	attr "$C/api" hisi_qm_v3
	attr "$C/flags" 1
	attr "$C/algorithms" 'zlib\ngzip\ndeflate'
	attr "$C/available_instances" 256
	attr "$C/region_mmio_size" 65536
	attr "$C/region_dus_size" 151552
	attr "$C/isolate" 0
	attr "$C/isolate_strategy" 3
	attr "$C/dev" 1:3
	link "../../../$P" "$C/device"
	printf '%s null 0660 0 900\n' "$1" >>"$M/nodes"
}

node() {
	printf '%s\n' "$*" >"$M/nodes"
}

rule() {
	echo 'SUBSYSTEM=="uacce", GROUP="accel", MODE="0660"' >"$M/etc/udev/rules.d/60-accel.rules"
}

# counter NAME VALUE: of our driver, in debugfs.
counter() {
	attr "kernel/debug/wd_hisi_zip/0000:75:00.0/$1" "$2"
}

# zip_machine: one device with our modules, and all is well.
zip_machine() {
	need_machine
	export WD_FAKE_COUNT=1
	pci_function 0000:75:00.0 0xa250
	driven_by wd_hisi_zip
	queue_file fake-0
	rule
	loaded wd_uacce wd_hisi_qm wd_hisi_zip
	attr module/wd_uacce/parameters/unsafe_no_sva N
	attr module/wd_uacce/parameters/unsafe_shared_doorbells N
	attr kernel/security/lockdown '[none] integrity confidentiality'
	config CONFIG_IOMMU_SVA=y CONFIG_PCI_PASID=y CONFIG_ARM_SMMU_V3_SVA=y
	counter qm/status work
	for name in aeq_irq abnormal_irq bogus mb_err timeouts resets failed_resets aborted; do
		counter "qm/$name" 0
	done
	counter zip/send_cnt 12
	counter zip/fallback_cnt 0
}

# real_device: hisi_zip-3 in the place of fake-0, for the library's own drivers.
real_device() {
	rm -r "$M/sys/class/uacce/fake-0"
	queue_file hisi_zip-3
	node hisi_zip-3 null 0660 0 900
}

# hidden_machine: a device without a driver.
hidden_machine() {
	need_machine
	export WD_FAKE_COUNT=0
	pci_function 0000:75:00.0 0xa250
	config CONFIG_UACCE=m CONFIG_CRYPTO_DEV_HISI_ZIP=m CONFIG_PCI_PASID=y
}

on() {
	unshare -m "$BATS_TEST_DIRNAME/helpers/machine" "$M" "$@"
}

# on_as GROUPS COMMAND...: as the user worker, who is in these groups.
on_as() {
	local groups=(--clear-groups)

	[ "$1" = - ] || groups=(--groups "$1")
	shift
	on setpriv --reuid 65534 --regid 65534 "${groups[@]}" "$@"
}

worker_can_run() {
	on_as - wdzip --version >/dev/null 2>&1 || skip "another user cannot reach the tools"
}
