#!/bin/sh
# clang-tidy over the project's own sources, or over those named: `.ci/tidy.sh host/cli/main.cpp`. Takes 20 to
# 30 s of a core per file, so it is not part of .ci/run.
set -eu
cd "$(dirname "$0")/.."
.ci/setup.sh clang-tidy
cmake --preset release -B build/tidy -DCMAKE_EXPORT_COMPILE_COMMANDS=ON -DKINDRED_BUILD_TESTS=OFF \
  -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON -DCMAKE_UNITY_BUILD=OFF -DCMAKE_DISABLE_FIND_PACKAGE_OpenMP=ON >/dev/null
[ $# -gt 0 ] || set -- $(git ls-files 'host/*.cpp' 'sdk/src/*.cpp' 'plugins/*.cpp')
printf '%s\n' "$@" | xargs -P 2 -n 4 clang-tidy -p build/tidy --quiet
