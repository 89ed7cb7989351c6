#!/usr/bin/env python3
"""Pictures/s from files to embeddings, as ratios within one run of this program.

    cmake --build build/release
    tests/benchmarks/from_files.py --photos FOLDER [--count 2000] [--rounds 3] [--build build/release] [--scratch FOLDER]

FOLDER has JPEG files. The network is EfficientNet-Lite0 at 224 px with drawn weights.
  embed     `host embed`, without its start: the difference of many and few pictures; and the memory that it takes at its largest
  encoder   the network alone, by `host doctor --bench`
  decoder   `host embed` with a network that costs next to nothing: pictures are resized to 224 px, and then to 32 px for a ResNet-18 of
            width 4
  peer      Pillow in as many threads as processors and ONNX Runtime (encoder_peers.py), installed with pip into SCRATCH
What is compared is the best round of each. Beside the peer, `embed` is set against 1 / (1 / encoder + 1 / decoder), which is what two
steps would give that share the processors and lose nothing.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

from encoder import ROOT, our_rates, peers_in


def resize(side):
    return {"type": "resize", "width": side, "height": side}


def pipeline(scratch, name, transforms, encoder):
    path = scratch / f"{name}.json"
    path.write_text(json.dumps({"kindred": 1, "name": name, "data": {"dataset": {"type": "toy_cars"}, "transforms": transforms},
                                "model": {"encoders": {"image": encoder}},
                                "evaluate": {"metrics": [{"type": "precision_at_k"}]}}))
    return path


def embed_rate(arguments, path, files):
    """Pictures/s, and the memory at its largest in MiB."""
    def cost(count):
        with tempfile.TemporaryDirectory(dir=arguments.scratch) as folder:
            listed = pathlib.Path(folder) / "files.txt"
            listed.write_text("\n".join(files[:count]))
            start = time.monotonic()
            with listed.open() as names:
                process = subprocess.Popen([ROOT / arguments.build / "bin/host", "embed", "--quiet", "--device", "cpu", "--pipeline", path,
                                            "--output", f"{folder}/e.npy", "-"], stdin=names, stdout=subprocess.DEVNULL)
                _, status, usage = os.wait4(process.pid, 0)
            if status != 0:
                sys.exit(f"host embed failed with {path}")
            return time.monotonic() - start, usage.ru_maxrss / 1024

    few, many = min(64, len(files) // 4), len(files)
    long, memory = cost(many)
    return (many - few) / (long - cost(few)[0]), memory


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", required=True)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--build", default="build/release")
    parser.add_argument("--scratch", default=f"{tempfile.gettempdir()}/kindred_encoder")
    arguments = parser.parse_args()
    scratch = pathlib.Path(arguments.scratch)
    python = peers_in(scratch)
    files = sorted(str(path) for path in pathlib.Path(arguments.photos).glob("*.jpg"))[:arguments.count]
    whole = pipeline(scratch, "from_files", [resize(224)], {"type": "efficientnet_lite", "weights": "random"})
    light = pipeline(scratch, "decoding", [resize(224), resize(32)],
                     {"type": "resnet", "variant": "resnet18", "width": 4, "weights": "random"})
    best = dict.fromkeys(["embed", "encoder", "decoder", "peer"], 0.0)
    memory = 0.0
    for _ in range(arguments.rounds):
        rate, taken = embed_rate(arguments, whole, files)
        best["embed"], memory = max(best["embed"], rate), max(memory, taken)
        best["encoder"] = max(best["encoder"], our_rates(arguments, "lite0", scratch)[32])
        best["decoder"] = max(best["decoder"], embed_rate(arguments, light, files)[0])
        run = subprocess.run([python, ROOT / "tests/benchmarks/encoder_peers.py", "files", "lite0", "32", scratch], check=True,
                             input="\n".join(files), text=True, stdout=subprocess.PIPE)
        best["peer"] = max(best["peer"], float(run.stdout.split()[-1]))
    ideal = 1 / (1 / best["encoder"] + 1 / best["decoder"])
    print(f"embed {best['embed']:.1f} pictures/s, encoder alone {best['encoder']:.1f}, decoder alone {best['decoder']:.1f}: "
          f"{best['embed'] / ideal:.2f}x what both would give that lose nothing; Pillow and ONNX Runtime {best['peer']:.1f}: "
          f"{best['embed'] / best['peer']:.2f}x; memory at its largest {memory:.0f} MiB")


if __name__ == "__main__":
    main()
