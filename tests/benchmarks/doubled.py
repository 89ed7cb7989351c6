#!/usr/bin/env python3
"""The rows and the figure of docs/results.md about stages trained from cached feature maps.

    STANFORD_CARS=... KINDRED_WEIGHTS=... tests/benchmarks/doubled.py [--parts seeds,views,...] [--host HOST]

Each row is one `host run` of datasets/stanford_cars/doubled.json (rows seeds, speed), best.json (best, sizes) or
doubled_deeper.json (the others) with the options that it names. Rows are
appended to SCRATCH/rows.jsonl as they are made, so that a stopped benchmark continues where it was. The
figure needs matplotlib. Everything together takes about three hours on two cores.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys

import process_memory

ROOT = pathlib.Path(__file__).resolve().parents[2]
PIPELINE = "datasets/stanford_cars/doubled.json"
DEEPER = "datasets/stanford_cars/doubled_deeper.json"
BEST = "datasets/stanford_cars/best.json"
SIZES = (224, 288)  # of the pictures, beside that of BEST
SEEDS = (42, 43, 44)
CUTS = ["head", "blocks.15", "blocks.14", "blocks.11", "blocks.8", "blocks.6", "blocks.5", "blocks.3"]
CUT_EPOCHS = 2


def cut(stage):
    return {"model.encoders.image.trainable.from": stage, "train.epochs": CUT_EPOCHS}


def rows():
    """Name -> options, in the order in which they are run."""
    out = {}
    for seed in SEEDS:
        # The published figures come from when the validation classes followed the seed.
        out[f"seeds/{seed}"] = {"seed": seed, "data.split.seed": seed}
        out[f"deeper/{seed}"] = {"seed": seed, "data.split.seed": seed}
        # An empty cache for the first one; the others find its maps.
        out[f"best/{seed}"] = {"seed": seed}
    for size in SIZES:
        out[f"sizes/{size}"] = {"data.transforms.0.width": size, "data.transforms.0.height": size,
                                "data.train_transforms.0.width": size, "data.train_transforms.0.height": size}
    # The same stages, the same machine, one after the other: from the cache and from pictures.
    out["speed/cached"] = {"train.epochs": 2}
    out["speed/pictures"] = {"train.epochs": 1, "cache": {"type": "none"}}
    for views in (1, 4, 8):
        out[f"views/{views}"] = {"cache.views": views}
    out["boxes/42"] = {"data.dataset.crop": True}
    for stage in CUTS:
        out[f"cuts/{stage}"] = cut(stage)
    # The whole network, from pictures; and no encoder training at all.
    out["cuts/whole"] = {**cut("stem"), "cache": {"type": "auto"}}
    out["cuts/frozen"] = {"model.encoders.image.trainable": False, "cache": {"type": "auto"},
                          "data.train_transforms": None, "model.head": {"type": "skip_connection"},
                          "train.ema": 0, "train.epochs": 60}
    resnet = {"type": "resnet", "variant": "resnet18", "weights": "random"}
    for name, options in (("cached", {}), ("pictures", {"cache": {"type": "none"}})):
        out[f"resnet18/{name}"] = {"model.encoders.image": {**resnet, "trainable": {"from": "layer4"}},
                                   "train.epochs": 1, "train.optimizer.lr": 1e-5, **options}
    return out


def pipeline_of(name):
    return {"seeds": PIPELINE, "speed": PIPELINE, "best": BEST, "sizes": BEST}.get(name.split("/")[0], DEEPER)


def run(host, name, options, scratch):
    folder = scratch / name
    subprocess.run(["rm", "-rf", str(folder)], check=True)
    command = [host, "run", str(ROOT / pipeline_of(name)), "--quiet", "--output", str(folder)]
    for key, value in {"cache.directory": str(scratch / "cache"), **options}.items():
        if key == "cache":
            value = {"directory": str(scratch / "cache"), **value}
        command += ["--set", f"{key}={json.dumps(value)}"]
    # "cache" as a whole replaces what was set of it before.
    anonymous = watched(command)
    result = json.loads((folder / "result.json").read_text())
    log = (folder / "log.txt").read_text()
    maps = next((line.split(": ", 1)[-1].split(";")[0] for line in log.splitlines() if "maps before" in line), "")
    history = [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]
    tuned, timings = result["metrics"]["tuned"], result["timings"]
    return {"row": name, "r_precision": tuned["r_precision"], "precision_at_1": tuned["precision_at_1"],
            "base": result["metrics"]["base"]["r_precision"],
            "pooled": result["metric_details"]["tuned"]["r_precision"]["pooled"],
            "seconds": timings["total_seconds"], "encode_seconds": timings["encode_seconds"],
            "cache_hit": timings["cache_hit"], "train_seconds": timings["train_seconds"],
            "steps_per_second": timings.get("steps_per_second"), "peak_bytes": result["peak_rss_bytes"],
            "peak_anonymous_bytes": anonymous,
            "maps": maps,
            "curve": [[sum(h["train"]["seconds"] for h in history[:i + 1]), h["validation"]["r_precision"]]
                      for i, h in enumerate(history)]}


def watched(command):
    """Runs a command; the largest memory of its own that it had, mapped files left out, in bytes."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    memory = process_memory.watch(process)
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, command)
    return memory["own"] * 2**20


