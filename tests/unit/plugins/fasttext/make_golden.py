#!/usr/bin/env python3
"""Writes the models and golden.json beside this file.

Needs fastText's program (Debian: fasttext) to train the models, and gensim 4, another implementation of the
format and the one the Python framework uses, for the expected embeddings:
    pip install gensim && ./make_golden.py
"""
import json
import pathlib
import subprocess

import numpy as np
from gensim.models.fasttext import load_facebook_vectors

HERE = pathlib.Path(__file__).parent
LINES = """a red car stands beside a blue car
the old truck carries red apples and green pears
a small café sells tea in the old town
blue trucks and red cars carry apples to the town
das Auto fährt über die Brücke
the green car is older than the blue truck""".splitlines()
TEXTS = [
    "a red car",
    "red  car\tred\ncar",  # white space of several kinds, a word twice
    "redder trucking",  # unknown words of known n-grams
    "café Brücke über naïve",  # n-grams are of characters, not bytes
    "q",
    "",
    " \n ",
    "a red car stands beside the unseen lorry of Mr. O'Neill, 1999",
]
AGGREGATIONS = {"avg": np.mean, "min": np.min, "max": np.max}


def train(kind, lines, name, *options):
    text = HERE / "lines.txt"
    text.write_text("\n".join(lines) + "\n")
    subprocess.run(["fasttext", kind, "-input", text, "-output", HERE / name, "-dim", "4", "-bucket", "50",
                    "-minCount", "1", "-epoch", "300", "-lr", "0.3", "-t", "1", "-thread", "1", "-verbose", "0", *options],
                   check=True)
    text.unlink()
    (HERE / f"{name}.vec").unlink()


def embedding(vectors, text, aggregation):
    words = text.split()
    if not words:
        return [0.0] * vectors.vector_size
    return [float(x) for x in AGGREGATIONS[aggregation](np.stack([vectors[word] for word in words]), axis=0)]


# Negative sampling would make every load of the tests build a table of 40 MB.
train("skipgram", LINES, "words", "-minn", "2", "-maxn", "4", "-loss", "hs")
train("supervised", [f"__label__{i % 2} {line}" for i, line in enumerate(LINES)], "classifier")
vectors = load_facebook_vectors(str(HERE / "words.bin"))
golden = {"texts": TEXTS, **{name: [embedding(vectors, text, name) for text in TEXTS] for name in AGGREGATIONS}}
(HERE / "golden.json").write_text(json.dumps(golden, indent=1) + "\n")
