"""Kindred from Python: trained models that give embeddings, indexes that are searched, and runs of pipelines.

>>> import kindred
>>> run = kindred.run({"kindred": 1, "name": "parts", ...})
>>> model = kindred.SimilarityModel.load(run.folder)
>>> embeddings = model.encode(["a.jpg", "b.jpg"])           # float32 (2, D)
>>> index = kindred.Index.open("parts.index")
>>> index.search("a.jpg", k=5)[0][0].path
"""

from kindred import _libtorch

_libtorch.load()

from kindred._build import VERSION as __version__  # noqa: E402
from kindred._error import Error  # noqa: E402
from kindred._index import Index, IndexCard, Neighbour  # noqa: E402
from kindred._model import Component, Field, ModelCard, SimilarityModel  # noqa: E402
from kindred._run import Run, run  # noqa: E402

__all__ = [
    "Component",
    "Error",
    "Field",
    "Index",
    "IndexCard",
    "ModelCard",
    "Neighbour",
    "Run",
    "SimilarityModel",
    "__version__",
    "run",
]
