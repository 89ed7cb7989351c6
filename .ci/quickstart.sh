#!/bin/sh
# Installs what is missing, builds what the toy pipeline needs, trains it and shows what it found.
set -eu
cd "$(dirname "$0")/.."
.ci/setup.sh
cmake --preset release -DKINDRED_BUILD_TESTS=OFF >/dev/null
cmake --build build/release --parallel 2 --target kindred_quickstart
build/release/bin/host run datasets/toy_cars/pipeline.json "$@"
echo "the other plugins, for texts, records and Stanford Cars: cmake --build build/release --parallel 2" >&2
