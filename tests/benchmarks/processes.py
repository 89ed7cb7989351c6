#!/usr/bin/env python3
"""What two processes with one thread do beside one process with two: encoding, training and measuring.

    STANFORD_CARS=... KINDRED_WEIGHTS=... tests/benchmarks/processes.py [--host HOST] [--epochs 2]

Each row is one `host run` of datasets/stanford_cars/doubled.json (one view, from an empty cache), which trains
EfficientNet-Lite0 from blocks.14 on. Everything takes about ten minutes on two cores.
"""
import argparse
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PIPELINE = ROOT / "datasets/stanford_cars/doubled.json"


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def run(host, folder, processes, threads, epochs):
    """The result of a run by that many processes, each with that many threads."""
    command = [host, "run", str(PIPELINE), "--quiet", "--output", str(folder / "run"),
               "--set", f"cache.directory={folder / 'cache'}", "--set", "cache.views=1",
               "--set", f"train.epochs={epochs}", "--set", f"data.threads={threads}"]
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    place = ["--world-size", str(processes), "--master", f"127.0.0.1:{free_port()}"]
    begun = [subprocess.Popen(command + (["--rank", str(rank), *place] if processes > 1 else []),
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment)
             for rank in range(processes)]
    for one in begun:
        _, said = one.communicate()
        if one.returncode != 0:
            sys.exit(said)
    result = json.loads((folder / "run/result.json").read_text())
    timings = result["timings"]
    return {"encoding, s": timings["encode_seconds"], "training, steps/s": timings["steps_per_second"],
            "measuring, s": timings["evaluate_seconds"],
            "R-Precision": result["metrics"]["tuned"]["r_precision"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--host", default=str(ROOT / "build/release/bin/host"))
    parser.add_argument("--epochs", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        rows = {}
        for processes, threads in ((1, 2), (2, 1)):
            folder = pathlib.Path(name) / f"{processes}"
            folder.mkdir()
            rows[processes] = run(options.host, folder, processes, threads, options.epochs)
        print(f"{'':<20}{'1 process x 2':>16}{'2 processes x 1':>18}{'throughput':>12}")
        for key, alone in rows[1].items():
            shared = rows[2][key]
            ratio = shared / alone if "/s" in key else alone / shared
            print(f"{key:<20}{alone:>16.4g}{shared:>18.4g}" + ("" if key == "R-Precision" else f"{ratio:>11.2f}x"))


if __name__ == "__main__":
    main()
