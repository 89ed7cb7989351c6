#!/usr/bin/env python3
"""What embeddings of Stanford Cars lose when they are stored in fewer bytes: length x type of number -> bytes and R-Precision.

    CARS_EMBEDDINGS=/folder/with/efficientnet_lite0.npy tests/benchmarks/compact_codes.py [--host HOST]

Trains three heads on stored vectors (datasets/stanford_cars/vectors.json with a projection to 512 numbers): one as it is, one whose
loss is computed of the first 32, 64, 128, 256 and 512 numbers ("matryoshka"), and one that rounds to signs while training, too
("quantize"). Each is measured cut to these lengths, as float32, int8 and one bit for each number, with and without scoring the 100
nearest again by what is stored beside the codes. Takes some fifteen minutes on two cores; what is in SCRATCH already is not made again.
"""
import argparse
import json
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
PIPELINE = ROOT / "datasets/stanford_cars/vectors.json"
LENGTHS = [32, 64, 128, 256, 512]
CODES = {"float32": [], "int8 alone": ["--codes", "int8:rescore=0"], "int8, 100 scored again": ["--codes", "int8"],
         "binary alone": ["--codes", "binary:rescore=0"], "binary, 100 scored again": ["--codes", "binary"]}


def run(command):
    out = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if out.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))} failed:\n{out.stderr}")
    return out.stdout


def trained(host, name, scratch):
    folder = scratch / name
    if not (folder / "result.json").exists():
        nested = ["--set", "train.loss.matryoshka=" + json.dumps({"dimensions": LENGTHS})] if name != "plain" else []
        heads = [{"type": "projection", "dimension": 512}]
        if name == "signs":
            heads.append({"type": "quantize", "to": "binary"})
        run([host, "run", PIPELINE, "--quiet", "--output", folder, "--set", "model.head=" + json.dumps(heads), *nested])
    return folder


def measured(host, folder, length, options):
    made = json.loads(run([host, "evaluate", PIPELINE, "--model", folder, "--quiet", "--json", "--cut", length, *options,
                           "--set", "evaluate.baseline=false", "--set", "evaluate.bootstrap_samples=0"]))
    return made["metrics"]["refined"]["r_precision"], made["refinement"]["bytes_per_item"]["refined"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", type=pathlib.Path, default=ROOT / "build/release/bin/host")
    parser.add_argument("--scratch", type=pathlib.Path, default=pathlib.Path("/tmp/kindred_compact_codes"))
    options = parser.parse_args()
    if "CARS_EMBEDDINGS" not in os.environ:
        raise SystemExit("set CARS_EMBEDDINGS to the folder of efficientnet_lite0.npy and labels.npy")
    options.scratch.mkdir(parents=True, exist_ok=True)
    folders = {name: trained(options.host, name, options.scratch) for name in ("plain", "nested", "signs")}
    print("| numbers | stored as | bytes per item | plain | matryoshka | matryoshka, signs |\n|---|---|---|---|---|---|")
    for length in LENGTHS:
        for codes, arguments in CODES.items():
            values = [measured(options.host, folder, length, arguments) for folder in folders.values()]
            figures = " | ".join(f"{value:.4f}" for value, _ in values)
            print(f"| {length} | {codes} | {values[0][1]:.0f} | {figures} |", flush=True)


if __name__ == "__main__":
    main()
