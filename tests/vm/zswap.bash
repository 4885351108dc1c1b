# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# zswap on the driver that zip.bash has chosen, with zram to swap to, and a control group
# that has less memory than swapper (swapper.c) asks for.

need_zram() {
	if [ ! -e "$WD_VM_MODULES/kernel/drivers/block/zram/zram.ko" ]; then
		skip "this kernel has no zram"
	fi
}

zswap=/sys/module/zswap/parameters

zswap_on() {
	local limit

	load_kernel_module zram num_devices=1
	echo $((192 << 20)) >/sys/block/zram0/disksize
	mkswap /dev/zram0
	swapon /dev/zram0
	# Linux 7 has no choice of what keeps the pages.
	if [ -e $zswap/zpool ]; then
		echo zsmalloc >$zswap/zpool
	fi
	echo deflate >$zswap/compressor
	echo 50 >$zswap/max_pool_percent
	echo 1 >$zswap/enabled

	# Less memory than will be asked for, for what runs in this group.  Linux 7 keeps
	# what cannot be compressed in zswap, too, and on the group's account.
	limit=32
	swap_mib=80
	if [ ! -e $zswap/zpool ]; then
		limit=64
		swap_mib=160
	fi
	mkdir -p /run/cgroup
	mount -t cgroup2 none /run/cgroup
	echo +memory >/run/cgroup/cgroup.subtree_control
	mkdir /run/cgroup/small
	echo $((limit << 20)) >/run/cgroup/small/memory.max
}

nobody_uses_the_driver() {
	# shellcheck disable=SC2154
	[ "$(<"/sys/module/$zip_name/refcnt")" -eq 0 ]
}

# The driver can only be unloaded when nobody has a transform any more.
zswap_off() {
	rmdir /run/cgroup/small
	umount /run/cgroup
	swapoff /dev/zram0
	echo 0 >$zswap/enabled
	echo lzo >$zswap/compressor
	if [ -e $zswap/zpool ]; then
		echo zbud >$zswap/zpool
	fi
	until_true nobody_uses_the_driver
	rmmod zram
	# Linux 7 has it built in.
	if [ -e /sys/module/zsmalloc/refcnt ]; then
		rmmod zsmalloc
	fi
}

# swapped in|out: how many pages went through zswap so far
swapped() {
	sed -n "s/^zswp$1 //p" /proc/vmstat
}

# swapper_in_small ROUNDS N: it, in that group
swapper_in_small() {
	(
		echo "$BASHPID" >/run/cgroup/small/cgroup.procs
		exec swapper "$swap_mib" "$@"
	)
}
