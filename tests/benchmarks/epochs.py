#!/usr/bin/env python3
"""Seconds of training in an epoch with each loss over pairs, and memory, as ratios within one run of this program.

    cmake --build build/release
    tests/benchmarks/epochs.py [--losses "all;smooth_ap"] [--rounds 2] [--build build/release]
    tests/benchmarks/epochs.py --batch 32768 --classes 2276 --dimension 512 --epochs 1 --rounds 1

A skip-connection head learns on 4,160 drawn vectors of 1,280 numbers in 130 classes, in shuffled batches; in the second line on 32,800 of
512 in 1,025. `hard` is the triplet loss with
the hardest triplets, which the others are compared with; it is compared with its matrix products, at the speed that `host doctor`
measures: two of the head and half of the one that gives the distances. What is compared is the least of all epochs.
"""
import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import drawn_vectors
import process_memory

ROOT = pathlib.Path(__file__).resolve().parents[2]
PER_CLASS = 32
LOSSES = {"hard": {"type": "triplet", "mining": "hard"}, "all": {"type": "triplet", "mining": "all"},
          "semi_hard": {"type": "triplet", "mining": "semi_hard"}, "angular": {"type": "angular"},
          "margin, distance_weighted": {"type": "margin", "miner": {"type": "distance_weighted"}}}
LOSSES.update({name: {"type": name} for name in [
    "circle", "contrastive", "fast_ap", "lifted_structure", "margin", "multi_similarity", "n_pairs", "nt_xent", "recall_at_k_surrogate",
    "signal_to_noise", "smooth_ap", "supervised_contrastive", "tuplet_margin"]})


def pipeline(dataset, loss, arguments):
    return {"kindred": 1, "name": "epochs", "data": {"dataset": dataset},
            "model": {"encoders": {"vector": {"type": "identity"}}, "head": {"type": "skip_connection", "dropout": 0.1}},
            "train": {"loss": loss, "batch_sampler": {"type": "shuffle", "batch_size": arguments.batch, "drop_last": True},
                      "epochs": arguments.epochs},
            "evaluate": {"metrics": [{"type": "precision_at_k"}]}}


def measured(host, folder, settings):
    """The least seconds of an epoch's steps, and MiB at the most: of all memory, and of the process's own."""
    (folder / "pipeline.json").write_text(json.dumps(settings))
    out = folder / "run"
    said = folder / "stderr.txt"
    with said.open("w") as errors:
        run = subprocess.Popen([host, "run", folder / "pipeline.json", "--quiet", "--output", out], stdout=subprocess.DEVNULL, stderr=errors)
        memory = process_memory.watch(run)
    if run.returncode != 0:
        raise SystemExit(f"host run with the loss {settings['train']['loss']} failed: {said.read_text()}")
    epochs = [json.loads(line)["train"]["seconds"] for line in (out / "history.jsonl").read_text().splitlines()]
    shutil.rmtree(out)
    return min(epochs), memory["all"], memory["own"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--losses", default=";".join(LOSSES), help="separated by semicolons")
    parser.add_argument("--batch", type=int, default=2048)
    parser.add_argument("--classes", type=int, default=288, help="of 32 vectors each, of which half are trained, less a tenth")
    parser.add_argument("--dimension", type=int, default=1280)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--build", default="build/release")
    arguments = parser.parse_args()
    host = ROOT / arguments.build / "bin/host"
    names = ["hard"] + [name for name in arguments.losses.split(";") if name != "hard"]
    speed = json.loads(subprocess.run([host, "doctor", "--json"], stdout=subprocess.PIPE, check=True).stdout)["matrix_product_gigaflops"]
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        dataset = drawn_vectors.dataset(folder, arguments.classes, PER_CLASS, arguments.dimension)
        best = {}
        for _ in range(arguments.rounds):
            for name in names:
                seconds, *memory = measured(host, folder, pipeline(dataset, LOSSES[name], arguments))
                print(f"  {name}: {seconds:.3f} s, {memory[0]:.0f} MiB", file=sys.stderr, flush=True)
                before = best.get(name, (seconds, 0, 0))
                best[name] = (min(seconds, before[0]), *map(max, memory, before[1:]))
    seen = arguments.classes // 2
    steps = (seen - seen // 10) * PER_CLASS // arguments.batch
    products = steps * arguments.batch * arguments.dimension * (4 * arguments.dimension + arguments.batch) / speed / 1e9
    hard = best["hard"][0]
    print(f"hard: {hard:.3f} s, {hard / products:.2f} times its matrix products at {speed:.0f} GFLOP/s")
    for name in names:
        seconds, memory, own = best[name]
        print(f"{name}: {seconds:.3f} s, {seconds / hard:.2f} times hard, {memory:.0f} MiB, without mapped files {own:.0f} MiB")


if __name__ == "__main__":
    main()
