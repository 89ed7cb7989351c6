#!/usr/bin/env python3
"""How long training and encoding take beside other programs, as ratios within one run of this program.

    cmake --build build/release
    tests/benchmarks/busy.py [--jobs quickstart,vectors,encoding] [--rounds 3] [--build build/release]

Other programs are loops that never wait: none of them, one and two. Each job is done by the host as it is, and with
GOMP_SPINCOUNT=300000, with which threads wait awake for each other whatever else runs, as GNU's OpenMP does by itself; all of them
in turns. What is compared is the least of the rounds.
  quickstart  the median epoch of the pipeline of the quickstart: a ResNet-18 that learns on drawn cars
  vectors     the median epoch of a head on 20,000 drawn vectors
  encoding    the time in which a ResNet-18 with drawn weights encodes drawn cars at 224 px
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import drawn_vectors

ROOT = pathlib.Path(__file__).resolve().parents[2]
AWAKE = "300000"


def quickstart(folder):
    pipeline = json.loads((ROOT / "datasets/toy_cars/pipeline.json").read_text())
    pipeline["data"]["dataset"]["classes"] = 40
    pipeline["train"]["epochs"] = 3
    return pipeline, lambda result: result["timings"]["epoch_seconds_median"]


def vectors(folder):
    return {"kindred": 1, "name": "vectors",
            "data": {"dataset": drawn_vectors.dataset(folder, classes=500, per_class=40, dimension=256)},
            "model": {"encoders": {"vector": {"type": "identity"}}, "head": {"type": "skip_connection"}},
            "train": {"loss": {"type": "triplet"}, "batch_sampler": {"type": "p_k", "classes": 32, "samples": 4}, "epochs": 5},
            "evaluate": {"metrics": [{"type": "precision_at_k"}]}}, lambda result: result["timings"]["epoch_seconds_median"]


def encoding(folder):
    return {"kindred": 1, "name": "encoding",
            "data": {"dataset": {"type": "toy_cars", "classes": 20, "samples": 16, "size": 224}},
            "model": {"encoders": {"image": {"type": "resnet", "variant": "resnet18", "weights": "random"}}},
            "evaluate": {"metrics": [{"type": "precision_at_k"}]}}, lambda result: result["timings"]["encode_seconds"]


JOBS = {"quickstart": quickstart, "vectors": vectors, "encoding": encoding}


class Others:
    """Programs that take a processor each."""

    def __init__(self, count):
        self.processes = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        for one in self.processes:
            one.kill()
            one.wait()


def seconds(host, folder, name, job, awake):
    pipeline, time_of = job
    (folder / f"{name}.json").write_text(json.dumps(pipeline))
    with tempfile.TemporaryDirectory(dir=folder) as output:
        environment = {key: value for key, value in os.environ.items() if key not in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")}
        if awake:
            environment["GOMP_SPINCOUNT"] = AWAKE
        done = subprocess.run([host, "run", folder / f"{name}.json", "--quiet", "--output", f"{output}/run"], env=environment,
                              cwd=output, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(done.stderr)
        return time_of(json.loads(pathlib.Path(output, "run/result.json").read_text()))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", default=",".join(JOBS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--build", default="build/release")
    arguments = parser.parse_args()
    host = ROOT / arguments.build / "bin/host"
    print("| job | beside | s | s, always awake | to idle and always awake |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        for name in arguments.jobs.split(","):
            job = JOBS[name](folder)
            idle = None
            for count, text in enumerate(["nothing", "one program", "two programs"]):
                times = {False: [], True: []}
                with Others(count):
                    for _ in range(arguments.rounds):
                        for awake in times:
                            times[awake].append(seconds(host, folder, name, job, awake))
                least = {awake: min(values) for awake, values in times.items()}
                idle = idle or least[True]
                print(f"| {name} | {text} | {least[False]:.3f} | {least[True]:.3f} | {least[False] / idle:.2f}x |", flush=True)


if __name__ == "__main__":
    main()
