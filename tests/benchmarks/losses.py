#!/usr/bin/env python3
"""The table of docs/results.md with every loss on stored embeddings of Stanford Cars.

    CARS_EMBEDDINGS=/folder/with/efficientnet_lite0.npy tests/benchmarks/losses.py [--losses triplet,margin] [--host HOST]

Each loss, with its default parameters, trains two heads from three seeds with the same batches (P x K, 32 classes of 8),
optimizer and early stopping on classes held out of training. A run is one `host run` of
datasets/stanford_cars/vectors.json. Results are appended to SCRATCH/rows.jsonl as they are made, so that a stopped
benchmark continues where it was, and printed as a table of means: R-Precision and MAP@R of the unseen classes, seconds
of training. Everything takes about an hour and a half on two cores.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PIPELINE = ROOT / "datasets/stanford_cars/vectors.json"
SEEDS = (42, 43, 44)
HEADS = {"skip": {"type": "skip_connection", "dropout": 0.1}, "projection": {"type": "projection", "dimension": 512}}
PAIRS = ["triplet", "contrastive", "online_contrastive", "multi_similarity", "supervised_contrastive", "nt_xent", "circle",
         "fast_ap", "smooth_ap", "recall_at_k_surrogate", "lifted_structure", "n_pairs", "angular", "tuplet_margin",
         "signal_to_noise"]
PROXIES = ["softmax", "norm_softmax", "arc_face", "sub_center_arc_face", "cos_face", "curricular_face",
           "proxy_nca_plus_plus", "proxy_anchor", "soft_triple"]


def losses():
    """Name -> value of train.loss."""
    out = {name: {"type": name} for name in PAIRS}
    out["triplet, all"] = {"type": "triplet", "mining": "all"}
    out["triplet, semi_hard"] = {"type": "triplet", "mining": "semi_hard"}
    out["margin, distance_weighted"] = {"type": "margin", "miner": {"type": "distance_weighted"}}
    out["lifted_structure, generalized"] = {"type": "lifted_structure", "generalized": True}
    out["supervised_contrastive, memory 2048"] = {"type": "supervised_contrastive",
                                                  "memory": {"size": 2048, "start_step": 50}}
    out.update({name: {"type": name} for name in PROXIES})
    out["norm_softmax + center"] = [{"type": "norm_softmax"}, {"type": "center", "weight": 0.1}]
    return out


def run(host, scratch, name, loss, head, seed):
    folder = scratch / "run"
    subprocess.run(["rm", "-rf", str(folder)], check=True)
    settings = {"seed": seed, "model.head": HEADS[head], "train.loss": loss,
                "train.batch_sampler": {"type": "p_k", "classes": 32, "samples": 8},
                "train.optimizer": {"type": "adam", "lr": 3e-4, "loss_lr": 1e-2}, "train.epochs": 60,
                "train.early_stopping": {"monitor": "validation.r_precision", "patience": 10},
                "evaluate.metrics": [{"type": "r_precision"}, {"type": "map_at_r"}]}
    command = [host, "run", str(PIPELINE), "--quiet", "--json", "--output", str(folder)]
    for key, value in settings.items():
        command += ["--set", f"{key}={json.dumps(value)}"]
    made = subprocess.run(command, capture_output=True, text=True)
    if made.returncode != 0:
        sys.exit(f"{name} with {head}, seed {seed}: {made.stderr}")
    result = json.loads(made.stdout)
    tuned, timings = result["metrics"]["tuned"], result["timings"]
    return {"loss": name, "head": head, "seed": seed, "r_precision": tuned["r_precision"],
            "map_at_r": tuned["map_at_r"], "base": result["metrics"]["base"]["r_precision"],
            "seconds": timings["train_seconds"], "epochs": timings["epochs"]}


def table(rows):
    text = "| loss | " + " | ".join(f"{head}: R-P | MAP@R | s" for head in HEADS) + " |\n"
    text += "|---|" + "---|" * (3 * len(HEADS)) + "\n"
    names = list(dict.fromkeys(row["loss"] for row in rows))

    def mean(name, head, key):
        found = [row[key] for row in rows if row["loss"] == name and row["head"] == head]
        return statistics.mean(found) if found else float("nan")

    for name in sorted(names, key=lambda n: -max(mean(n, head, "r_precision") for head in HEADS)):
        cells = [f"{mean(name, head, 'r_precision'):.4f} | {mean(name, head, 'map_at_r'):.4f} | "
                 f"{mean(name, head, 'seconds'):.0f}" for head in HEADS]
        text += f"| {name} | " + " | ".join(cells) + " |\n"
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--losses", default="", help="names of the table's rows, separated by ';'; default: all")
    parser.add_argument("--host", default=str(ROOT / "build/release/bin/host"))
    parser.add_argument("--scratch", default="runs/losses_benchmark", type=pathlib.Path)
    options = parser.parse_args()
    if "CARS_EMBEDDINGS" not in os.environ:
        sys.exit("CARS_EMBEDDINGS is not set; it names the folder with efficientnet_lite0.npy and labels.npy")
    scratch = options.scratch.resolve()
    scratch.mkdir(parents=True, exist_ok=True)
    kept = scratch / "rows.jsonl"
    rows = [json.loads(line) for line in kept.read_text().splitlines()] if kept.exists() else []
    made = {(row["loss"], row["head"], row["seed"]) for row in rows}
    known = losses()
    names = options.losses.split(";") if options.losses else list(known)
    for name in names:
        for head in HEADS:
            for seed in SEEDS:
                if (name, head, seed) in made:
                    continue
                row = run(options.host, scratch, name, known[name], head, seed)
                rows.append(row)
                with kept.open("a") as file:
                    file.write(json.dumps(row) + "\n")
                print(row, file=sys.stderr, flush=True)
    print(table(rows))


if __name__ == "__main__":
    main()
