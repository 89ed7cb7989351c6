#!/bin/sh
# without_opencv.sh SOURCE BUILD TORCH_DIR: configures without OpenCV, FAISS, OpenVINO and pkg-config; what needs them is left out, which is said,
# and nothing else is.
set -eu
source=$1 build=$2 torch=$3
rm -rf "$build"
cmake -S "$source" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DKINDRED_BUILD_TESTS=ON -DTorch_DIR="$torch" \
  -DCMAKE_DISABLE_FIND_PACKAGE_OpenCV=ON -DKINDRED_OPENCV_INCLUDE= -DCMAKE_DISABLE_FIND_PACKAGE_PkgConfig=ON \
  -DCMAKE_DISABLE_FIND_PACKAGE_faiss=ON -DCMAKE_DISABLE_FIND_PACKAGE_OpenVINO=ON >"$build.log" 2>&1 ||
  { cat "$build.log"; exit 1; }
grep -q 'OpenCV was not found; the plugins `vision` and `stanford_cars` are skipped' "$build.log"
grep -q 'utf8proc was not found; the plugin `text` is skipped' "$build.log"
grep -q 'fastText was not found; the plugin `fasttext` is skipped' "$build.log"
grep -q 'the plugin `faiss` is skipped' "$build.log"
grep -q 'the plugin `openvino` is skipped' "$build.log"
plugins=$(ninja -C "$build" -t targets all | sed -n 's,^lib/kindred/plugins/\([a-z_]*\).kindred.so:.*,\1,p' | sort -u | tr '\n' ' ')
[ "$plugins" = "core encoders index records transforms vit " ] || { echo "these plugins are left: $plugins"; exit 1; }
