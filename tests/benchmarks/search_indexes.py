"""The parts `hnsw` and `ten_million` of search.py: indexes that `host index build` makes from stored vectors.

`hnsw`: 200,000 rows of 128 numbers in HNSW32, as the index faiss builds it by default, beside hnswlib and faiss-cpu with
the same links and widths. Each is searched for 10,000 queries, all at once with two threads and one by one with one.

`ten_million`: 10 million rows of 128 numbers, built by `auto` with 8 GB and searched, with the memory of every process.
It needs 9 GB of disk, and a `build/release` with everything.
"""
import json
import os
import pathlib
import subprocess
import sys
import time

import process_memory

DIMENSION, NEAREST, LINKS, BUILD_WIDTH, WIDTH = 128, 10, 32, 80, 64
GRAPH_ROWS, GRAPH_QUERIES = 200_000, 10_000
MANY_ROWS, CHUNK, MANY_QUERIES = 10_000_000, 250_000, 200
PLAIN = {"kindred": 1, "name": "plain",
         "data": {"dataset": {"type": "vectors", "embeddings": "few.npy", "labels": "few_labels.npy"}},
         "model": {"encoders": {"image": {"type": "identity"}}},
         "train": {"loss": {"type": "nt_xent"}, "batch_sampler": {"type": "shuffle", "batch_size": 64}, "epochs": 0},
         "evaluate": {"metrics": [{"type": "r_precision"}]}}


# What follows up to `as_text` runs where the peers are installed.

def rows_of(random, count, centres):
    import numpy
    rows = centres[random.integers(0, len(centres), count)] + 0.7 * random.standard_normal((count, DIMENSION), dtype=numpy.float32)
    return rows / numpy.linalg.norm(rows, axis=1, keepdims=True)


def write_rows(path, count, queries):
    """Clustered rows of length 1, written a chunk at a time, and queries that are each near to one of the first chunk."""
    import numpy
    if path.exists():
        return
    random = numpy.random.default_rng(1)
    centres = random.standard_normal((10000, DIMENSION), dtype=numpy.float32)
    part = path.with_name("part.npy")
    out = numpy.lib.format.open_memmap(part, mode="w+", dtype=numpy.float32, shape=(count, DIMENSION))
    for first in range(0, count, CHUNK):
        rows = rows_of(random, min(CHUNK, count - first), centres)
        out[first:first + len(rows)] = rows
        if first == 0:
            near = rows[random.integers(0, len(rows), queries)]
            near = near + 0.05 * random.standard_normal(near.shape, dtype=numpy.float32)
            numpy.save(path.with_name(path.stem + "_queries.npy"), near / numpy.linalg.norm(near, axis=1, keepdims=True))
    out.flush()
    part.rename(path)


def write_truth(path):
    """The true neighbours of the queries, a chunk of rows at a time."""
    import numpy
    truth = path.with_name(path.stem + "_truth.npy")
    if truth.exists():
        return
    rows, queries = numpy.load(path, mmap_mode="r"), numpy.load(path.with_name(path.stem + "_queries.npy"))
    scores = numpy.full((len(queries), 0), 0, dtype=numpy.float32)
    found = numpy.zeros((len(queries), 0), dtype=numpy.int64)
    for first in range(0, len(rows), 50_000):
        products = queries @ rows[first:first + 50_000].T
        best = numpy.argpartition(-products, NEAREST, axis=1)[:, :NEAREST]
        scores = numpy.hstack([scores, numpy.take_along_axis(products, best, 1)])
        found = numpy.hstack([found, best + first])
        best = numpy.argsort(-scores, axis=1)[:, :NEAREST]
        scores, found = numpy.take_along_axis(scores, best, 1), numpy.take_along_axis(found, best, 1)
    numpy.save(truth, found)


