#!/usr/bin/env python3
"""Pictures/s of frozen encoders alone on the processor, beside other engines, as ratios within one run of this program.

    cmake --build build/release
    tests/benchmarks/encoder.py [--networks lite0,resnet18,resnet50] [--engines compile,openvino,onnxruntime]
        [--rounds 3] [--seconds 4] [--build build/release] [--scratch FOLDER]

Each network is drawn, at 224 px, in batches of 32, 16 and 8. Ours is timed by `host doctor --bench`, the others by encoder_peers.py,
one after the other in each round; what is compared is the best round of each, since whatever else the machine does only slows it
down. The peers are installed with pip into an environment in SCRATCH (1.5 GB).
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from peer_environment import python_with

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEERS = ["torch==2.13.0", "onnx", "onnxscript", "onnxruntime", "openvino", "numpy", "pillow"]
ENCODERS = {"lite0": {"type": "efficientnet_lite", "weights": "random"},
            "resnet18": {"type": "resnet", "variant": "resnet18", "weights": "random"},
            "resnet50": {"type": "resnet", "variant": "resnet50", "weights": "random"}}
BATCHES = {"lite0": 32, "resnet18": 16, "resnet50": 8}


def peers_in(scratch):
    """The Python of an environment with the peers; the networks lie in `scratch` as ONNX."""
    scratch.mkdir(parents=True, exist_ok=True)
    python = python_with(scratch / "environment", PEERS)
    if not (scratch / "resnet50.onnx").exists():
        subprocess.run([python, ROOT / "tests/benchmarks/encoder_peers.py", "make", scratch], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
    return python


def pipeline_of(network, scratch):
    path = scratch / f"{network}.json"
    path.write_text(json.dumps({
        "kindred": 1, "name": network,
        "data": {"dataset": {"type": "toy_cars"}, "transforms": [{"type": "resize", "width": 224, "height": 224}]},
        "model": {"encoders": {"image": ENCODERS[network]}},
        "evaluate": {"metrics": [{"type": "precision_at_k"}]}}))
    return path


def our_rates(arguments, network, scratch):
    """Pictures/s by size of the batch."""
    host = ROOT / arguments.build / "bin/host"
    run = subprocess.run([host, "doctor", "--json", "--device", "cpu", "--bench", pipeline_of(network, scratch)], stdout=subprocess.PIPE,
                         text=True, check=True)
    return {one["size"]: one["samples_per_second"] for one in json.loads(run.stdout)["encoders"][0]["batches"]}


def peer_rate(arguments, python, action, engine, network):
    """Pictures/s that encoder_peers.py prints."""
    scratch = pathlib.Path(arguments.scratch)
    environment = dict(os.environ, TORCHINDUCTOR_CACHE_DIR=str(scratch / "inductor"))
    run = subprocess.run([python, ROOT / "tests/benchmarks/encoder_peers.py", action, engine, network, str(BATCHES[network]),
                          str(arguments.seconds), scratch], capture_output=True, text=True, env=environment)
    if run.returncode != 0:
        sys.exit(f"{engine} failed with {network}: {run.stderr[-2000:]}")
    return float(run.stdout.split()[-1])


def options(description, networks, rounds, seconds):
    """The parser of what is asked of a benchmark beside the peers."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", default=networks)
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--seconds", type=float, default=seconds)
    parser.add_argument("--build", default="build/release")
    parser.add_argument("--scratch", default=f"{tempfile.gettempdir()}/kindred_encoder")
    return parser


def main():
    parser = options(__doc__, "lite0,resnet18,resnet50", 3, 4)
    parser.add_argument("--engines", default="compile,openvino,onnxruntime")
    arguments = parser.parse_args()
    scratch = pathlib.Path(arguments.scratch)
    engines = arguments.engines.split(",")
    python = peers_in(scratch)
    for network in arguments.networks.split(","):
        ours, peers = {}, {engine: 0.0 for engine in engines}
        for _ in range(arguments.rounds):
            for size, rate in our_rates(arguments, network, scratch).items():
                ours[size] = max(ours.get(size, 0), rate)
            for engine in engines:
                peers[engine] = max(peers[engine], peer_rate(arguments, python, "time", engine, network))
        size = 8 if BATCHES[network] < 32 else 32
        best = max(peers, key=peers.get)
        print(f"{network}: {ours[size]:.1f} pictures/s in batches of {size} (" +
              ", ".join(f"{rate:.1f} of {one}" for one, rate in ours.items() if one != size) + "); " +
              ", ".join(f"{engine} {rate:.1f}" for engine, rate in peers.items()) +
              f" in batches of {BATCHES[network]}: {ours[size] / peers[best]:.2f}x {best}", flush=True)


if __name__ == "__main__":
    main()
