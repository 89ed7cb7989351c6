"""Loads LibTorch out of the package ``torch``, of which nothing in Python is needed."""

from __future__ import annotations

import ctypes
import importlib.metadata
import importlib.util
import pathlib
import sys

from kindred._build import TORCH_VERSION, VERSION

_LIBRARIES = ("libc10.so", "libtorch_cpu.so", "libtorch.so")


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def folder() -> pathlib.Path:
    """The folder of LibTorch's libraries. Raises ImportError where ``torch`` is missing or another version."""
    advice = f"pip install 'torch=={TORCH_VERSION}.*'"
    package = importlib.util.find_spec("torch")  # does not import it, which would take a second or more
    if package is None or package.origin is None:
        raise ImportError(
            f"kindred {VERSION} needs the package torch {TORCH_VERSION}, which is not installed; {advice}"
        )
    found = importlib.metadata.version("torch")
    if _minor(found) != TORCH_VERSION:
        raise ImportError(
            f"kindred {VERSION} was built with LibTorch {TORCH_VERSION}, but torch {found} is installed in "
            f"{package.origin}; {advice}, or build Kindred and this package again with that one"
        )
    return pathlib.Path(package.origin).parent / "lib"


def load() -> None:
    """Loads the libraries, so that the extension and the plugins take these wherever ``torch`` is installed."""
    libraries = folder()
    if "torch" in sys.modules:
        return  # it loaded them
    for name in _LIBRARIES:
        try:
            ctypes.CDLL(str(libraries / name))
        except OSError as error:
            raise ImportError(
                f"LibTorch cannot be loaded ({error}); install torch {TORCH_VERSION} anew"
            ) from error
