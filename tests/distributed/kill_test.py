#!/usr/bin/env python3
"""Kills one of two processes that train together, again and again, and lets them go on each time: what they come
to has to be, to the last byte, what an undisturbed pair comes to.

    tests/distributed/kill_test.py HOST [--times 20] [--seed 1]

Only Python's own library is needed.
"""
import argparse
import json
import pathlib
import random
import socket
import struct
import subprocess
import sys
import tempfile
import time

END_SECONDS = 30  # by then the others have to have ended


def write_npy(path, shape, kind, data):
    header = f"{{'descr': '<{kind}', 'fortran_order': False, 'shape': {shape}, }}"
    header += " " * (63 - (10 + len(header)) % 64) + "\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + data)


def write_data(folder, random_numbers):
    labels = [i % 24 for i in range(240)]
    centres = [[random_numbers.gauss(0, 1) for _ in range(6)] for _ in range(24)]
    rows = [[0.6 * random_numbers.gauss(0, 1) + (centres[label][j] if j < 6 else random_numbers.gauss(0, 1.5))
             for j in range(16)] for label in labels]
    write_npy(folder / "x.npy", (240, 16), "f4", b"".join(struct.pack("<16f", *row) for row in rows))
    write_npy(folder / "y.npy", (240,), "i8", struct.pack("<240q", *labels))
    (folder / "pipeline.json").write_text(json.dumps({
        "kindred": 1, "name": "killed", "seed": 3,
        "data": {"dataset": {"type": "vectors", "embeddings": "x.npy", "labels": "y.npy"},
                 "split": {"train": {"fraction": 0.6}, "validation": {"from": "train", "fraction": 0.2},
                           "test": "rest"}},
        "model": {"encoders": {"vector": {"type": "identity"}},
                  "head": {"type": "skip_connection", "dropout": 0.1}},
        "train": {"loss": {"type": "multi_similarity", "memory": {"size": 64}},
                  "batch_sampler": {"type": "p_k", "classes": 6, "samples": 5},
                  "optimizer": {"type": "adam", "lr": 0.002}, "epochs": 100, "ema": 0.9,
                  "early_stopping": {"patience": 0}},
        "evaluate": {"metrics": [{"type": "r_precision"}]}}))


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def begin(host, folder, arguments):
    place = ["--world-size", "2", "--master", f"127.0.0.1:{free_port()}"]
    return [subprocess.Popen([host, "run", *arguments, "--rank", str(rank), *place], cwd=folder,
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for rank in range(2)]


def learned(run):
    return {path.name: path.read_bytes() for path in sorted((run / "model").glob("*.safetensors"))}


def is_completed(run):
    result = run / "result.json"
    return result.exists() and json.loads(result.read_text())["status"] == "completed"


def arguments_of(run):
    """Goes on with a run that was begun."""
    begun = (run / "pipeline.json").exists()
    return ["--resume", run.name] if begun else ["pipeline.json", "--output", run.name]


def compare(run, expected):
    if learned(run) != expected:
        sys.exit(f"{run.name}, which was killed, has learned something else than the undisturbed pair")


def kill_one(host, folder, run, seconds, draws):
    """Lets a pair go on, kills one of it within `seconds`, and says whether that hit a pair at work; both have ended then."""
    pair = begin(host, folder, arguments_of(run))
    time.sleep(draws.uniform(0, seconds))
    killed = draws.randrange(2)
    pair[killed].kill()
    began = time.monotonic()
    try:
        _, said = pair[1 - killed].communicate(timeout=END_SECONDS)
    except subprocess.TimeoutExpired:
        pair[1 - killed].kill()
        _, said = pair[1 - killed].communicate()
        if "meets the others" in said:
            sys.exit(f"the other process did not end within {END_SECONDS} s: {said}")
        print(f"not counted: rank {killed} was killed before the two had met", flush=True)
        return False  # who has not met the other waits for it
    took = time.monotonic() - began
    code = pair[1 - killed].returncode
    pair[killed].communicate()
    if code == 0:
        if not is_completed(run):
            sys.exit(f"the other process ended with 0, and its work is not done: {said}")
        print(f"not counted: rank {killed} was killed when both had done their work", flush=True)
        return False
    print(f"rank {killed} was killed, the other ended with {code} after {took:.1f} s", flush=True)
    if f"rank {killed} on " not in said and "waits for the group" not in said:
        sys.exit(f"rank {killed} is not named: {said}")
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("host")
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    host = str(pathlib.Path(options.host).resolve())
    draws = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        write_data(folder, random.Random(7))
        start = time.monotonic()
        for process in begin(host, folder, ["pipeline.json", "--output", "whole"]):
            _, said = process.communicate()
            if process.returncode != 0:
                sys.exit(f"the undisturbed pair failed: {said}")
        seconds = time.monotonic() - start
        expected = learned(folder / "whole")
        run, runs, kills = folder / "killed_1", 1, 0
        for _ in range(5 * options.times):
            if kills == options.times:
                break
            kills += kill_one(host, folder, run, seconds, draws)
            if is_completed(run):
                compare(run, expected)
                runs += 1
                run = folder / f"killed_{runs}"
        for process in begin(host, folder, arguments_of(run)):
            _, said = process.communicate()
            if process.returncode != 0:
                sys.exit(f"the pair did not go on: {said}")
        compare(run, expected)
        if kills < options.times:
            sys.exit(f"only {kills} of {5 * options.times} kills came while both were at work")
        print(f"{kills} kills in {runs} runs, and the same weights to the last byte")


if __name__ == "__main__":
    main()
