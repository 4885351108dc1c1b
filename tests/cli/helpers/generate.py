# SPDX-License-Identifier: MIT
"""generate.py KIND SIZE [SEED]: write generated data to standard output."""

import sys

import wdtest

kind, size = sys.argv[1], sys.argv[2]
seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
unit = {"K": 10, "M": 20}.get(size[-1])
size = int(size[:-1]) << unit if unit else int(size)
sys.stdout.buffer.write(wdtest.KINDS[kind](size, seed))
