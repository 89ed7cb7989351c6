#!/bin/sh
# Usage: tutorials.sh HOST PROJECT_SOURCE_DIR WORK_DIR. The source that a tutorial in docs/sdk shows is byte for byte the
# one that `host new-plugin` writes. (new_plugin.sh builds and runs what is written.)
set -eu
host=$1 project=$2 work=$3
failed=0
mkdir -p "$work"
for templates in "$project"/sdk/templates/*/; do
  kind=$(basename "$templates")
  if [ "$kind" = common ]; then continue; fi
  tutorial="$project/docs/sdk/$kind.md" written="$work/my_$kind/my_$kind.cpp" shown="$work/$kind.shown.cpp"
  if [ ! -f "$tutorial" ]; then
    echo "the kind $kind has no tutorial: $tutorial is missing" >&2
    failed=1
    continue
  fi
  rm -rf "$work/my_$kind"
  "$host" new-plugin --kind "$kind" --name "my_$kind" "$work/my_$kind" >/dev/null
  if ! awk '/^```cpp$/ { blocks++; inside = 1; next }
            /^```/     { inside = 0 }
            inside && blocks == 1
            END        { exit blocks != 1 }' "$tutorial" >"$shown"; then
    echo "$tutorial does not have exactly one block of cpp" >&2
    failed=1
  elif ! cmp -s "$shown" "$written"; then
    echo "$tutorial does not show what \`host new-plugin --kind $kind --name my_$kind\` writes:" >&2
    diff -u "$shown" "$written" >&2 || true
    failed=1
  fi
done
exit $failed
