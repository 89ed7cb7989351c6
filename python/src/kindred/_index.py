"""An index that is searched."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from kindred import _native
from kindred._error import Error
from kindred._model import Path, SimilarityModel


@dataclass(frozen=True)
class Neighbour:
    """An item that was found for a query."""

    id: str
    path: str  #: of its file; "" where it has none
    class_name: str  #: "" where it has none
    label: int | None
    distance: float  #: from the query, by ``IndexCard.distance``
    columns: dict[str, Any]  #: what else is known of it


@dataclass(frozen=True)
class IndexCard:
    """What the folder of an index says of it."""

    items: int
    dimension: int  #: numbers of an embedding that it is searched with
    distance: str  #: by which rows are compared, such as "cosine"
    model_name: str  #: "" where the rows are of no model that is known
    model_fingerprint: str  #: ``SimilarityModel.fingerprint`` of it; "" likewise
    model_folder: str  #: where the model was when the index was built; "" where that is gone
    and_mirror: bool  #: rows are means of pictures and their mirror images
    columns: list[str]  #: which a condition may name


class Index:
    """An index as it was when it was opened. Any number of threads may search one."""

    def __init__(
        self,
        native: _native.Index,
        folder: str,
        model: SimilarityModel | Path | None,
        device: str,
        plugin_folders: Sequence[Path],
    ) -> None:
        """``Index.open`` makes indexes."""
        self._native = native
        self._folder = folder
        self._card = IndexCard(
            **{**native.card(), "model_folder": os.fsdecode(native.card()["model_folder"])}
        )
        self._model: SimilarityModel | None = None
        self._given, self._device, self._plugin_folders = model, device, plugin_folders
        self._loading = threading.Lock()
        if isinstance(model, SimilarityModel):
            self._model = self._checked(model)

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        model: SimilarityModel | Path | None = None,
        device: str = "auto",
        plugin_folders: Sequence[Path] = (),
    ) -> Index:
        """Opens a folder that ``host index build`` made.

        ``model``: the model of the index, or its folder. Without it the model is taken from where it was when
        the index was built. It is loaded when objects are first searched for, on ``device``, and must be the
        one that made the rows. ``plugin_folders``: as in ``SimilarityModel.load``. Raises Error.
        """
        folders = [os.fsencode(one) for one in plugin_folders]
        return cls(
            _native.Index.open(os.fsencode(folder), folders),
            os.fsdecode(folder),
            model,
            device,
            plugin_folders,
        )

    def search(
        self,
        objects: Any = None,
        *,
        embeddings: ArrayLike | None = None,
        ids: str | Iterable[str] | None = None,
        k: int = 10,
        where: str = "",
        group_by: str = "",
        exact: bool = False,
        rerank: Sequence[str] = (),
    ) -> list[list[Neighbour]]:
        """The ``k`` nearest items of each query, the nearest first. Queries are one of these:

        * ``objects``, as ``SimilarityModel.encode`` takes them,
        * ``embeddings`` (N, D) or (D) that the index's model gave before,
        * ``ids`` of items of the index, which are not among what is found for them.

        ``where``: a condition over the columns, such as "year >= 2010 AND class_name = 'cup'". ``group_by``:
        a column of whose values each is found once. ``exact``: every row is compared, whatever the index was
        built with. ``rerank``: refinements as ``host search --rerank`` takes them, such as ["alpha_qe:k=5"].
        Raises Error.
        """
        if sum(one is not None for one in (objects, embeddings, ids)) != 1:
            raise Error("give one of objects, embeddings and ids, for which the index is searched")
        wish = _native.Wish(k, where, group_by, exact, [rerank] if isinstance(rerank, str) else list(rerank))
        if ids is not None:
            several = [ids] if isinstance(ids, str) else ids
            found = [self._native.like(_bytes_of(one), wish) for one in several]
        else:
            rows = (
                self.model.encode(objects, mirror=self._card.and_mirror)
                if embeddings is None
                else self._rows(embeddings)
            )
            found = self._native.search(np.ascontiguousarray(rows, dtype=np.float32), wish)
        return [[_neighbour(one) for one in each] for each in found]

    @property
    def model(self) -> SimilarityModel:
        """The model that made the rows, loaded when it is first asked for. Raises Error where it is not there
        or another one.
        """
        with self._loading:
            if self._model is None:
                folder = self._given or self._card.model_folder
                if not folder:
                    if not self._card.model_fingerprint:
                        raise Error(self._no_model_text())
                    raise Error(
                        f"the model {self._card.model_name!r} of the index {self._folder} is not where it was when the index was "
                        "built; give Index.open its folder as model"
                    )
                assert not isinstance(folder, SimilarityModel)
                loaded = SimilarityModel.load(
                    folder, device=self._device, plugin_folders=self._plugin_folders
                )
                self._model = self._checked(loaded)
            return self._model

    @property
    def card(self) -> IndexCard:
        """What the index's folder says of it."""
        return self._card

    @property
    def is_current(self) -> bool:
        """Says whether nothing was committed since the index was opened; if not, what is opened anew finds
        more.
        """
        return self._native.is_current()

    def __len__(self) -> int:
        return self._card.items

    def __repr__(self) -> str:
        return f"<kindred.Index {self._folder}: {self._card.items} items, {self._card.distance}>"

    def _checked(self, model: SimilarityModel) -> SimilarityModel:
        expected = self._card.model_fingerprint
        if not expected:
            raise Error(self._no_model_text())
        found = model.fingerprint
        if expected != found:
            raise Error(
                f"the index {self._folder} holds rows of the model {self._card.model_name!r} ({expected}), but the "
                f"model given is {model.card.name!r} ({found}); give the index's own model, or build an index with this one"
            )
        return model

    def _no_model_text(self) -> str:
        return (
            f"the index {self._folder} does not say which model made its rows; encode the objects yourself and give "
            "search their embeddings"
        )

    def _rows(self, embeddings: ArrayLike) -> np.ndarray[Any, np.dtype[Any]]:
        rows = np.atleast_2d(np.asarray(embeddings))
        expected = self._card.dimension
        if rows.ndim != 2 or rows.shape[1] != expected or not np.issubdtype(rows.dtype, np.floating):
            raise Error(
                f"the embeddings are an array of {rows.dtype} {rows.shape}; expected real numbers "
                f"(N, {expected}), as the model of the index {self._folder} gives them"
            )
        return rows


def _bytes_of(id: str) -> bytes:
    """The bytes that the index holds. An id that is no text has them as ``Neighbour.id`` gave it."""
    try:
        return id.encode("utf-8", "surrogateescape")
    except (AttributeError, UnicodeEncodeError):
        raise Error(f"{id!r} is no id of an item; expected a text, as Neighbour.id gives it") from None


def _neighbour(found: tuple[str, str, str, int, float, str]) -> Neighbour:
    id, path, class_name, label, distance, columns = found
    return Neighbour(id, path, class_name, None if label < 0 else label, distance, json.loads(columns))
