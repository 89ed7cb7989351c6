"""The program ``host`` that the wheel brings along."""

from __future__ import annotations

import os
import pathlib
import sys

from kindred import _libtorch


def program() -> str:
    """Path of the program."""
    return str(pathlib.Path(__file__).parent / "bin" / "host")


def environment() -> dict[str, str]:
    """What it is started with: the environment of this process, and LibTorch as this process has it."""
    variables = dict(os.environ)
    before = variables.get("LD_LIBRARY_PATH")
    variables["LD_LIBRARY_PATH"] = str(_libtorch.folder()) + (f":{before}" if before else "")
    return variables


def main() -> None:
    """The command ``kindred``: becomes ``host`` with the same arguments."""
    os.execve(program(), [program(), *sys.argv[1:]], environment())
