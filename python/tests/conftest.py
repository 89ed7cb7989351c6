"""Pictures, models and an index that the tests share. Everything is small: no model is trained for longer
than a moment.
"""

import json
import os
import pathlib
import subprocess
import sys

import kindred
import numpy as np
import pytest
from PIL import Image

REPOSITORY = pathlib.Path(__file__).parents[2]
CLASSES, SAMPLES, SIDE = 6, 5, 24


def pixels(number: int) -> np.ndarray:
    """A picture of noise around a colour that belongs to its class, brighter to the right: no mirror image of
    itself.
    """
    random = np.random.default_rng(number)
    noise = random.integers(-40, 40, (SIDE, SIDE, 3))
    colour = 60 + 20 * (number // SAMPLES) + np.linspace(0, 60, SIDE)[None, :, None]
    return np.clip(noise + colour, 0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """The working directory of all tests, with photos/CLASS/NAME.png."""
    folder = tmp_path_factory.mktemp("kindred")
    for number in range(CLASSES * SAMPLES):
        path = folder / "photos" / str(number // SAMPLES) / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels(number)).save(path)
    return folder


@pytest.fixture(autouse=True)
def working_directory(folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)


@pytest.fixture(scope="session")
def photos(folder: pathlib.Path) -> list[pathlib.Path]:
    return sorted((folder / "photos").glob("*/*.png"), key=lambda path: int(path.stem))


@pytest.fixture(scope="session")
def pipeline() -> dict:
    """An encoder as it is made, whose embeddings have length 1."""
    return {
        "kindred": 1,
        "name": "pictures",
        "data": {
            "dataset": {"type": "image_folder", "root": "photos"},
            "transforms": [{"type": "normalize"}],
            "split": {"train": {"fraction": 0.5}, "validation": "none", "test": "rest"},
        },
        "model": {
            "encoders": {"image": {"type": "resnet", "variant": "resnet18", "width": 8}},
            "head": {"type": "l2_normalize"},
        },
        "cache": {"type": "cpu"},
        "evaluate": {"metrics": [{"type": "r_precision"}]},
    }


def run_in(folder: pathlib.Path, pipeline: dict, name: str) -> kindred.Run:
    before = pathlib.Path.cwd()
    os.chdir(folder)
    try:
        return kindred.run(pipeline, output=folder / name, progress=None)
    finally:
        os.chdir(before)


@pytest.fixture(scope="session")
def picture_run(folder: pathlib.Path, pipeline: dict) -> kindred.Run:
    return run_in(folder, pipeline, "pictures")


@pytest.fixture(scope="session")
def model(picture_run: kindred.Run) -> kindred.SimilarityModel:
    return kindred.SimilarityModel.load(picture_run.folder)


@pytest.fixture(scope="session")
def text_model(folder: pathlib.Path) -> kindred.SimilarityModel:
    """Reads "red", "green" and "blue" as (1, 0, 0), (0, 1, 0) and (0, 0, 1)."""
    colours = ["red", "green", "blue"]
    lines = [{"colour": colours[i % 3], "label": i % 4} for i in range(24)]
    (folder / "colours.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    dataset = {"type": "records", "file": "colours.jsonl", "fields": {"colour": "text"}}
    run = run_in(
        folder,
        {
            "kindred": 1,
            "name": "colours",
            "data": {
                "dataset": dataset,
                "split": {"train": {"fraction": 0.5}, "validation": "none", "test": "rest"},
            },
            "model": {
                "encoders": {"colour": {"type": "one_hot", "field": "colour", "values": colours}},
                "head": {"type": "l2_normalize"},
            },
            "cache": {"type": "cpu"},
            "evaluate": {"metrics": [{"type": "r_precision"}]},
        },
        "colours",
    )
    return kindred.SimilarityModel.load(run.folder)


def command(*arguments: object) -> str:
    """What a command of ``kindred`` prints."""
    words = [sys.executable, "-m", "kindred", *map(str, arguments)]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def index_folder(folder: pathlib.Path, picture_run: kindred.Run, photos: list[pathlib.Path]) -> pathlib.Path:
    command("index", "build", "--quiet", "--model", picture_run.folder, "--output", folder / "all.index",
            "--precision", "float32", *photos)  # fmt: skip
    return folder / "all.index"
