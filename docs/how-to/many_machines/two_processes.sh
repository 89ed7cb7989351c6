#!/bin/sh
# Fills the cache of a pipeline with two processes of this machine, and looks whether all is there.
#   two_processes.sh parts.json
# HOST: the program, where it is not on the PATH.
set -eu
host=${HOST:-host}
pipeline=$1

"$host" cache fill "$pipeline" --shard 1/2 --quiet &
first=$!
"$host" cache fill "$pipeline" --shard 2/2 --quiet &
second=$!
failed=0
wait $first || failed=1
wait $second || failed=1
[ $failed = 0 ] || echo "a process failed; start this again, and it does what is missing" >&2

"$host" cache verify "$pipeline"
exit $failed
