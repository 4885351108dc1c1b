# SPDX-License-Identifier: MIT
"""What wdzip --doctor=json found: a line "CODE SEVERITY DEVICE: ACTION" each.

usage: findings.py FILE
"""
import json
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    report = json.load(file)
for f in report["findings"]:
    print("%s %s %s: %s" % (f["code"], f["severity"], f["device"] or "-", f["action"]))
