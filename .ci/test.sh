#!/bin/sh
# Installs what is missing, builds everything and runs all tests. KINDRED_WERROR=ON makes warnings errors.
set -eu
cd "$(dirname "$0")/.."
.ci/setup.sh python3-jsonschema python3-hnswlib
# Arrow's libraries for Parquet files, and OpenVINO's for ONNX files; C++ needs the wheels' own files alone. What cannot be had
# is left out.
python=.venv/bin/python3
for package in pyarrow==26.0.1 openvino==2026.4.1; do
  if [ -x $python ] && ! $python -c "import sys, importlib.util as u; sys.exit(u.find_spec('${package%%=*}') is None)"; then
    $python -m pip install --quiet --disable-pip-version-check --no-deps --retries 1 --timeout 30 $package >/dev/null 2>&1 ||
      echo "pip cannot install $package; building without what needs it" >&2
  fi
done
cmake --preset release -DKINDRED_BUILD_TESTS=ON -DKINDRED_WERROR="${KINDRED_WERROR:-OFF}" -DKINDRED_UNIT_SIZE="${KINDRED_UNIT_SIZE:-}"
cmake --build build/release --parallel 2
# Three at a time on two processors: a fifth of their time tests wait for what they started.
ctest --test-dir build/release --output-on-failure --parallel 3 "$@"
