#!/bin/sh
# Installs what is missing, builds everything and runs all tests. KINDRED_WERROR=ON makes warnings errors.
set -eu
cd "$(dirname "$0")/.."
.ci/setup.sh python3-jsonschema
# Arrow's libraries, for Parquet files; C++ needs the wheel's own files alone. What cannot be had is left out.
python=.venv/bin/python3
if [ -x $python ] && ! $python -c 'import sys, importlib.util as u; sys.exit(u.find_spec("pyarrow") is None)'; then
  $python -m pip install --quiet --disable-pip-version-check --no-deps --retries 1 --timeout 30 pyarrow==26.0.1 >/dev/null 2>&1 ||
    echo "pip cannot install pyarrow; building without Parquet files" >&2
fi
cmake --preset release -DKINDRED_BUILD_TESTS=ON -DKINDRED_WERROR="${KINDRED_WERROR:-OFF}"
cmake --build build/release --parallel 2
ctest --test-dir build/release --output-on-failure --parallel 2 "$@"
