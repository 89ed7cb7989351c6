#!/usr/bin/env python3
"""The rows of docs/results.md about search, beside faiss-cpu, hnswlib and numpy on the same machine.

    cmake --build build/release --target search_benchmark index_benchmark host core index faiss_search
    tests/benchmarks/search.py [--parts exact,metrics] [--repeats 3] [--scratch FOLDER] [--build build/release]

The parts `hnsw` (three minutes) and `ten_million` (see search_indexes.py for what they do) are made when they are named.

The peers are installed with pip into a virtual environment in SCRATCH, which is made when it is missing. Both sides run in
processes of their own, one after the other and REPEATS times in turns; what is compared is the least time of each, since
whatever else the machine does only adds to it; on a busy machine the seconds of processors say more. The data are drawn: clustered rows of length 1. Everything takes about
ten minutes on two cores.
"""
import argparse
import json
import os
import pathlib
import resource
import subprocess
import sys
import time

import search_indexes
from peer_environment import python_with

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEERS = ["numpy", "faiss-cpu", "hnswlib==0.8.0"]
ROWS, QUERIES, DIMENSION = 1_000_000, 1000, 128
SAMPLES, CLASSES, WIDTH = 60502, 11316, 512


def peers(scratch):
    """The Python of an environment that has the peers."""
    # hnswlib is compiled for this machine, which needs a compiler; older environments had none.
    return python_with(scratch / "peers", PEERS, lambda folder: list(folder.glob("lib/*/site-packages/hnswlib*")))


# What follows up to `main` runs in that environment, too.

def made(folder, name, make):
    """A file of the scratch folder, made once."""
    import numpy
    path = folder / name
    if not path.exists():
        numpy.save(folder / "part.npy", make(numpy.random.default_rng(1)))
        (folder / "part.npy").rename(path)
    return path


def clustered(random, labels, width, spread=0.7):
    """Rows of length 1 around a centre of each label."""
    import numpy
    centres = random.standard_normal((labels.max() + 1, width), dtype=numpy.float32)
    out = numpy.empty((len(labels), width), dtype=numpy.float32)
    for first in range(0, len(labels), 65536):
        part = labels[first:first + 65536]
        rows = centres[part] + spread * random.standard_normal((len(part), width), dtype=numpy.float32)
        out[first:first + len(part)] = rows / numpy.linalg.norm(rows, axis=1, keepdims=True)
    return out


def beside(random, rows):
    """Rows of length 1, each near to one of `rows`."""
    import numpy
    chosen = rows[random.integers(0, len(rows), QUERIES)]
    moved = chosen + 0.05 * random.standard_normal(chosen.shape, dtype=numpy.float32)
    return moved / numpy.linalg.norm(moved, axis=1, keepdims=True)


def data(folder):
    import numpy
    made(folder, "labels.npy", lambda random: random.integers(0, CLASSES, SAMPLES))
    made(folder, "samples.npy", lambda random: clustered(random, numpy.load(folder / "labels.npy"), WIDTH, 2.5))
    made(folder, "rows.npy", lambda random: clustered(random, random.integers(0, 10000, ROWS), DIMENSION))
    made(folder, "queries.npy", lambda random: beside(random, numpy.load(folder / "rows.npy", mmap_mode="r")))


def now():
    return time.perf_counter(), time.process_time()


def since(start):
    return {"seconds": [time.perf_counter() - start[0]], "processor_seconds": [time.process_time() - start[1]]}


def peer_exact(folder, distance):
    """Seconds of a search by IndexFlat; adding the rows, which copies them, is not counted."""
    import faiss
    import numpy
    index = faiss.IndexFlatIP(DIMENSION) if distance == "dot" else faiss.IndexFlatL2(DIMENSION)
    index.add(numpy.load(folder / "rows.npy", mmap_mode="r"))
    queries = numpy.load(folder / "queries.npy")
    start = now()
    _, found = index.search(queries, 10)
    result = since(start)
    numpy.save(folder / f"faiss_{distance}.npy", found)
    return result