def make_data(folder, what):
    import numpy
    graph = what == "graph"
    path = folder / f"{what}.npy"
    write_rows(path, GRAPH_ROWS if graph else MANY_ROWS, GRAPH_QUERIES if graph else MANY_QUERIES)
    write_truth(path)
    numpy.save(folder / "few.npy", numpy.load(path, mmap_mode="r")[:512])
    numpy.save(folder / "few_labels.npy", numpy.arange(512) // 8)
    return {}


def recall(folder, words):
    """`words`: the name of the rows and of what was found, with a comma between."""
    import numpy
    name, found = words.split(",")
    truth, found = numpy.load(folder / f"{name}_truth.npy"), numpy.load(folder / f"{found}.npy")
    return {"recall": float((found[:, :, None] == truth[:, None, :]).any(2).mean())}


def peer_hnswlib(folder, _):
    import hnswlib
    import numpy
    index, file = hnswlib.Index("ip", DIMENSION), folder / "hnswlib.bin"
    rows = numpy.load(folder / "graph.npy", mmap_mode="r")
    if not file.exists():
        start = time.perf_counter()
        index.init_index(len(rows), ef_construction=BUILD_WIDTH, M=LINKS)
        index.set_num_threads(2)
        index.add_items(rows)
        (folder / "hnswlib.json").write_text(str(time.perf_counter() - start))
        index.save_index(str(file))
    else:
        index.load_index(str(file), len(rows))
    index.set_ef(WIDTH)

    def search(threads):
        index.set_num_threads(threads)
        return lambda queries: index.knn_query(queries, k=NEAREST)[0]

    queries = numpy.load(folder / "graph_queries.npy")
    search(2)(queries)  # what was read is warm then
    start = time.perf_counter()
    together = search(2)(queries)
    seconds = time.perf_counter() - start
    one, start = search(1), time.perf_counter()
    for i in range(len(queries)):
        one(queries[i:i + 1])
    alone = time.perf_counter() - start
    numpy.save(folder / "found_hnswlib.npy", together)
    return {"together": [seconds], "alone": [alone], "build": float((folder / "hnswlib.json").read_text())}


def peer_faiss(folder, _):
    import faiss
    import numpy
    file = folder / "faiss_graph.index"
    faiss.omp_set_num_threads(2)
    if not file.exists():
        index = faiss.IndexHNSWFlat(DIMENSION, LINKS, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = BUILD_WIDTH
        start = time.perf_counter()
        index.add(numpy.load(folder / "graph.npy"))
        (folder / "faiss_graph.json").write_text(str(time.perf_counter() - start))
        faiss.write_index(index, str(file))
    index = faiss.read_index(str(file))
    index.hnsw.efSearch = WIDTH
    queries = numpy.load(folder / "graph_queries.npy")
    index.search(queries, NEAREST)
    start = time.perf_counter()
    found = index.search(queries, NEAREST)[1]
    seconds = time.perf_counter() - start
    faiss.omp_set_num_threads(1)
    start = time.perf_counter()
    for i in range(len(queries)):
        index.search(queries[i:i + 1], NEAREST)
    alone = time.perf_counter() - start
    numpy.save(folder / "found_faiss.npy", found)
    return {"together": [seconds], "alone": [alone], "build": float((folder / "faiss_graph.json").read_text())}


PEERS = {"index_data": make_data, "recall": recall, "hnswlib": peer_hnswlib, "faiss": peer_faiss}


def as_text(command):
    return [str(word) for word in command]


def said(command):
    """The JSON that a command prints last."""
    ran = subprocess.run(as_text(command), check=True, capture_output=True, text=True)
    return json.loads(ran.stdout.splitlines()[-1])


def watched(what, command):
    """Runs a command and prints its time and its memory at its largest: all of it, mapped files included, and its own."""
    start = time.perf_counter()
    process = subprocess.Popen(as_text(command), stdout=subprocess.PIPE, text=True)
    memory = process_memory.watch(process)
    out = process.stdout.read()
    if process.returncode != 0:
        sys.exit(f"{what} failed")
    seconds = time.perf_counter() - start
    print(f"| {what} | {seconds:.1f} s | {memory['all']:.0f} MiB | {memory['own']:.0f} MiB |", flush=True)
    return out


def prepared(options, python, script, name):
    """What every part needs: the rows, a model that takes vectors as they are, and the programs."""
    folder, host = options.scratch, options.build / "bin/host"
    if not host.exists():
        sys.exit(f"{host} is missing; build it with: cmake --build {options.build}")
    said([python, script, "--peer", "index_data", folder, name])
    if not (folder / "plain").exists():
        (folder / "plain.json").write_text(json.dumps(PLAIN))
        subprocess.run(as_text([host, "run", folder / "plain.json", "--quiet", "--output", folder / "plain"]), check=True,
                       stdout=subprocess.DEVNULL)
    return folder, host


def hnsw(options, python, script):
    folder, host = prepared(options, python, script, "graph")
    index, program = folder / "graph.index", options.build / "bin/index_benchmark"
    if not index.exists():
        start = time.perf_counter()
        subprocess.run(as_text([host, "index", "build", "--quiet", "--model", folder / "plain", "--output", index, "--index",
                                "faiss", "--params", json.dumps({"factory": f"HNSW{LINKS}", "ef_construction": BUILD_WIDTH,
                                                                 "ef_search": WIDTH}), folder / "graph.npy"]), check=True)
        (folder / "graph_build.json").write_text(str(time.perf_counter() - start))
    commands = {"hnswlib": [python, script, "--peer", "hnswlib", folder, "-"],
                "faiss": [python, script, "--peer", "faiss", folder, "-"],
                "ours": [program, index, folder / "graph_queries.npy", NEAREST, 1, folder / "found"]}
    best = {}
    for _ in range(options.repeats):
        for name, command in commands.items():
            out = said(command)
            parts = {f"ours, {way}": out[way] for way in ("component", "live")} if name == "ours" else {name: out}
            for part, times in parts.items():
                for way in ("together", "alone"):
                    best.setdefault(part, {})[way] = min([*times[way], best.get(part, {}).get(way, 1e9)])
                best[part]["build"] = times.get("build", float((folder / "graph_build.json").read_text()))
    print(f"{GRAPH_ROWS} rows of {DIMENSION}, HNSW{LINKS}, {BUILD_WIDTH} wide when built, {WIDTH} when searched, {os.cpu_count()} "
          "processors\n\n| what | build | all at once | ratio | one by one, one thread | ratio | recall@10 |\n|---|---|---|---|---|---|---|")
    files = {"hnswlib": "found_hnswlib", "faiss": "found_faiss", "ours, component": "found_component", "ours, live": "found_live"}
    for name, file in files.items():
        share = said([python, script, "--peer", "recall", folder, f"graph,{file}"])["recall"]
        cells = [f"{best[name]['build']:.0f} s"]
        for way in ("together", "alone"):
            cells += [f"{GRAPH_QUERIES / best[name][way]:,.0f} queries/s",
                      f"{best['hnswlib'][way] / best[name][way]:.2f}x"]
        print("| " + " | ".join([name, *cells, f"{share:.4f}"]) + " |", flush=True)


def ten_million(options, python, script):
    folder, host = prepared(options, python, script, "many")
    index = folder / "many.index"
    queries = folder / "many_queries.npy"
    print("| what | time | memory with mapped files | its own |\n|---|---|---|---|", flush=True)
    if not index.exists():
        # At first without anything to build, so that rows and index are measured apart.
        watched("rows and items into the index", [host, "index", "build", "--model", folder / "plain", "--output", index, "--index",
                                                  "flat", folder / "many.npy"])
    watched("`auto` with 4 GB", [host, "index", "compact", index, "--index", "auto", "--memory", "4GB"])
    one = watched("`host search`, 200 queries", [host, "search", "--index", index, "--embeddings", queries, "--json"])
    (folder / "one.json").write_text(one)
    watched("the same, compared with every row",
            [host, "search", "--index", index, "--embeddings", queries, "--json", "--exact"])
    out = json.loads(watched("opened, searched all at once and one by one",
                             [options.build / "bin/index_benchmark", index, queries, NEAREST, 1, folder / "found_many"]))
    for way in ("live", "component"):
        if way in out:
            share = said([python, script, "--peer", "recall", folder, f"many,found_many_{way}"])["recall"]
            print(f"{way}: {out[way]['together'][0] / MANY_QUERIES * 1e3:.1f} ms a query at once, "
                  f"{out[way]['alone'][0] / MANY_QUERIES * 1e3:.1f} ms alone with one thread, recall@10 {share:.4f}")
    print(f"opened in {out['open_seconds']:.1f} s")


PARTS = {"hnsw": hnsw, "ten_million": ten_million}
