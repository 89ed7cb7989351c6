#!/usr/bin/env python3
"""Writes the seeds of the fuzz targets into tests/fuzz/corpus: one small valid file of every form that is read.

    tests/fuzz/make_corpus.py [--plugin FILE.kindred.so]

Needs NumPy, PyTorch and safetensors. --plugin: a small stripped plugin for the reader of notes. Files that a
fuzzer found are kept beside the seeds, named found_*; this script leaves them alone.
"""
import argparse
import json
import pathlib
import shutil

import numpy
import safetensors.numpy
import torch

CORPUS = pathlib.Path(__file__).parent / "corpus"


def folder(target):
    path = CORPUS / target
    path.mkdir(parents=True, exist_ok=True)
    return path


def arrays():
    for dtype in ("bool", "int8", "uint8", "int16", "int32", "int64", "float16", "float32", "float64"):
        numpy.save(folder("npy") / f"{dtype}.npy", numpy.arange(6).reshape(2, 3).astype(dtype))
    numpy.save(folder("npy") / "scalar.npy", numpy.float32(3))
    numpy.save(folder("npy") / "empty.npy", numpy.zeros((0, 4), "float32"))


def checkpoints():
    state = {"a.weight": torch.arange(6, dtype=torch.float32).reshape(2, 3), "a.bias": torch.zeros(2),
             "steps": torch.tensor(7), "half": torch.ones(3, dtype=torch.float16)}
    target = folder("checkpoint")
    torch.save(state, target / "zip.pth")
    torch.save(state, target / "legacy.pth", _use_new_zipfile_serialization=False)
    torch.save({"state_dict": {"module." + name: value for name, value in state.items()}, "epoch": 3}, target / "wrapped.pth")
    safetensors.numpy.save_file({name: value.numpy() for name, value in state.items()}, target / "plain.safetensors",
                                metadata={"format": "pt"})


def pipelines():
    root = pathlib.Path(__file__).resolve().parents[2]
    for path in sorted((root / "datasets").glob("*/*.json")):
        value = json.loads(path.read_text())
        if "extends" not in value:  # what it names lies beside it
            (folder("pipeline") / f"{path.parent.name}_{path.name}").write_text(json.dumps(value))


def manifest():
    value = {"kindred": 1, "name": "seed", "metrics": {},
             "encoder": {"name": "vector", "type": "kindred.identity", "version": "1.0.0", "plugin": "kindred.encoders",
                         "plugin_version": "1.0.0", "params": {}, "dimension": 4},
             "transforms": [{"type": "kindred.resize", "params": {"size": [8, 8]}},
                            {"type": "kindred.normalize", "params": {"mean": [0, 0, 0], "std": [1, 1, 1]}}],
             "heads": [{"type": "kindred.skip_connection", "params": {}, "input_dimension": 4}]}
    (folder("servable") / "model.json").write_text(json.dumps(value))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plugin")
    options = parser.parse_args()
    arrays()
    checkpoints()
    pipelines()
    manifest()
    if options.plugin:
        shutil.copy(options.plugin, folder("plugin_notes") / "plugin.so")


if __name__ == "__main__":
    main()
