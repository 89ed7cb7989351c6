"""Makes inputs of a model out of what Python programs have."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from kindred._error import Error
from kindred._native import Input

if TYPE_CHECKING:
    from kindred._model import Field

# Of a picture with 16 bits or real numbers Pillow would cut off what does not fit into 8 bits.
_DEEP_MODES = ("I", "F", "I;16", "I;16B", "I;16L", "I;16N")


def each_object(objects: Any, fields: list[Field]) -> Iterator[Any]:
    """One object alone, or each of several: an array with one axis more than an object has is several, and so
    is what can be
    iterated and is no object itself."""
    if isinstance(objects, np.ndarray):
        axes = 3 if _kind_of(fields) == "image" else 1
        yield from objects if objects.ndim > axes else [objects]
    elif isinstance(objects, (str, bytes, os.PathLike, Mapping)) or _is_pillow(objects):
        yield objects
    else:
        try:
            several = iter(objects)
        except TypeError:
            several = iter([objects])  # input_of() says what is wrong with it
        yield from several


def input_of(index: int, value: Any, fields: list[Field]) -> Input:
    """Raises Error with the index where the value is nothing that the model reads."""
    try:
        if not isinstance(value, Mapping):
            if len(fields) == 1:
                return _object(value, fields[0].kind)
            names = ", ".join(f"{one.name!r} ({one.kind})" for one in fields)
            raise Error(f"it is {_shown(value)}, but the model reads records: give a dict with {names}")
        known = {one.name: one.kind for one in fields}
        if len(fields) == 1 and "" in known:
            raise Error(f"it is a dict, but the model reads one {fields[0].kind}")
        return Input.record(
            [(name, _object(one, known[name])) for name, one in value.items() if name in known]
        )
    except (Error, ValueError) as error:
        raise Error(f"input {index}: {error}", [(index, str(error))]) from None


def _kind_of(fields: list[Field]) -> str:
    return fields[0].kind if len(fields) == 1 else "record"


def _object(value: Any, kind: str) -> Input:
    if kind == "image":
        return _picture(value)
    if isinstance(value, os.PathLike):
        return Input.file(os.fsencode(value))
    if kind == "text":
        if not isinstance(value, str):
            raise Error(
                f"it is {_shown(value)}, but the model reads texts: give a str, or a pathlib.Path of a file"
            )
        return Input.text(value)
    if isinstance(value, str):
        return Input.file(os.fsencode(value))
    return Input.vector(_vector(value))


def _picture(value: Any) -> Input:
    if isinstance(value, (str, os.PathLike)):
        return Input.file(os.fsencode(value))
    if isinstance(value, (bytes, bytearray, memoryview)):
        return Input.encoded(bytes(value))
    if _is_pillow(value):
        return Input.image(_pixels(value))
    if isinstance(value, np.ndarray):
        if value.dtype == np.uint8 and value.ndim == 3 and value.shape[2] == 3:
            return Input.image(np.ascontiguousarray(value))
        raise Error(
            f"it is an array of {value.dtype} {value.shape}; expected uint8 (height, width, 3) in the order RGB"
        )
    raise Error(
        f"it is {_shown(value)}, but the model reads pictures: give a path, a Pillow picture, uint8 (height, width, 3), or "
        "the bytes of a file"
    )


def _vector(value: Any) -> np.ndarray[Any, np.dtype[np.float32]]:
    array = np.asarray(value)
    if array.ndim != 1 or not (
        np.issubdtype(array.dtype, np.floating) or np.issubdtype(array.dtype, np.integer)
    ):
        raise Error(
            f"it is {_shown(value)}, but the model reads vectors: give an array of numbers with one axis"
        )
    return np.ascontiguousarray(array, dtype=np.float32)


def _is_pillow(value: Any) -> bool:
    image = sys.modules.get("PIL.Image")  # who has such a picture has imported it
    return image is not None and isinstance(value, image.Image)


def _pixels(picture: Any) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """As a file of it would be decoded: turned as its EXIF data say, and without transparency."""
    from PIL import ImageOps

    if picture.mode in _DEEP_MODES:
        raise Error(
            f"it is a Pillow picture of mode {picture.mode}; give its file, or convert it to RGB as it should look"
        )
    return np.ascontiguousarray(ImageOps.exif_transpose(picture).convert("RGB"))


def _shown(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype} {value.shape}"
    return f"of the type {type(value).__name__}"
