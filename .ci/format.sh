#!/bin/sh
# Checks that the code is formatted as .clang-format says. With --fix, formats it.
set -eu
cd "$(dirname "$0")/.."
command -v clang-format >/dev/null || .ci/setup.sh clang-format
mode="--dry-run -Werror"
[ "${1:-}" = --fix ] && mode=-i
# shellcheck disable=SC2086
git ls-files -co --exclude-standard '*.cpp' '*.hpp' '*.h' | xargs clang-format $mode
