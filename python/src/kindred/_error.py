"""The one exception of the package."""

from __future__ import annotations

from collections.abc import Sequence


class Error(Exception):
    """Something that somebody can act on; the text says what was given, what was expected and what to do.

    Where inputs are at fault, ``index`` is the place of the first of them in what was given, and ``errors``
    holds the place and the sentence of each that is known.
    """

    def __init__(self, message: str, errors: Sequence[tuple[int, str]] = ()) -> None:
        super().__init__(message)
        self.errors: list[tuple[int, str]] = list(errors)
        self.index: int | None = self.errors[0][0] if self.errors else None
