# SPDX-License-Identifier: MIT
"""openmetrics.py FILE: read the OpenMetrics text format, and take nothing for granted.

Each sample becomes a line on standard output: NAME LABEL=VALUE... NUMBER, labels in the
order of their names, values as Python writes them.  Anything that the format does not
allow is an error.  Only the types that are needed here are known.
"""

import re
import sys

NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
ENDINGS = {"gauge": "", "counter": "_total"}


def need(condition, *what):
    if not condition:
        sys.exit("not OpenMetrics: " + " ".join(map(str, what)))


def value_of(text, at):
    """The label value that begins at text[at], after its quotation mark; and its end."""
    value = ""
    while text[at:at + 1] != '"':
        need(at < len(text), "a label without end:", text)
        if text[at] == "\\":
            at += 1
            need(text[at:at + 1] in ("\\", '"', "n"), "an unknown escape:", text)
            value += "\n" if text[at] == "n" else text[at]
        else:
            value += text[at]
        at += 1
    return value, at + 1


def labels_of(text, at):
    """The labels in the braces that begin at text[at], and where these end."""
    labels = {}
    while True:
        name = LABEL.match(text, at + 1)
        need(name, "a label without name:", text)
        need(text[name.end():name.end() + 2] == '="', "no value of a label:", text)
        need(name.group() not in labels, "a label twice:", text)
        labels[name.group()], at = value_of(text, name.end() + 2)
        if text[at:at + 1] == "}":
            return labels, at + 1
        need(text[at:at + 1] == ",", "no comma between labels:", text)


class Family:
    def __init__(self, name):
        self.name, self.type, self.unit, self.help = name, None, None, None
        self.samples = {}

    def describe(self, what, text):
        need(not self.samples, what, "after a sample of", self.name)
        need(getattr(self, what) is None, what, "twice, of", self.name)
        setattr(self, what, text)
        if what == "type":
            need(text in ENDINGS, "type", text)
            need(not self.name.endswith(("_total", "_info", "_created")), self.name)
        if what == "unit":
            need(text and self.name.endswith("_" + text), "unit", text, "of", self.name)

    def add(self, line):
        need(self.type and self.help, "no type or help of", self.name)
        need(line.startswith(self.name + ENDINGS[self.type]), "out of place:", line)
        at = len(self.name + ENDINGS[self.type])
        labels = {}
        if line[at:at + 1] == "{":
            labels, at = labels_of(line, at)
        need(line[at:at + 1] == " ", "no blank before the number:", line)
        number = line[at + 1:]
        need(NUMBER.fullmatch(number), "no number:", line)
        need(self.type != "counter" or number[0] != "-", "below zero:", line)
        key = tuple(sorted(labels.items()))
        need(key not in self.samples, "twice:", line)
        self.samples[key] = number

    def show(self):
        for labels, number in self.samples.items():
            words = ["%s=%r" % pair for pair in labels]
            print(" ".join([self.name] + words + [number]))


with open(sys.argv[1], encoding="utf-8", newline="") as file:
    text = file.read()
need(text.endswith("# EOF\n"), "no end")
need("\r" not in text, "a carriage return")
lines = text.split("\n")[:-2]
families = {}
family = None
for line in lines:
    need(line and line == line.strip(), "an empty line, or blanks around it:", repr(line))
    need(line != "# EOF", "more than one end")
    if not line.startswith("#"):
        need(family, "a sample without a family:", line)
        family.add(line)
        continue
    words = line.split(" ", 3)
    need(len(words) == 4 and words[0] == "#", "a line that is no description:", line)
    need(words[1] in ("TYPE", "UNIT", "HELP"), words[1])
    need(NAME.fullmatch(words[2]), "name", words[2])
    if not family or words[2] != family.name:
        need(words[2] not in families, words[2], "in two places")
        need(not family or family.samples, "no samples of", family and family.name)
        family = families[words[2]] = Family(words[2])
    family.describe(words[1].lower(), words[3])
need(not family or family.samples, "no samples of the last one")
for family in families.values():
    family.show()
