#!/bin/sh
# Usage: new_plugin.sh PREFIX KIND FOLDER. Generates a plugin of a kind, builds it against the SDK in PREFIX
# and runs its own tests: the conformance checks, and a pipeline that uses it.
set -eu
prefix=$1 kind=$2 folder=$3
rm -rf "$folder"
"$prefix/bin/host" new-plugin --kind "$kind" --name "my_$kind" "$folder" >/dev/null
# One of them is built as its author would; optimising the others shows nothing more and takes half of their time.
flags="-O0 -DNDEBUG"
[ "$kind" = loss ] && flags="-O3 -DNDEBUG"
cmake -S "$folder" -B "$folder/build" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_CXX_FLAGS_RELEASE="$flags" >/dev/null
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

# Either macro left out is told in a sentence when the plugin is built.
cmake -S "$folder" -B "$folder/build" -DCMAKE_CXX_FLAGS_RELEASE="-O0 -DNDEBUG" >/dev/null
source="$folder/my_loss.cpp"
cp "$source" "$source.whole"
is_told() {  # $1: what is missing, $2: the sentence
  if cmake --build "$folder/build" >"$folder/build/macro.log" 2>&1 || ! tr -s '\n ' ' ' <"$folder/build/macro.log" | grep -q "$2"; then
    echo "a plugin without $1 is not told of it; $folder/build/macro.log" >&2
    exit 1
  fi
}
grep -v '^KINDRED_PLUGIN(' "$source.whole" >"$source"
is_told KINDRED_PLUGIN "so none of its sources has KINDRED_PLUGIN"
grep -E '^KINDRED_PLUGIN\(|kindred/plugin.hpp' "$source.whole" >"$source"
is_told KINDRED_COMPONENT "offers no component; write KINDRED_COMPONENT"
mv "$source.whole" "$source"
