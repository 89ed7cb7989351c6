#!/bin/sh
# Installs what Kindred needs on Debian 12, and the packages named as arguments: idempotent, and quiet when
# all is there.
#   KINDRED_TORCH=auto    (default) a LibTorch that is there already; else pip's; else Debian's
#   KINDRED_TORCH=debian  Debian's libtorch-dev
#   KINDRED_TORCH_INDEX=URL  the pip index to take it from, for example https://download.pytorch.org/whl/cu126
#                            for a CUDA build; without it the CPU build is taken
set -eu
cd "$(dirname "$0")/.."
torch_version=2.13.0

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

get_packages() { as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null; }

install_packages() {
  missing=""
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q "install ok installed" || missing="$missing $package"
  done
  [ -z "$missing" ] && return 0
  echo "installing$missing" >&2
  # The lists of packages that are there may do; they are brought up to date where they do not.
  get_packages $missing 2>/dev/null || { as_root apt-get update -qq && get_packages $missing; }
}

torch_of() { "$1" -c 'import importlib.util as u,os,sys
s=u.find_spec("torch")
sys.exit(0 if s and os.path.exists(os.path.join(os.path.dirname(s.origin),"share/cmake/Torch/TorchConfig.cmake")) else 1)' 2>/dev/null; }

install_packages ca-certificates g++ cmake ninja-build pkg-config libboost-dev libboost-program-options-dev \
  nlohmann-json3-dev libspdlog-dev libpng-dev libjpeg-dev libgif-dev libxxhash-dev libopencv-core-dev libopencv-imgproc-dev \
  libopencv-imgcodecs-dev libmatio-dev libutf8proc-dev libfasttext-dev libfaiss-dev libopenblas0-openmp libsqlite3-dev \
  libcurl4-openssl-dev libssl-dev libhnswlib-dev libpq-dev libgloo-dev \
  libgtest-dev libgmock-dev "$@"

if [ "${KINDRED_TORCH:-auto}" = debian ]; then
  install_packages libtorch-dev libopenblas0-pthread
  exit 0
fi
[ -n "${Torch_DIR:-}${CMAKE_PREFIX_PATH:-}" ] && exit 0
[ -x .venv/bin/python3 ] && torch_of .venv/bin/python3 && exit 0
command -v python3 >/dev/null && torch_of python3 && exit 0
install_packages python3-venv python3-pip
echo "installing LibTorch $torch_version into .venv" >&2
# The wheel of PyPI itself needs gigabytes of CUDA libraries; of two builds pip prefers the one marked +cpu.
# Where only PyPI can be reached its CUDA build comes all the same and cannot be linked without CUDA.
has_cuda() { ls .venv/lib/python3*/site-packages/torch/lib/libtorch_cuda.so >/dev/null 2>&1; }
cpu_or_asked_for() { [ -n "${KINDRED_TORCH_INDEX:-}" ] || ! has_cuda; }
index="--extra-index-url https://download.pytorch.org/whl/cpu"
dependencies=--no-deps  # C++ needs the wheel's own files alone, unless its CUDA libraries are wheels too
[ -n "${KINDRED_TORCH_INDEX:-}" ] && index="--index-url $KINDRED_TORCH_INDEX" && dependencies=
# shellcheck disable=SC2086
if ! { python3 -m venv .venv && .venv/bin/pip install --quiet --disable-pip-version-check $dependencies \
  --retries 1 --timeout 30 $index "torch==$torch_version" && torch_of .venv/bin/python3 && cpu_or_asked_for; }; then
  rm -rf .venv
  echo "pip cannot install it; taking Debian's" >&2
  install_packages libtorch-dev libopenblas0-pthread
fi
