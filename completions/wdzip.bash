# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# Completion of wdzip, wdunzip and wdzcat for bash.
#
# Needs nothing but bash: the words are taken as readline cut them, with "=" a
# word of its own.

# _wdzip_decompresses WORD...: whether the command line asks for decompression
_wdzip_decompresses()
{
	local word

	case ${1##*/} in
	wdunzip | wdzcat)
		return 0
		;;
	esac
	for word in "${@:2}"; do
		case $word in
		--)
			return 1
			;;
		--decompress | --uncompress | --list | --test)
			return 0
			;;
		--*)
			;;
		-*)
			# Behind these letters comes an argument.
			word=${word%%[bopS]*}
			if [[ $word == *[dlt]* ]]; then
				return 0
			fi
			;;
		esac
	done
	return 1
}

# _wdzip_words WORD...: those that begin like the one at the cursor
_wdzip_words()
{
	mapfile -t COMPREPLY < <(compgen -W "$*" -- "$cur")
}

# _wdzip_files [SUFFIX]: directories and, if compressed ones are wanted, files
# that look so; all files where none does
_wdzip_files()
{
	local path found=
	local -a matches

	compopt -o filenames 2>/dev/null
	mapfile -t matches < <(compgen -f -- "$cur")
	if [ $# -eq 0 ]; then
		COMPREPLY=("${matches[@]}")
		return
	fi
	COMPREPLY=()
	for path in "${matches[@]}"; do
		if [ -d "${path/#\~/$HOME}" ]; then
			COMPREPLY+=("$path")
			continue
		fi
		case ${path,,} in
		*.gz | *.tgz | *.taz | *.z | *.zz | *-gz | *-z | *_z | *"${1,,}")
			COMPREPLY+=("$path")
			found=1
			;;
		esac
	done
	if [ -z "$found" ]; then
		COMPREPLY=("${matches[@]}")
	fi
}

# _wdzip_suffix WORD...: the suffix given with -S, or that of the format
_wdzip_suffix()
{
	local suffix=.gz
	local i

	for ((i = 1; i <= $#; i++)); do
		case ${!i} in
		deflate)
			suffix=.deflate
			;;
		--suffix | -S)
			i=$((i + 1))
			[[ ${!i-} != '=' ]] || i=$((i + 1))
			suffix=${!i-}
			;;
		esac
	done
	echo "${suffix:-.gz}"
}

_wdzip_argument()
{
	case $1 in
	--level)
		_wdzip_words 1 2 3 4 5 6 7 8 9 10 11 12
		;;
	--chunk-size | -b)
		_wdzip_words 32K 64K 128K 256K 512K 1M 2M 4M 8M 16M
		;;
	--format)
		_wdzip_words gzip zlib deflate
		;;
	--members)
		_wdzip_words qz mz bgzf
		;;
	--engine)
		# Without a device some words are refused.
		_wdzip_words auto sw "$("$2" --list-devices 2>/dev/null |
			awk 'NR > 1 && /^[^ ]/ { print $1 }
				NR > 1 && / ready / && $2 != "soft" { any = 1; hw += $2 != "dummy" }
				END { if (any) print "hybrid"; if (hw) print "hw" }')"
		;;
	--stats | --doctor)
		_wdzip_words json
		;;
	--top)
		_wdzip_words json openmetrics
		;;
	--output | -o)
		_wdzip_files
		;;
	--processes | -p)
		_wdzip_words "$(seq "$(getconf _NPROCESSORS_ONLN)")"
		;;
	--suffix | -S)
		COMPREPLY=()
		;;
	*)
		return 1
		;;
	esac
}

_wdzip_options()
{
	case $cur in
	--*)
		_wdzip_words --stdout --decompress --force --help --keep \
			--list --license --no-name --name --no-time --time \
			--quiet --recursive --rsyncable --suffix= \
			--synchronous --test --verbose --version --fast --best \
			--output= --level= --processes= --chunk-size= \
			--independent --zlib --format= --members= --engine= \
			--verify --no-verify --stats --stats= --progress --no-progress \
			--explain --list-devices --doctor --doctor= --top --top=
		;;
	*)
		_wdzip_words -c -d -f -h -k -l -L -n -N -m -M -q -r -S -t -v \
			-V -1 -2 -3 -4 -5 -6 -7 -8 -9 -o -p -b -i -z --
		;;
	esac
	if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]]; then
		compopt -o nospace 2>/dev/null
	fi
}

_wdzip()
{
	local cur=${COMP_WORDS[COMP_CWORD]}
	local prev=${COMP_WORDS[COMP_CWORD - 1]}
	local -a before=("${COMP_WORDS[@]:0:COMP_CWORD}")
	local word options=1

	COMPREPLY=()
	# "--level=6" is three words: --level, =, 6.
	if [[ $cur == '=' && $prev == --* ]]; then
		cur=
		_wdzip_argument "$prev" "$1"
		return
	fi
	if [[ $prev == '=' && $COMP_CWORD -gt 2 ]]; then
		_wdzip_argument "${COMP_WORDS[COMP_CWORD - 2]}" "$1"
		return
	fi
	for word in "${before[@]}"; do
		if [[ $word == -- ]]; then
			options=
		fi
	done
	case ${options:+$prev} in
	--stats | --doctor | --top)
		# Their argument must be attached.
		;;
	--*)
		_wdzip_argument "$prev" "$1" && return
		;;
	-*[bopS])
		_wdzip_argument "-${prev: -1}" "$1" && return
		;;
	esac
	if [[ $options && $cur == -* ]]; then
		_wdzip_options
	elif _wdzip_decompresses "$1" "${before[@]:1}"; then
		_wdzip_files "$(_wdzip_suffix "${before[@]}")"
	else
		_wdzip_files
	fi
} &&
	complete -F _wdzip wdzip wdunzip wdzcat