def averaged(host, name, scratch):
    """R-Precision of a finished run's model, from the pictures: one view, and picture and mirror averaged."""
    out = {}
    both = (["plain"], ["plain", "mirror"])
    for views in both if name.endswith("/42") else both[1:]:
        text = subprocess.run([host, "evaluate", str(ROOT / pipeline_of(name)), "--quiet", "--json", "--model",
                               str(scratch / name / "model"), "--set", "evaluate.baseline=false", "--set",
                               f"evaluate.test_views={json.dumps(views)}"],
                              check=True, capture_output=True, text=True).stdout
        tuned = json.loads(text)["metrics"]["tuned"]
        out["+".join(views)] = [tuned["r_precision"], tuned["precision_at_1"]]
    return out


def eager(steps=12):
    """The same stages in eager PyTorch from pictures; None where this Python has no torch or no Pillow."""
    first = json.loads((ROOT / PIPELINE).read_text())["model"]["encoders"]["image"]["trainable"]["from"]
    made = subprocess.run([sys.executable, str(ROOT / "tests/benchmarks/eager_stages.py"), "--from",
                           first.split(".")[1], "--steps", str(steps), "--workers", "1"],
                          capture_output=True, text=True)
    return json.loads(made.stdout) if made.returncode == 0 else None


def figure(made, path):
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot
    pyplot.figure(figsize=(9, 4.6))
    labels = {"cuts/frozen": "frozen, head only", "cuts/whole": "whole network, from pictures"}
    for name in ["cuts/frozen"] + [f"cuts/{stage}" for stage in CUTS] + ["cuts/whole"]:
        if name not in made or not made[name]["curve"]:
            continue
        curve = made[name]["curve"]
        label = labels.get(name, "from " + name.split("/")[1])
        style = "--" if name in labels else "-"
        pyplot.plot([x for x, _ in curve], [y for _, y in curve], style, marker=".", label=label)
    pyplot.xscale("log")
    pyplot.xlabel("seconds of training on two cores (maps filled before)")
    pyplot.ylabel("R-Precision, 10 classes held out of training")
    pyplot.grid(alpha=0.3)
    pyplot.legend(fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
    pyplot.tight_layout()
    pyplot.savefig(path, dpi=110)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", default="seeds,deeper,best,sizes,averaged,views,boxes,cuts,speed,resnet18,figure")
    parser.add_argument("--host", default=str(ROOT / "build/release/bin/host"))
    parser.add_argument("--scratch", default="runs/doubled_benchmark", type=pathlib.Path)
    options = parser.parse_args()
    for name in ("STANFORD_CARS", "KINDRED_WEIGHTS"):
        if name not in os.environ:
            sys.exit(f"{name} is not set; it names the folder with the dataset (or the weights)")
    scratch = options.scratch.resolve()
    scratch.mkdir(parents=True, exist_ok=True)
    kept = scratch / "rows.jsonl"
    made = {row["row"]: row for row in map(json.loads, kept.read_text().splitlines())} if kept.exists() else {}

    def keep(row):
        made[row["row"]] = row
        with kept.open("a") as file:
            file.write(json.dumps(row) + "\n")
        print({key: value for key, value in row.items() if key != "curve"}, flush=True)

    parts = options.parts.split(",")
    for name, changes in rows().items():
        if name.split("/")[0] in parts and name not in made:
            keep(run(options.host, name, changes, scratch))
    if "speed" in parts and "speed/eager" not in made:
        row = eager()
        if row:
            keep({"row": "speed/eager", **row})
    if "averaged" in parts:
        for name in [f"{group}/{seed}" for group in ("seeds", "deeper", "best") for seed in SEEDS]:
            if name in made and f"averaged/{name}" not in made:
                keep({"row": f"averaged/{name}", **averaged(options.host, name, scratch)})
    if "figure" in parts:
        figure(made, ROOT / "docs/cached_stages.png")


if __name__ == "__main__":
    main()
