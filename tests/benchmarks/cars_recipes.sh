#!/bin/sh
# The recipes of docs/results.md on stored EfficientNet-Lite0 embeddings of Stanford Cars.
#   CARS_EMBEDDINGS=/folder/with/efficientnet_lite0.npy [SEEDS="42 43 44"] tests/benchmarks/cars_recipes.sh [HOST]
# Prints one line per run: recipe, seed, R-Precision of base and tuned, epochs, median seconds per epoch,
# seconds of training and of fitting.
set -eu
cd "$(dirname "$0")/../.."
host=${1:-build/release/bin/host}
seeds=${SEEDS:-42 43 44}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

run() { # recipe seed options...
  recipe=$1 seed=$2
  shift 2
  "$host" run datasets/stanford_cars/vectors.json --quiet --json --output "$scratch/$recipe-$seed" --set seed="$seed" \
    --set output.directory="$scratch" "$@" >"$scratch/result.json"
  python3 - "$recipe" "$seed" "$scratch/result.json" <<'PY'
import json, sys
recipe, seed, path = sys.argv[1:]
r = json.load(open(path))
t, m = r["timings"], r["metrics"]
print(f"{recipe:28} seed {seed:>3}  base {m['base']['r_precision']:.4f}  tuned {m['tuned']['r_precision']:.4f}"
      f"  (pooled {r['metric_details']['base']['r_precision']['pooled']:.4f} -> {r['metric_details']['tuned']['r_precision']['pooled']:.4f})"
      f"  {t['epochs']:4} epochs, {t['epoch_seconds_median']:.3f} s each, {t['train_seconds']:.1f} s"
      + (f", fit {t['fit_seconds']:.2f} s" if 'fit_seconds' in t else ""))
PY
}

triplet='train.loss={"type":"triplet","mining":"hard","margin":0.5}'
shuffle='train.batch_sampler={"type":"shuffle","batch_size":2048}'
skip='model.head={"type":"skip_connection","dropout":0.1}'
adam='train.optimizer={"type":"adam","lr":0.003}'
for seed in $seeds; do
  run published $seed --set "$skip" --set "$triplet" --set "$shuffle" --set "$adam" --set train.epochs=1000 \
    --set 'train.early_stopping={"monitor":"validation.loss","patience":50}' --set data.split.validation=test
done
for seed in $seeds; do
  run published_honest $seed --set "$skip" --set "$triplet" --set "$shuffle" --set "$adam" --set train.epochs=1000 \
    --set 'train.early_stopping={"monitor":"validation.r_precision","patience":50}'
done
run whitening 42 --set 'model.head={"type":"whitening"}' --set train.epochs=0
supervised='train.loss={"type":"supervised_contrastive","temperature":0.1}'
for seed in $seeds; do
  run default $seed
  run supervised_contrastive $seed --set "$supervised"
done
