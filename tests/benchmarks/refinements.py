#!/usr/bin/env python3
"""The table of docs/results.md with refined searches of Stanford Cars.

    CARS_EMBEDDINGS=/folder/with/efficientnet_lite0.npy tests/benchmarks/refinements.py [--host HOST]
    STANFORD_CARS=... KINDRED_WEIGHTS=... tests/benchmarks/refinements.py --model RUN [--host HOST]

Without --model it trains datasets/stanford_cars/vectors.json, which takes half a minute. With --model it takes a run
of datasets/stanford_cars/doubled_deeper.json, whose pictures are embedded once; rows with averaged views embed
them anew. Each row is one `host evaluate` with the options that it names. Rows are appended to SCRATCH/rows.jsonl
as they are made, so that a stopped benchmark continues where it was, and printed as a table at the end. Times are the least of
several medians, since other work on the machine only makes them longer.
"""
import argparse
import json
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
CARS = ROOT / "datasets/stanford_cars"
METRICS = 'evaluate.metrics=[{"type":"r_precision"},{"type":"map_at_r"},{"type":"precision_at_1"}]'
RECIPROCAL = "k_reciprocal"
REPEATS = 3
ROWS = {
    "average query expansion, k = 5": ["--rerank", "average_qe:k=5"],
    "alpha query expansion, k = 5": ["--rerank", "alpha_qe:k=5"],
    "alpha query expansion, k = 20": ["--rerank", "alpha_qe:k=20"],
    "k-reciprocal, 200 deep": ["--rerank", RECIPROCAL],
    "whitened to 512": ["--whiten", "512"],
    "whitened to 128": ["--whiten", "128"],
    "whitened to 64": ["--whiten", "64"],
    "cut to 512": ["--cut", "512"],
    "cut to 128": ["--cut", "128"],
    "int8, 100 scored again": ["--codes", "int8"],
    "int8 alone": ["--codes", "int8:rescore=0"],
    "binary, 100 scored again": ["--codes", "binary"],
    "binary alone": ["--codes", "binary:rescore=0"],
    "whitened to 128, int8, 100 scored again": ["--whiten", "128", "--codes", "int8"],
    "alpha expansion, k = 20, then k-reciprocal": ["--rerank", "alpha_qe:k=20", "--rerank", RECIPROCAL],
}
VIEWS = {
    "picture and mirror averaged": [],
    "averaged, alpha expansion, k = 20, then k-reciprocal":
        ["--rerank", "alpha_qe:k=20", "--rerank", RECIPROCAL],
}


def run(command):
    out = subprocess.run([str(part) for part in command], capture_output=True, text=True, cwd=ROOT)
    if out.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))} failed:\n{out.stderr}")
    return out.stdout


def evaluated(host, pipeline, model, options):
    return json.loads(run([host, "evaluate", pipeline, "--model", model, "--quiet", "--json", "--set", METRICS,
                           "--set", "evaluate.baseline=false", "--set", "evaluate.bootstrap_samples=0", *options]))


def timed(host, pipeline, model, options):
    """The row, and of several measurements of its times, each with a few queries, the least."""
    row = evaluated(host, pipeline, model, options)
    few = ["--set", 'evaluate.eval_sampler={"type":"group","queries":64}']
    for _ in range(REPEATS if "refinement" in row else 0):
        again = evaluated(host, pipeline, model, options + few)["refinement"]["microseconds_per_query"]
        times = row["refinement"]["microseconds_per_query"]
        times.update({side: min(times[side], again[side]) for side in times})
    return row


def stored(host, model, scratch):
    """The embeddings of all pictures as a dataset of vectors, and a model that gives them as they are."""
    embeddings = scratch / "efficientnet_lite0.npy"
    if not embeddings.exists():
        run([host, "embed", "--quiet", "--model", model, "--data", CARS / "doubled_deeper.json", "--output", embeddings])
        labels = pathlib.Path(os.environ["CARS_EMBEDDINGS"]) / "labels.npy"
        (scratch / "labels.npy").write_bytes(labels.read_bytes())
    os.environ["CARS_EMBEDDINGS"] = str(scratch)
    plain = scratch / "plain"
    if not plain.exists():
        run([host, "run", CARS / "vectors.json", "--quiet", "--output", plain, "--set", "model.head=null", "--set",
             "train.epochs=0"])
    return CARS / "vectors.json", plain


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default=ROOT / "build/release/bin/host")
    parser.add_argument("--model", type=pathlib.Path)
    parser.add_argument("--scratch", type=pathlib.Path, default=pathlib.Path("refinements_scratch"))
    args = parser.parse_args()
    scratch = args.scratch.resolve()
    scratch.mkdir(parents=True, exist_ok=True)
    if args.model:
        pipeline, model = stored(args.host, args.model.resolve(), scratch)
    else:
        pipeline, model = CARS / "vectors.json", scratch / "default"
        if not model.exists():
            run([args.host, "run", pipeline, "--quiet", "--output", model])
    journal = scratch / "rows.jsonl"
    done = {}
    if journal.exists():
        done = {row["name"]: row for row in map(json.loads, journal.read_text().splitlines())}
    rows = {name: (pipeline, model, options) for name, options in ROWS.items()}
    if args.model:
        views = ["--set", 'evaluate.test_views=["plain","mirror"]']
        rows.update({name: (CARS / "doubled_deeper.json", args.model.resolve(), views + options)
                     for name, options in VIEWS.items()})
    for name, (where, what, options) in rows.items():
        if name in done:
            continue
        done[name] = {"name": name, **timed(args.host, where, what, options)}
        with journal.open("a") as file:
            file.write(json.dumps(done[name]) + "\n")
    print(table([done[name] for name in rows]))


def line(name, metrics, size, time):
    values = " | ".join(f"{metrics[key]:.4f}" for key in ("r_precision", "map_at_r", "precision_at_1"))
    return f"| {name} | {values} | {size if size else ''} | {f'{time:,.0f}' if time else ''} |"


def table(rows):
    """Plain search is measured beside every refined one: the least of its times stands in the first line."""
    costs = [row["refinement"] for row in rows if "refinement" in row]
    plain = min(cost["microseconds_per_query"]["tuned"] for cost in costs)
    out = ["| search | R-Precision | MAP@R | P@1 | bytes per item | microseconds per query |", "|---|---|---|---|---|---|",
           line("plain", rows[0]["metrics"]["tuned"], costs[0]["bytes_per_item"]["tuned"], plain)]
    for row in rows:
        cost = row.get("refinement")
        out.append(line(row["name"], row["metrics"]["refined" if cost else "tuned"],
                        cost and cost["bytes_per_item"]["refined"], cost and cost["microseconds_per_query"]["refined"]))
    return "\n".join(out)


if __name__ == "__main__":
    main()
