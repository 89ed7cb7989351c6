#!/usr/bin/env python3
"""What the plugin saves is a FAISS file: Python's faiss opens it and finds the same rows.

    python_opens_test.py PROGRAM FOLDER

PROGRAM is write_faiss_files. KINDRED_FAISS_PYTHON names a Python that has numpy and faiss-cpu, where this one has not.
Exits with 77, which ctest takes for skipped, where neither has.
"""
import os
import pathlib
import shutil
import subprocess
import sys

try:
    import faiss
    import numpy
except ImportError as missing:
    other = os.environ.pop("KINDRED_FAISS_PYTHON", None)
    if other:
        sys.exit(subprocess.run([other, *sys.argv]).returncode)
    print(f"skipped: {missing}; pip install numpy faiss-cpu, or name a Python that has them in KINDRED_FAISS_PYTHON")
    sys.exit(77)


def main(program, folder):
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([program, folder], check=True)
    folders = sorted(pathlib.Path(folder).iterdir())
    assert len(folders) == 5, folders
    for one in folders:
        index = faiss.read_index(str(one / "index.faiss"))
        queries, expected = numpy.load(one / "queries.npy"), numpy.load(one / "rows.npy")
        assert index.ntotal == 1000 and index.d == queries.shape[1], one
        _, found = index.search(queries, expected.shape[1])
        share = numpy.mean([numpy.isin(a, b).mean() for a, b in zip(found, expected)])
        print(f"{one.name}: {type(faiss.downcast_index(index)).__name__}, {share:.3f} of the rows")
        assert share > 0.95, (one, share)


main(*sys.argv[1:])
