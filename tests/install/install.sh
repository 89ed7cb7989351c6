#!/bin/sh
# Usage: install.sh BUILD PREFIX. Installs to one folder and moves that to PREFIX, which must work all the same.
set -eu
build=$1 prefix=$2
rm -rf "$prefix" "$prefix.before"
cmake --install "$build" --prefix "$prefix.before" >/dev/null
mv "$prefix.before" "$prefix"
"$prefix/bin/host" list --kind loss | grep -q kindred.triplet
"$prefix/bin/kindred-check" --help >/dev/null
PKG_CONFIG_PATH="$prefix/lib/pkgconfig" pkg-config --cflags --libs kindred | grep -q -- "-lkindred_sdk"
if grep -rIl "$build" "$prefix/lib/cmake" "$prefix/lib/pkgconfig"; then
  echo "these files name the build folder" >&2
  exit 1
fi
