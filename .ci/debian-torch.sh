#!/bin/sh
# Compiles everything but the tests with Debian's LibTorch and trains a small pipeline with it.
set -eu
cd "$(dirname "$0")/.."
KINDRED_TORCH=debian .ci/setup.sh
# Not optimised: it is there to show that everything compiles and runs, in as little time as that takes.
cmake --preset debian-torch -DKINDRED_BUILD_TESTS=OFF -DKINDRED_WERROR=ON -DKINDRED_UNIT_SIZE=48 -DCMAKE_CXX_FLAGS_RELEASE="-O0 -DNDEBUG"
cmake --build build/debian-torch --parallel 2
host=build/debian-torch/bin/host
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
$host doctor
$host run datasets/toy_cars/pipeline.json --quiet --output "$folder/run" --set data.dataset.classes=40 --set train.epochs=3
$host evaluate datasets/toy_cars/pipeline.json --quiet --set data.dataset.classes=40 --model "$folder/run/model"
