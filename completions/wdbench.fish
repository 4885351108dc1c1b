# SPDX-License-Identifier: MIT
#
# Completion of wdbench for fish.

function __fish_wdbench_engines
    wdbench --list-engines 2>/dev/null | string replace -rf '^(\S+)\s+(.*)' '$1\t$2'
end

complete -c wdbench -s m -l mode -x -a 'session closed open' -d 'What kind of load'
complete -c wdbench -l op -x -a 'compress decompress both' -d Direction
complete -c wdbench -s d -l decompress -d Decompress
complete -c wdbench -s e -l engine -x -a '(__fish_wdbench_engines)' -d Engines
complete -c wdbench -s l -l level -x -a '1 6 9 1-9 1-12' -d Levels
complete -c wdbench -s p -l threads -x -d 'Threads behind each session or queue'
complete -c wdbench -s b -l block-size -x -a '4K 64K 1M 4K-1M' -d 'Bytes of a request, or of a chunk'
complete -c wdbench -l queues -x -d 'Clients with a queue of their own'
complete -c wdbench -l depth -x -a '1 16 1-64' -d 'Requests in flight on each queue'
complete -c wdbench -l rate -x -d 'Requests a second, for the open loop'
complete -c wdbench -l wait -x -a 'sync poll event' -d 'How to wait for requests'
complete -c wdbench -l memory -x -a 'touched cold' -d 'Kind of output memory'
complete -c wdbench -l format -x -a 'gzip zlib deflate' -d 'Format of the compressed data'
complete -c wdbench -l compare -x -d 'Two engines in turns'
complete -c wdbench -l external -x -d 'A command that reads the input'
complete -c wdbench -l what-if -x -a 'zip=2,numa=2,cores=64' -d 'A forecast for another machine'
complete -c wdbench -l list-engines -d 'List the engines of this machine'
complete -c wdbench -s n -l rounds -x -d 'Rounds of each'
complete -c wdbench -s t -l time -x -d 'A round takes so long at least'
complete -c wdbench -l warm-up -x -d 'Before the first round'
complete -c wdbench -l budget -x -d 'For everything'
complete -c wdbench -l interleave -d 'Take the rounds of all in turns'
complete -c wdbench -s s -l size -x -a '1M 16M 256M' -d 'Bytes to generate'
complete -c wdbench -l ratio -x -d 'How far gzip compresses what is generated'
complete -c wdbench -l seed -x -d 'Another seed, other data'
complete -c wdbench -l limit -x -d 'Take no more of each file'
complete -c wdbench -l json -d 'Write JSON'
complete -c wdbench -l json= -r -F -d 'Write JSON to a file'
complete -c wdbench -l csv -d 'Write comma-separated values'
complete -c wdbench -l csv= -r -F -d 'Write comma-separated values to a file'
complete -c wdbench -l plot -r -F -d 'Draw a picture'
complete -c wdbench -l histogram -d 'Print histograms of latencies'
complete -c wdbench -l fail-below -x -d 'Status 3 if a speed is below'
complete -c wdbench -s q -l quiet -d 'No table, no remarks'
complete -c wdbench -s h -l help -d 'Show the options'
complete -c wdbench -s V -l version -d 'Show the version'
