#!/bin/sh
# Usage: install.sh BUILD PREFIX. Installs to one folder and moves that to PREFIX, which must work all the same.
set -eu
build=$1 prefix=$2
rm -rf "$prefix" "$prefix.before"
cmake --install "$build" --prefix "$prefix.before" >/dev/null
mv "$prefix.before" "$prefix"
"$prefix/bin/host" list --kind loss | grep -q kindred.triplet
"$prefix/bin/kindred" list --kind loss | grep -q kindred.triplet
"$prefix/bin/kindred-check" --help >/dev/null
# A plugin built with what pkg-config says and nothing else. (find_package is what the other tests here use.)
consumer="$prefix.consumer"
mkdir -p "$consumer"
flags() { PKG_CONFIG_PATH="$prefix/lib/pkgconfig" pkg-config "$1" kindred; }
# shellcheck disable=SC2046
"${CXX:-c++}" -shared -fPIC $(flags --cflags) "$(dirname "$0")/tutorial_steps/acme.cpp" $(flags --libs) \
  -o "$consumer/acme.kindred.so"
"$prefix/bin/host" inspect "$consumer/acme.kindred.so" --load | grep -q "strength = 1.0"
if grep -rIl "$build" "$prefix/lib/cmake" "$prefix/lib/pkgconfig"; then
  echo "these files name the build folder" >&2
  exit 1
fi