def peer_metrics(folder, _):
    """R-Precision, MAP@R and P@1 by a flat index and numpy."""
    import faiss
    import numpy
    rows, labels = numpy.load(folder / "samples.npy"), numpy.load(folder / "labels.npy")
    counts = numpy.bincount(labels)[labels] - 1
    start = now()
    index = faiss.IndexFlatIP(WIDTH)
    index.add(rows)
    _, found = index.search(rows, int(counts.max()) + 1)
    others = found != numpy.arange(len(rows))[:, None]
    order = numpy.argsort(~others, axis=1, kind="stable")[:, :-1]
    relevant = labels[numpy.take_along_axis(found, order, 1)] == labels[:, None]
    asked = counts > 0
    within = relevant & (numpy.arange(relevant.shape[1]) < counts[:, None])
    precision = numpy.cumsum(within, axis=1) / numpy.arange(1, relevant.shape[1] + 1)
    values = {"r_precision": (within.sum(1)[asked] / counts[asked]).mean(),
              "map_at_r": ((precision * within).sum(1)[asked] / counts[asked]).mean(),
              "precision_at_1": relevant[asked, 0].mean()}
    return {**since(start), "values": {name: float(value) for name, value in values.items()}}


def as_peer(words):
    folder = pathlib.Path(words[1])
    if words[0] == "data":
        data(folder)
        return
    peers = {"exact": peer_exact, "metrics": peer_metrics, **search_indexes.PEERS}
    result = peers[words[0]](folder, words[2])
    result["peak_mebibytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(result))


def timed(commands, repeats):
    """name -> what its command printed, with the least seconds of all its runs, by the clock and of all processors."""
    out = {}
    for _ in range(repeats):
        for name, command in commands.items():
            ran = subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True)
            result = json.loads(ran.stdout.splitlines()[-1])
            for key in ("seconds", "processor_seconds"):
                result[key] = min(result[key] + ([out[name][key]] if name in out else []))
            out[name] = result
    return out


def line(what, result, against=None):
    cells = [f"{result['seconds']:.2f} s", f"{result['processor_seconds']:.1f} s", f"{result['peak_mebibytes']:.0f} MiB"]
    cells += [f"{result[key] / against[key]:.2f}x" if against else "" for key in ("seconds", "processor_seconds")]
    print("| " + " | ".join([what, *cells]) + " |", flush=True)


def exact(program, python, folder, repeats):
    for distance in ("dot", "squared_euclidean"):
        found = timed({"ours": [program, "exact", folder / "rows.npy", folder / "queries.npy", distance, 10, 1,
                                folder / f"kindred_{distance}.npy"],
                       "faiss": [python, __file__, "--peer", "exact", folder, distance]}, repeats)
        line(f"faiss-cpu, {distance}", found["faiss"])
        line(f"exact_search, {distance}", found["ours"], found["faiss"])
        script = "import sys, numpy as n; a, b = map(n.load, sys.argv[1:]); print((a == b).mean())"
        same = subprocess.run([python, "-c", script, folder / f"kindred_{distance}.npy", folder / f"faiss_{distance}.npy"],
                              check=True, capture_output=True, text=True).stdout.strip()
        print(f"\nof both, {same} are the same rows at the same places\n", flush=True)


def metrics(program, python, folder, repeats):
    found = timed({"product": [program, "product", folder / "samples.npy", 1],
                   "by_rows": [program, "metrics", folder / "samples.npy", folder / "labels.npy", 1, "by_rows"],
                   "ours": [program, "metrics", folder / "samples.npy", folder / "labels.npy", 1],
                   "faiss": [python, __file__, "--peer", "metrics", folder, "-"]}, repeats)
    line("the full product alone", found["product"])
    line("faiss-cpu and numpy", found["faiss"], found["product"])
    line("each row compared with all", found["by_rows"], found["product"])
    line("evaluate_metrics", found["ours"], found["product"])
    print("\n" + "\n".join(str(found[name]["values"]) for name in ("ours", "by_rows", "faiss")) + "\n", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", default="exact,metrics")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--scratch", type=pathlib.Path, default=pathlib.Path("/tmp/kindred_search_benchmark"))
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release")
    options = parser.parse_args()
    options.scratch.mkdir(parents=True, exist_ok=True)
    python = peers(options.scratch)
    for part in options.parts.split(","):
        if part in search_indexes.PARTS:
            search_indexes.PARTS[part](options, python, __file__)
    if not set(options.parts.split(",")) & {"exact", "metrics"}:
        return
    subprocess.run([python, __file__, "--peer", "data", options.scratch], check=True)
    program = options.build / "bin/search_benchmark"
    if not program.exists():
        sys.exit(f"{program} is missing; build it with: cmake --build {options.build} --target search_benchmark core")
    print(f"{os.cpu_count()} processors\n\n| what | time | of processors | memory | ratio | of processors |\n|---|---|---|---|---|---|", flush=True)
    for name, part in {"exact": exact, "metrics": metrics}.items():
        if name in options.parts.split(","):
            part(program, python, options.scratch, options.repeats)


if __name__ == "__main__":
    as_peer(sys.argv[2:]) if sys.argv[1:2] == ["--peer"] else main()
