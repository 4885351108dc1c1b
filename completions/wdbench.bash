# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# Completion of wdbench for bash.
#
# Needs nothing but bash: the words are taken as readline cut them, with "=" a
# word of its own.

# _wdbench_words WORD...: those that begin like the one at the cursor
_wdbench_words()
{
	mapfile -t COMPREPLY < <(compgen -W "$*" -- "$cur")
}

_wdbench_files()
{
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen -f -- "$cur")
}

# _wdbench_argument OPTION PROGRAM: what can follow the option
_wdbench_argument()
{
	case $1 in
	--mode | -m)
		_wdbench_words session closed open
		;;
	--op)
		_wdbench_words compress decompress both
		;;
	--engine | -e)
		_wdbench_words "$("$2" --list-engines 2>/dev/null |
			awk '{ print $1 }')"
		;;
	--level | -l)
		_wdbench_words 1 6 9 1-9 1-12
		;;
	--threads | -p | --queues)
		_wdbench_words 1 2 4 1-8
		;;
	--block-size | -b)
		_wdbench_words 4K 64K 1M 4K-1M
		;;
	--depth)
		_wdbench_words 1 16 1-64
		;;
	--rate)
		_wdbench_words 1000 10000
		;;
	--wait)
		_wdbench_words sync poll event
		;;
	--memory)
		_wdbench_words touched cold
		;;
	--what-if)
		_wdbench_words zip=2,numa=2,cores=64
		;;
	--format)
		_wdbench_words gzip zlib deflate
		;;
	--json | --csv | --plot)
		_wdbench_files
		;;
	--compare | --external | --rounds | -n | --time | -t | --warm-up | --budget | \
		--size | -s | --ratio | --seed | --limit | --fail-below)
		COMPREPLY=()
		;;
	*)
		return 1
		;;
	esac
}

_wdbench_options()
{
	case $cur in
	--*)
		_wdbench_words --mode= --op= --decompress --engine= --level= \
			--threads= --block-size= --queues= --depth= --rate= \
			--wait= --memory= --format= --compare= --external= \
			--what-if= --list-engines --rounds= --time= --warm-up= --budget= \
			--interleave --size= --ratio= --seed= --limit= --json \
			--json= --csv --csv= --plot= --histogram --fail-below= \
			--quiet --help --version
		;;
	*)
		_wdbench_words -m -d -e -l -p -b -n -t -s -q -h -V --
		;;
	esac
	if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]]; then
		compopt -o nospace 2>/dev/null
	fi
}

_wdbench()
{
	local cur=${COMP_WORDS[COMP_CWORD]}
	local prev=${COMP_WORDS[COMP_CWORD - 1]}

	COMPREPLY=()
	# "--level=6" is three words: --level, =, 6.
	if [[ $cur == '=' && $prev == --* ]]; then
		cur=
		_wdbench_argument "$prev" "$1"
		return
	fi
	if [[ $prev == '=' && $COMP_CWORD -gt 2 ]]; then
		_wdbench_argument "${COMP_WORDS[COMP_CWORD - 2]}" "$1"
		return
	fi
	case $prev in
	--json | --csv)
		# Their argument must be attached.
		;;
	-*)
		_wdbench_argument "$prev" "$1" && return
		;;
	esac
	if [[ $cur == -* ]]; then
		_wdbench_options
	else
		_wdbench_files
	fi
} &&
	complete -F _wdbench wdbench
