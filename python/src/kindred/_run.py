"""Runs of pipelines, by the program ``host``."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from kindred import _host
from kindred._error import Error
from kindred._model import Path

_INTERRUPTED = 130
_WROTE = "wrote "


class Run(dict[str, Any]):
    """What a run measured: ``result.json`` as a dict, or ``results.json`` of a series of runs."""

    def __init__(self, result: Mapping[str, Any], folder: pathlib.Path) -> None:
        super().__init__(result)
        self.folder = folder
        """The run's folder, which ``SimilarityModel.load`` opens."""


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def run(
    pipeline: Mapping[str, Any] | Path,
    *,
    output: Path | None = None,
    settings: Mapping[str, Any] | None = None,
    seeds: int | None = None,
    grid: Mapping[str, Sequence[Any]] | None = None,
    plugin_folders: Sequence[Path] = (),
    progress: Callable[[str], None] | None = _to_stderr,
) -> Run:
    """Trains and measures as ``host run`` does, and returns what was measured.

    ``pipeline``: a dict as the file would hold it, whose relative paths start at the working directory, or
    the path of a file. ``output``: the run's folder; without it a new one below ``runs/``. ``settings``:
    values by key, such as {"train.epochs": 5}. ``seeds``: so many runs with different seeds. ``grid``: lists
    of values by key; each combination is a run. ``progress``: gets each line that the run says; None: nothing
    does.

    Raises Error with what the run said where it fails, or where the pipeline is invalid: each mistake with
    its place. Ctrl-C lets the run finish its step and save, so that ``host run --resume`` can go on, and
    raises KeyboardInterrupt.
    """
    with contextlib.ExitStack() as cleanup:
        written = None
        if isinstance(pipeline, Mapping):
            written = cleanup.enter_context(_written(pipeline))
        command = [_host.program(), "run", "--json", written or os.fspath(pipeline)]  # type: ignore[arg-type]
        command += ["--output", os.fspath(output)] if output is not None else []
        for key, value in (settings or {}).items():
            command += ["--set", f"{key}={_text(value)}"]
        for key, values in (grid or {}).items():
            command += ["--grid", f"{key}={','.join(_text(one) for one in values)}"]
        command += ["--seeds", str(seeds)] if seeds is not None else []
        for one in plugin_folders:
            command += ["--plugins", os.fspath(one)]
        code, answer, said = _finished(command, progress or (lambda line: None))
    if code == 0:
        return Run(json.loads(answer), pathlib.Path(output) if output is not None else _folder(said))
    if code == _INTERRUPTED:
        raise KeyboardInterrupt(said[-1] if said else "the run was interrupted")
    message = _message(code, answer, said)
    raise Error(message.replace(written, "the pipeline") if written else message)


@contextlib.contextmanager
def _written(pipeline: Mapping[str, Any]) -> Iterator[str]:
    """A file of the pipeline. It lies in the working directory, since relative paths start where the file is."""
    text = _text(pipeline)
    try:
        descriptor, path = tempfile.mkstemp(suffix=".json", prefix=".kindred-", dir=os.getcwd(), text=True)
    except OSError as error:
        raise Error(
            f"the pipeline cannot be written into the working directory, where its relative paths start: {error}; change to "
            "a folder that can be written to, or give the path of a file"
        ) from None
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        yield path
    finally:
        pathlib.Path(path).unlink(missing_ok=True)


def _text(value: Any) -> str:
    try:
        return json.dumps(value, allow_nan=False, default=_plain)
    except (TypeError, ValueError) as error:
        raise Error(f"the pipeline or its settings hold what JSON has not: {error}") from None


def _plain(value: Any) -> Any:
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "tolist"):  # numbers and arrays of NumPy
        return value.tolist()
    raise TypeError(f"a {type(value).__name__}")


def _finished(command: list[str], progress: Callable[[str], None]) -> tuple[int, str, list[str]]:
    """Exit code, standard output, and the lines of the standard error stream."""
    said: list[str] = []
    with tempfile.TemporaryFile() as answer:
        # In a session of its own, since a Ctrl-C of the terminal would reach it as well, and two of them end it at once.
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=answer,
            stderr=subprocess.PIPE,
            env=_host.environment(),
            start_new_session=True,
        )
        assert process.stderr is not None
        with process.stderr:
            try:
                for line in process.stderr:
                    said.append(line.decode("utf-8", "replace").rstrip("\n"))
                    progress(said[-1])
            except BaseException:
                _stop(process, progress)
                raise
        code = process.wait()
        answer.seek(0)
        return code, answer.read().decode("utf-8", "replace"), said


def _stop(process: subprocess.Popen[bytes], progress: Callable[[str], None]) -> None:
    """Lets the run save and end; a second Ctrl-C kills it."""
    assert process.stderr is not None
    try:
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()  # until it ends
        process.wait()
    except BaseException:
        process.kill()
        process.wait()
        raise
    for line in rest.decode("utf-8", "replace").splitlines():
        with contextlib.suppress(Exception):  # what stopped it may be that this fails
            progress(line)


def _folder(said: list[str]) -> pathlib.Path:
    """What the last line names: the folder of a run, or the file results.json of a series."""
    written = next((line[len(_WROTE) :] for line in reversed(said) if line.startswith(_WROTE)), None)
    if written is None:
        raise Error("the run ended without the folder that it wrote" + _last(said))
    wrote = pathlib.Path(written)
    return wrote.parent if wrote.name == "results.json" else wrote


def _message(code: int, answer: str, said: list[str]) -> str:
    errors = [line[len("error: ") :] for line in said if line.startswith("error: ")]
    if not errors and answer.startswith("{"):  # of a series that goes on behind a run that failed
        runs = json.loads(answer).get("runs", [])
        errors = [f"the run {one['folder']} failed: {one['error']}" for one in runs if "error" in one]
    if errors:
        return "\n".join(errors)
    how = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
    return f"the run {how}" + _last(said)


def _last(said: list[str]) -> str:
    return f"; it said last: {said[-1]}" if said else ""
