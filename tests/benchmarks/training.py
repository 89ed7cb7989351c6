#!/usr/bin/env python3
"""Pictures/s of training whole encoders on the processor, beside eager PyTorch, as ratios within one run of this program.

    cmake --build build/release
    tests/benchmarks/training.py [--networks resnet18,lite0] [--rounds 2] [--seconds 20] [--build build/release] [--scratch FOLDER]

Networks are drawn, at 224 px, in batches of 32 (Lite0) and 16. Ours is `host run` on drawn cars of that size with the hardest triplets
and AdamW, and its time has drawing and reading in it; the peer (encoder_peers.py) has the same loss and optimizer, and its batch lies in
memory: once as most scripts have it (NCHW), once with channels last. What is compared is the best epoch, and the peer's median step.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

import encoder

CLASSES, SAMPLES, STEPS, EPOCHS = 20, 16, 10, 2


def our_rate(arguments, network, batch, folder):
    """Pictures/s of the best epoch."""
    (folder / "pipeline.json").write_text(json.dumps({
        "kindred": 1, "name": network,
        "data": {"dataset": {"type": "toy_cars", "classes": CLASSES, "samples": SAMPLES, "size": 224},
                 "split": {"by": "class", "train": {"fraction": 0.5}, "test": "rest"}},
        "model": {"encoders": {"image": dict(encoder.ENCODERS[network], trainable=True)}},
        "train": {"loss": {"type": "triplet", "mining": "hard"}, "optimizer": {"type": "adamw"}, "epochs": EPOCHS,
                  "batch_sampler": {"type": "p_k", "classes": batch // 4, "samples": 4, "batches": STEPS}},
        "evaluate": {"metrics": [{"type": "precision_at_k"}], "baseline": False}}))
    run = subprocess.run([encoder.ROOT / arguments.build / "bin/host", "run", folder / "pipeline.json", "--quiet", "--output",
                          folder / "run"], capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f"host run failed with {network}: {run.stderr}")
    history = (folder / "run/history.jsonl").read_text().splitlines()
    return STEPS * batch / min(json.loads(line)["train"]["seconds"] for line in history)


def main():
    arguments = encoder.options(__doc__, "resnet18,lite0", 2, 20).parse_args()
    python = encoder.peers_in(pathlib.Path(arguments.scratch))
    for network in arguments.networks.split(","):
        batch = encoder.BATCHES[network]
        ours, peers = 0.0, {"nchw": 0.0, "channels_last": 0.0}
        for _ in range(arguments.rounds):
            with tempfile.TemporaryDirectory() as folder:
                ours = max(ours, our_rate(arguments, network, batch, pathlib.Path(folder)))
            for layout in peers:
                peers[layout] = max(peers[layout], encoder.peer_rate(arguments, python, "train", layout, network))
        print(f"{network}: {ours:.1f} pictures/s in batches of {batch}; " + "; ".join(
            f"eager PyTorch, {layout}: {rate:.1f}, {ours / rate:.2f}x" for layout, rate in peers.items()), flush=True)


if __name__ == "__main__":
    main()
