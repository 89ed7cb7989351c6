#!/bin/sh
# Installs what is missing, builds, trains the toy pipeline and shows what it found.
set -eu
cd "$(dirname "$0")/.."
.ci/setup.sh
cmake --preset release -DKINDRED_BUILD_TESTS=OFF >/dev/null
cmake --build build/release --parallel 2 --target host kindred_plugins
build/release/bin/host run datasets/toy_cars/pipeline.json "$@"
