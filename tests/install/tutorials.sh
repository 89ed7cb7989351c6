#!/bin/sh
# Usage: tutorials.sh PREFIX PROJECT_SOURCE_DIR WORK_DIR. Every block of C++ that docs/sdk, docs/plugins.md,
# docs/tutorials/plugin_author.md and kindred/conformance.hpp show is compiled and checked. The first block of a tutorial is byte for byte the source that
# `host new-plugin` writes, which new_plugin.sh builds and runs; the others are parts of tutorial_steps, which is built
# here.
set -eu
prefix=$1 project=$2 work=$3
steps=$(dirname "$0")/tutorial_steps
failed=0
mkdir -p "$work"

# Block number $2 of C++ in the document $1.
block() {
  awk -v wanted="$2" '/^```cpp$/ { blocks++; inside = 1; next }
                      /^```/     { inside = 0 }
                      inside && blocks == wanted' "$1"
}

# Part number $2 of the source $1 between "shown in" and "end", its first line moved to the margin.
part() {
  awk -v wanted="$2" '/^ *\/\/ shown in / { parts++; inside = 1; margin = 0; next }
                      /^ *\/\/ end$/      { inside = 0 }
                      inside && parts == wanted {
                        if (!margin) { match($0, /^ */); margin = RLENGTH + 1 }
                        print substr($0, margin)
                      }' "$1"
}

same() {
  cmp -s "$1" "$2" && return
  echo "$3:" >&2
  diff -u "$1" "$2" >&2 || true
  failed=1
}

for templates in "$project"/sdk/templates/*/; do
  kind=$(basename "$templates")
  if [ "$kind" = common ]; then continue; fi
  tutorial="$project/docs/sdk/$kind.md"
  [ "$kind" = index ] && tutorial="$project/docs/sdk/index_kind.md"  # index.md lists all kinds
  if [ ! -f "$tutorial" ]; then
    echo "the kind $kind has no tutorial: $tutorial is missing" >&2
    failed=1
    continue
  fi
  rm -rf "$work/my_$kind"
  "$prefix/bin/host" new-plugin --kind "$kind" --name "my_$kind" "$work/my_$kind" >/dev/null
  block "$tutorial" 1 >"$work/$kind.shown"
  same "$work/$kind.shown" "$work/my_$kind/my_$kind.cpp" \
    "$tutorial does not show what \`host new-plugin --kind $kind --name my_$kind\` writes"
  blocks=$(grep -c '^```cpp$' "$tutorial") parts=$(grep -c '// shown in ' "$steps/$kind.cpp")
  if [ "$blocks" -lt 2 ] || [ "$blocks" -ne $((parts + 1)) ]; then
    echo "$tutorial has $blocks blocks of cpp: one of the template, and one for each of $parts parts of $steps/$kind.cpp" >&2
    failed=1
  fi
  for number in $(seq 1 "$parts"); do
    block "$tutorial" $((number + 1)) >"$work/$kind.shown"
    part "$steps/$kind.cpp" "$number" >"$work/$kind.compiled"
    same "$work/$kind.shown" "$work/$kind.compiled" "$tutorial does not show part $number of $steps/$kind.cpp"
  done
  # A block without a language is compared with nothing.
  if awk '/^```/ { plain += !inside && $0 == "```"; inside = !inside } END { exit !plain }' "$tutorial"; then
    echo "$tutorial has a block that says no language" >&2
    failed=1
  fi
done

block "$project/docs/plugins.md" 1 >"$work/acme.shown"
same "$work/acme.shown" "$steps/acme.cpp" "docs/plugins.md does not show $steps/acme.cpp"
block "$project/docs/tutorials/plugin_author.md" 1 >"$work/soft_pairs.shown"
same "$work/soft_pairs.shown" "$steps/soft_pairs.cpp" "docs/tutorials/plugin_author.md does not show $steps/soft_pairs.cpp"

# A comment breaks lines where it likes.
sed -n '/^\/\/\/   int main/,/^\/\/\/   }/s/^\/\/\///p' "$project/sdk/include/kindred/conformance.hpp" | tr -d '[:space:]' >"$work/main.shown"
part "$steps/conformance.cpp" 1 | tr -d '[:space:]' >"$work/main.compiled"
same "$work/main.shown" "$work/main.compiled" "kindred/conformance.hpp does not show the program of $steps/conformance.cpp"

[ $failed = 0 ] || exit 1
rm -rf "$work/build"
# As one file: most of the time is spent on the headers of LibTorch. Optimising shows nothing more.
cmake -S "$steps" -B "$work/build" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=0 \
  -DCMAKE_CXX_FLAGS_RELEASE="-O0 -DNDEBUG" >/dev/null
cmake --build "$work/build"
ctest --test-dir "$work/build" --output-on-failure
