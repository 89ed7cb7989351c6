#!/bin/sh
# Installs what is missing, builds everything and runs all tests. KINDRED_WERROR=ON makes warnings errors.
set -eu
cd "$(dirname "$0")/.."
.ci/setup.sh python3-jsonschema
cmake --preset release -DKINDRED_BUILD_TESTS=ON -DKINDRED_WERROR="${KINDRED_WERROR:-OFF}"
cmake --build build/release --parallel 2
ctest --test-dir build/release --output-on-failure --parallel 2 "$@"
