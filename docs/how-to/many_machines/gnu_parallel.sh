#!/bin/sh
# Fills the cache of a pipeline with GNU parallel: eight shares, as many at once as JOBS says. One that fails is tried again.
#   gnu_parallel.sh parts.json
#   gnu_parallel.sh parts.json --sshloginfile machines.txt --workdir .
# The second starts them on other machines, which see this folder under the same path.
# HOST: the program, where it is not on the PATH. SHARDS: into how many shares the work is divided.
set -eu
pipeline=$1
shift
shards=${SHARDS:-8}
seq "$shards" | parallel --jobs "${JOBS:-2}" --retries 3 "$@" \
  "${HOST:-host}" cache fill "$pipeline" --shard "{}/$shards" --quiet
