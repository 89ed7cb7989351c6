#!/bin/sh
# Usage: inference.sh PREFIX PROJECT_SOURCE_DIR WORK_DIR. Does what docs/tutorials/integrator.md says, with the Kindred installed in
# PREFIX: a program is built against the library, finds plugins and LibTorch by itself and names the most similar pictures. What
# the page shows is byte for byte what is run here. Then the library is looked at: nothing of training, measuring, pipelines or the
# command line may be in it, and it shows other programs its own interface alone.
set -eu
prefix=$1 project=$2 work=$3
steps="$project/docs/tutorials/integrator"
fail() { echo "$*" >&2; exit 1; }

# The page shows the files.
for one in sh:pictures.sh json:pipeline.json cpp:main.cpp cmake:CMakeLists.txt; do
  awk -v mark="\`\`\`${one%%:*}" '!done && $0 == mark { inside = 1; next } inside && /^```/ { exit } inside' "$steps.md" |
    diff -u - "$steps/${one#*:}" >&2 || fail "$steps.md does not show ${one#*:}"
done

rm -rf "$work"
mkdir -p "$work"
cd "$work"
cp "$steps"/* .
sh pictures.sh
"$prefix/bin/host" run pipeline.json --quiet --output run >/dev/null
cmake -S . -B build -DCMAKE_PREFIX_PATH="$prefix" >configure.log || { cat configure.log; exit 1; }
! grep -q LibTorch configure.log || fail "a program with a model has to find LibTorch's package"
cmake --build build

# From another folder and without a name for it: nothing may depend on where it is started.
cd build
./similar ../run ../photos/class_2/0.ppm ../photos/class_*/[1-5].ppm >similar.txt
cat similar.txt
[ "$(grep -c 'photos/class_2/' similar.txt)" = 3 ] || fail "the three most similar pictures are not of the query's class"
./similar ../run/model ../photos/class_2/0.ppm ../absent.ppm ../photos/class_2/1.ppm 2>said.txt | grep -q class_2/1.ppm
grep -q "left out: .*absent.ppm" said.txt || fail "a picture that is missing is not named"
if ./similar ../photos x.ppm 2>said.txt; then fail "a folder without a model was loaded"; fi
grep -q "error: .*model.json" said.txt || fail "the error does not name model.json"

# The same by what pkg-config says and nothing else.
flags() { PKG_CONFIG_PATH="$prefix/lib/pkgconfig" pkg-config "$1" kindred-inference; }
# shellcheck disable=SC2046
"${CXX:-c++}" $(flags --cflags) ../main.cpp $(flags --libs) -o by_pkg_config
./by_pkg_config ../run ../photos/class_2/0.ppm ../photos/class_*/[1-5].ppm | cmp - similar.txt

library=$(readlink -f "$prefix/lib/libkindred_inference.so")
nm -C --defined-only "$library" >inside.txt 2>/dev/null
[ "$(grep -c 'kindred::host::' inside.txt)" -gt 50 ] || fail "nm does not see what is in $library"
for absent in Trainer Optimizer TrainingData Trackers validate_pipeline read_document SectionReader evaluate measure IndexFolder \
    FeatureExtractor RowCache CommandLine TerminalContext program_options run_pipeline; do
  ! grep "kindred::host::.*$absent\|boost::$absent" inside.txt >&2 || fail "$library holds $absent"
done
shows_only() {  # LIBRARY CLASSES HEADER
  nm -DC --defined-only "$1" | sed 's/^[0-9a-f]* . //' | grep -v "^kindred::\($2\)::" |
    grep -v '^\(typeinfo\|typeinfo name\|vtable\) for kindred::Error$' >others.txt || true
  [ ! -s others.txt ] || { cat others.txt; fail "$1 shows other symbols than those of $3"; }
}
shows_only "$library" 'SimilarityModel\|Input' kindred/inference.hpp
# The library beside it, which knows no model; install.python links it.
search=$(readlink -f "$prefix/lib/libkindred_search.so")
shows_only "$search" SearchIndex kindred/search/search_index.hpp
nm -C --defined-only "$search" >inside.txt 2>/dev/null
! grep "kindred::host::.*InferenceModel" inside.txt >&2 || fail "$search holds a model"

readelf -d similar | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' >needed.txt
grep -q '^libkindred_inference\.so\.' needed.txt || fail "the program does not link the library"
! grep -v '^lib\(kindred_inference\|stdc++\|gcc_s\|m\|c\)\.so' needed.txt | grep -v '^ld-linux' >&2 || fail "the program links more than the library"
ldd "$library" >linked.txt
! grep 'not found\|boost_program_options\|spdlog\|opencv\|png' linked.txt >&2 || fail "$library needs what it should not, or what is not found"
grep -q libtorch linked.txt
