#!/usr/bin/env python3
"""What `train.gradient_cache` and `gradient_checkpointing` save and cost: memory and steps per second of an encoder that
is trained whole.

    tests/benchmarks/gradient_cache.py [--host HOST] [--variant resnet18] [--size 64] [--epochs 2]

Trains a ResNet from scratch on drawn cars, without any file: batches of 64, batches of 512, batches of 512 in parts
of 64 and of 16, and both larger ones whose stages are computed again for the gradient. Memory is the process's own at its
largest, mapped files left out. Takes some minutes on two cores.
"""
import argparse
import json
import pathlib
import subprocess
import tempfile

from doubled import watched

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROWS = {"batches of 64": (8, None, False), "batches of 512": (64, None, False),
        "batches of 512 in parts of 64": (64, 64, False), "batches of 512 in parts of 16": (64, 16, False),
        "batches of 512, stages again": (64, None, True), "batches of 512 in parts of 64, stages again": (64, 64, True)}


def run(options, classes, part, again, folder):
    command = [options.host, "run", ROOT / "datasets/toy_cars/pipeline.json", "--quiet", "--output", folder]
    settings = {"train.epochs": options.epochs, "train.gradient_cache": part,
                "train.batch_sampler": {"type": "p_k", "classes": classes, "samples": 8},
                "data.dataset": {"type": "toy_cars", "classes": 160, "samples": 20, "size": options.size},
                "model.encoders.image": {"type": "resnet", "variant": options.variant, "trainable": True,
                                         "gradient_checkpointing": again},
                "evaluate.baseline": False}
    for key, value in settings.items():
        if value is not None:
            command += ["--set", f"{key}={json.dumps(value)}"]
    own = watched([str(one) for one in command])
    return own, json.loads((folder / "result.json").read_text())["timings"]["steps_per_second"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", type=pathlib.Path, default=ROOT / "build/release/bin/host")
    parser.add_argument("--variant", default="resnet18")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--epochs", type=int, default=2)
    options = parser.parse_args()
    print(f"{'':<46}{'memory':>10}{'steps/s':>10}{'samples/s':>11}")
    with tempfile.TemporaryDirectory() as scratch:
        for name, (classes, part, again) in ROWS.items():
            own, steps = run(options, classes, part, again, pathlib.Path(scratch) / name.replace(" ", "_"))
            print(f"{name:<46}{own / 1e9:>7.2f} GB{steps:>10.2f}{steps * classes * 8:>11.0f}", flush=True)


if __name__ == "__main__":
    main()
