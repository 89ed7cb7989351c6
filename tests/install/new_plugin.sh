#!/bin/sh
# Usage: new_plugin.sh PREFIX KIND FOLDER. Generates a plugin of a kind, builds it against the SDK in PREFIX
# and runs its own tests: the conformance checks, and a pipeline that uses it.
set -eu
prefix=$1 kind=$2 folder=$3
rm -rf "$folder"
"$prefix/bin/host" new-plugin --kind "$kind" --name "my_$kind" "$folder" >/dev/null
cmake -S "$folder" -B "$folder/build" -DCMAKE_PREFIX_PATH="$prefix" >/dev/null
cmake --build "$folder/build"
ctest --test-dir "$folder/build" --output-on-failure
