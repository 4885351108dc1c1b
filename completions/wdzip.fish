# SPDX-License-Identifier: MIT
#
# Completion of wdzip, wdunzip and wdzcat for fish.

# Whether the command line asks for decompression.
function __fish_wdzip_decompresses
    set -l words (commandline -opc)
    if contains -- (string replace -r '.*/' '' -- $words[1]) wdunzip wdzcat
        return 0
    end
    for word in $words[2..]
        switch $word
            case --
                return 1
            case --decompress --uncompress --list --test
                return 0
            case '--*'
            case '-*'
                # Behind these letters comes an argument.
                if string match -qr '^-[^bopS]*[dlt]' -- $word
                    return 0
                end
        end
    end
    return 1
end

# What a compressed file's name ends in, as a regular expression.
function __fish_wdzip_suffixes
    set -l words (commandline -opc)
    set -l suffixes .gz .tgz .taz .z .zz -gz -z _z
    for i in (seq (count $words))
        switch $words[$i]
            case -S --suffix
                set -a suffixes $words[(math $i + 1)]
            case '-S*' '--suffix=*'
                set -a suffixes (string replace -r -- '^(-S|--suffix=)' '' $words[$i])
        end
    end
    string join '|' (string escape --style=regex -- $suffixes)
end

# Directories and compressed files; all files if there are none of the latter.
function __fish_wdzip_compressed_files
    # A command of no name has nothing but files to complete.
    set -l files (complete -C "'' "(commandline -ct))
    set -l found (string match -ri -- '.*(?:'(__fish_wdzip_suffixes)')$' $files)
    if set -q found[1]
        string match -r -- '.*/$' $files
        printf '%s\n' $found
    else
        printf '%s\n' $files
    end
end

function __fish_wdzip_devices
    printf '%s\t%s\n' auto 'The best there is' hw 'Hardware devices only' \
        sw 'Threads on the CPUs' hybrid 'All devices and the CPUs'
    command -q wdzip; or return
    # The first line is a heading.
    wdzip --list-devices 2>/dev/null | tail -n +2 | string replace -rf '^(\S+).*' '$1'
end

for command in wdzip wdunzip wdzcat
    complete -c $command -n __fish_wdzip_decompresses -f -a '(__fish_wdzip_compressed_files)'

    complete -c $command -s c -l stdout -l to-stdout -d 'Write on standard output, keep the input files'
    complete -c $command -s d -l decompress -l uncompress -d Decompress
    complete -c $command -s f -l force -d 'Overwrite output files, compress what links point to'
    complete -c $command -s h -l help -d 'Show the options'
    complete -c $command -s k -l keep -d 'Keep the input files'
    complete -c $command -s l -l list -d 'List what compressed files contain'
    complete -c $command -s L -l license -d 'Show the licence'
    complete -c $command -s n -l no-name -d 'Do not save or restore the name and time stamp'
    complete -c $command -s N -l name -d 'Save or restore the name and time stamp'
    complete -c $command -s m -l no-time -d 'Do not save or restore the time stamp'
    complete -c $command -s M -l time -d 'Save or restore the time stamp'
    complete -c $command -s q -l quiet -l silent -d 'Suppress all warnings'
    complete -c $command -s r -l recursive -d 'Work on the files in directories'
    complete -c $command -l rsyncable -d 'Cut chunks where the content says so, for rsync'
    complete -c $command -s S -l suffix -x -d 'Use another suffix for compressed files'
    complete -c $command -l synchronous -d 'Bring the output to the disk before going on'
    complete -c $command -s t -l test -d 'Test whether compressed files are intact'
    complete -c $command -s v -l verbose -d 'Name each file and its ratio'
    complete -c $command -s V -l version -d 'Show the version'
    complete -c $command -s 1 -l fast -d 'Compress faster'
    for level in 2 3 4 5 6 7 8
        complete -c $command -s $level -d 'Level of compression'
    end
    complete -c $command -s 9 -l best -d 'Compress better'
    complete -c $command -l level -x -k -a '1\tFastest 2 3 4 5 6\tDefault 7 8 9 10 11 12\tSmallest' -d 'Level of compression'
    complete -c $command -s o -l output -r -F -d 'Write to a file, keep the input'
    complete -c $command -s p -l processes -x -a '(seq (getconf _NPROCESSORS_ONLN))' -d 'Number of threads'
    complete -c $command -s b -l chunk-size -x -k -a '32K 64K 128K 256K 512K 1M 2M 4M 8M 16M' -d 'Bytes that are compressed as a unit'
    complete -c $command -s i -l independent -d 'Let no chunk refer to the one before'
    complete -c $command -s z -l zlib -d 'Zlib format'
    complete -c $command -l format -x -a 'gzip\t.gz zlib\t.zz deflate\t"Raw data, .deflate"' -d 'Format of the compressed data'
    complete -c $command -l members -x -a 'qz\tQATzip mz\tMiGz bgzf\t"SAM tools"' -d 'Write members with a size field'
    complete -c $command -l engine -x -a '(__fish_wdzip_devices)' -d 'What does the work'
    complete -c $command -l verify -d 'Read the output back and compare before going on'
    complete -c $command -l no-verify -d 'Do not check on the CPU what a device compressed'
    complete -c $command -l stats -d 'Print what was done, by what, how fast'
    complete -c $command -n 'string match -q -- "--stats=*" (commandline -ct)' -f
    complete -c $command -l stats=json -d 'The same for programs'
    complete -c $command -l progress -d 'Show progress, even if not on a terminal'
    complete -c $command -l no-progress -d 'Show no progress'
    complete -c $command -l explain -d 'Say which engine is used, and why'
    complete -c $command -l list-devices -d 'List the devices of this machine'
    complete -c $command -l doctor -d 'Say whether accelerators work, and what to do if not'
    complete -c $command -n 'string match -q -- "--doctor=*" (commandline -ct)' -f
    complete -c $command -l doctor=json -d 'The same for programs'
    complete -c $command -l top -d 'Show what accelerators are doing'
    complete -c $command -n 'string match -q -- "--top=*" (commandline -ct)' -f
    complete -c $command -l top=json -d 'Once, a line for each device'
    complete -c $command -l top=openmetrics -d 'Once, for programs that collect numbers'
end
