#!/bin/sh
# Installs what is missing, builds everything with warnings as errors and runs all tests.
set -eu
cd "$(dirname "$0")/.."
.ci/setup.sh python3-jsonschema
cmake --preset release -DKINDRED_BUILD_TESTS=ON -DKINDRED_WERROR=ON
cmake --build build/release --parallel 2
ctest --test-dir build/release --output-on-failure --parallel 2 "$@"
