#!/bin/sh
# Usage: new_plugin.sh PREFIX KIND FOLDER. Generates a plugin of a kind, builds it against the SDK in PREFIX
# and runs its own tests: the conformance checks, and a pipeline that uses it.
set -eu
prefix=$1 kind=$2 folder=$3
rm -rf "$folder"
"$prefix/bin/host" new-plugin --kind "$kind" --name "my_$kind" "$folder" >/dev/null
cmake -S "$folder" -B "$folder/build" -DCMAKE_PREFIX_PATH="$prefix" >/dev/null
start=$(date +%s%N)
cmake --build "$folder/build"
echo "built in $((($(date +%s%N) - start) / 1000000)) ms"
ctest --test-dir "$folder/build" --output-on-failure

# A kind that is announced and not offered is an error of the build.
[ "$kind" = loss ] || exit 0
sed -i 's/KINDS loss/KINDS loss miner/' "$folder/CMakeLists.txt"
if cmake --build "$folder/build" >"$folder/build/kinds.log" 2>&1 || ! grep -q "names miner" "$folder/build/kinds.log"; then
  echo "KINDS may name what the plugin does not offer; $folder/build/kinds.log" >&2
  exit 1
fi
sed -i 's/KINDS loss miner/KINDS loss/' "$folder/CMakeLists.txt"
