#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What the kernel's requests cost with Linux's own driver of the ZIP engine and with that
# of kmod/hisi, in one machine by turns: for people to look at, nothing is asserted but
# that the results are right.  Times are those of an emulator beside a model in software:
# only the two drivers can be compared.  What does not depend on the machine are accesses
# to registers, and interrupts.
#
# WD_VM_LONG: five rounds instead of one.

bats_require_minimum_version 1.5.0
load zip

setup_file() {
	note_complaints
	load_software
}

# Tests load drivers, and unload them.
teardown_file() {
	:
}

# cpu_ticks: what the kernel had of all processors: system, irq, softirq
cpu_ticks() {
	local -a cpu

	read -ra cpu </proc/stat
	echo $((cpu[3] + cpu[6] + cpu[7]))
}

# accesses: what the model saw so far: register reads, writes, its interrupts
accesses() {
	local answer name

	answer=" $(sim_cmd stats) "
	for name in reads writes irqs; do
		sed -n "s/.* $name=\([0-9]*\) .*/\1/p" <<<"$answer"
	done
}

# one ROUND OUTSTANDING BYTES PIECES: a line of the table
one() {
	local ticks before after took requests

	mapfile -t before < <(accesses)
	ticks=$(cpu_ticks)
	client "alg=$zip_alg" "outstanding=$2" "bytes=$3" "requests=$4" entries=1 \
		incompressible=0 compare=N
	ticks=$(($(cpu_ticks) - ticks))
	mapfile -t after < <(accesses)
	took=$(dmesg | sed -n 's/.*acomp_client: \([0-9]*\) us for client 0$/\1/p' | tail -n 1)
	requests=$((2 * $4))
	awk -v driver="$zip_name" -v round="$1" -v outstanding="$2" -v bytes="$3" -v n="$requests" \
		-v us="$took" -v ticks="$ticks" -v hz="$(getconf CLK_TCK)" \
		-v reads=$((after[0] - before[0])) -v writes=$((after[1] - before[1])) \
		-v irqs=$((after[2] - before[2])) 'BEGIN {
			printf "%-12s %5d %11d %6d %10.0f %10.0f %7.2f %8.2f %6.2f\n", driver,
				round, outstanding, bytes, n * 1e6 / us, ticks * 1e6 / hz / n,
				reads / n, writes / n, irqs / n
		}' >&3
}

@test "requests a second and their cost, Linux's own driver and that of kmod/hisi by turns" {
	local round driver outstanding rounds=${WD_VM_LONG:+5}

	printf '%-12s %5s %11s %6s %10s %10s %7s %8s %6s\n' driver round outstanding bytes \
		requests/s 'us system' reads writes irqs >&3
	for ((round = 1; round <= ${rounds:-1}; round++)); do
		for driver in linux wd; do
			choose_driver "$driver"
			load_driver
			is_bound
			selftest passed
			for outstanding in 1 8 64; do
				one "$round" "$outstanding" 4096 $((outstanding == 1 ? 1000 : 3000))
				one "$round" "$outstanding" 32768 $((outstanding == 1 ? 500 : 1000))
			done
			at_rest
			no_violations
			unload_driver
		done
	done
}
