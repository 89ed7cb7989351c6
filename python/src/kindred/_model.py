"""A trained model."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Union

import numpy as np
from numpy.typing import NDArray

from kindred import _native
from kindred._error import Error
from kindred._inputs import each_object, input_of

Path = Union[str, "os.PathLike[str]"]
_BATCHES_AT_ONCE = 8  # between which Python sees Ctrl-C


@dataclass(frozen=True)
class Field:
    """One object that a model reads of each input."""

    name: str  #: "" where the model reads one object without a name
    kind: str  #: "image", "text" or "vector"
    length: int  #: numbers of a vector; 0: no vector, or any length
    encoder: str  #: the name of the encoder that reads it


@dataclass(frozen=True)
class Component:
    """A component that a model is made of."""

    kind: str  #: "encoder", "transform" or "head"
    id: str
    version: str
    plugin: str
    plugin_version: str


@dataclass(frozen=True)
class ModelCard:
    """What the folder of a model says of it."""

    name: str  #: of the pipeline
    metrics: dict[str, float]  #: measured on the test classes, such as "tuned.r_precision"
    components: list[Component]
    distance: str  #: by which embeddings are compared, such as "cosine"
    unit_length: bool | None  #: embeddings have length 1; None where that is not known
    kindred_version: str  #: of the library that loaded the model
    manifest: dict[str, Any]  #: the file model.json


class SimilarityModel:
    """A trained model that is ready to encode. Any number of threads may use one; the interpreter's lock is
    not held meanwhile.
    """

    def __init__(self, native: _native.Model, batch_size: int) -> None:
        """``SimilarityModel.load`` makes models."""
        self._native = native
        self._at_once = batch_size * _BATCHES_AT_ONCE
        card = native.card()
        self._fields = [Field(*one) for one in native.fields()]
        self._card = ModelCard(
            **{
                **card,
                "components": [Component(*one) for one in card["components"]],
                "manifest": json.loads(card["manifest"]),
            }
        )

    @classmethod
    def load(
        cls,
        folder: Path,
        *,
        device: str = "auto",
        batch_size: int = 32,
        threads: int = 0,
        plugin_folders: Sequence[Path] = (),
    ) -> SimilarityModel:
        """Opens the folder ``model`` that a run leaves, or the folder of the run.

        ``device``: "auto" (CUDA where there is one), "cpu", "cuda" or "cuda:N". ``batch_size``: inputs that
        are encoded at once. ``threads``: that read and decode; 0 takes one per processor. ``plugin_folders``:
        folders with plugins that are searched first. Raises Error, which says what is missing or damaged.
        """
        folders = [os.fsencode(one) for one in plugin_folders]
        return cls(_native.Model.load(os.fsencode(folder), folders, device, batch_size, threads), batch_size)

    def encode(
        self,
        objects: Any,
        *,
        mirror: bool = False,
        on_error: Literal["raise", "nan"] | Callable[[int, str], None] = "raise",
    ) -> NDArray[np.float32]:
        """Embeddings as float32 (N, D), in the order of ``objects``: one object, or several of them in a
        list, an iterator or an array. What an object may be depends on what the model reads (``fields``):

        * pictures: a path (``str`` or ``pathlib.Path``), a Pillow picture, uint8 (height, width, 3) in the
          order RGB, or the ``bytes`` of a picture file. uint8 (N, height, width, 3) is several.
        * texts: a ``str``, which is the text itself, or a ``pathlib.Path`` of a file with one text.
        * vectors: numbers with one axis, or the path of a file .npy. An array (N, L) is several.
        * records: a ``dict`` that has such an object for each of the model's fields.

        ``mirror``: rows are the means of what pictures and their mirror images give, in twice the time.
        ``on_error``: what becomes of an object that cannot be read or encoded. "raise" raises Error, whose
        ``index`` is its place; "nan" leaves a row of NaN, and so does a function, which is called with the
        place and the sentence. What is no object of the model at all, such as a number in place of a picture,
        always raises Error.
        """
        if on_error not in ("raise", "nan") and not callable(on_error):
            raise Error(f'on_error is {on_error!r}; expected "raise", "nan" or a function')
        numbered = enumerate(each_object(objects, self._fields))
        blocks: list[NDArray[np.float32]] = []
        first = 0
        while chunk := [
            input_of(i, one, self._fields) for i, one in itertools.islice(numbered, self._at_once)
        ]:
            values, errors = self._native.encode(chunk, mirror)
            failed = [(first + place, message) for place, message in errors]
            if failed and on_error == "raise":
                others = f" (and {len(failed) - 1} more of {len(chunk)})" if len(failed) > 1 else ""
                raise Error(f"input {failed[0][0]}: {failed[0][1]}{others}", failed)
            if callable(on_error):
                for place, message in failed:
                    on_error(place, message)
            blocks.append(values)
            first += len(chunk)
        if not blocks:
            return np.empty((0, self.dimension), np.float32)
        return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)

    @property
    def dimension(self) -> int:
        """D, the length of an embedding."""
        return self._native.dimension()

    @property
    def fields(self) -> list[Field]:
        """What each input consists of. A model with one field takes its object as it is, one with several
        takes records.
        """
        return list(self._fields)

    @property
    def card(self) -> ModelCard:
        """What the model's folder says of it."""
        return self._card

    @property
    def fingerprint(self) -> str:
        """Tells the model from others, also where it was moved or renamed. The files of its folder are read
        for it.
        """
        return self._native.fingerprint()

    def __repr__(self) -> str:
        kinds = ", ".join(one.kind for one in self._fields)
        return f"<kindred.SimilarityModel {self._card.name!r}: {kinds} -> {self.dimension} numbers>"
