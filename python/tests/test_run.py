import json
import pathlib

import kindred
import numpy as np
import pytest
from kindred import _run


def test_a_run_returns_what_it_wrote(picture_run, folder):
    assert picture_run["status"] == "completed"
    assert picture_run == json.loads((folder / "pictures/result.json").read_text())
    assert picture_run.folder == folder / "pictures"
    assert not list(folder.glob(".kindred-*")), "the file of the pipeline must not stay"


def test_without_output_the_folder_is_found(pipeline, folder):
    said = []
    run = kindred.run(pipeline, settings={"seed": np.int64(7)}, progress=said.append)
    assert run.folder.parent == folder / "runs/pictures"
    assert json.loads((folder / run.folder / "pipeline.json").read_text())["seed"] == 7
    assert said[-1] == f"wrote {run.folder}"


def test_a_pipeline_may_be_a_file_and_a_series(pipeline, folder):
    (folder / "pipeline.json").write_text(json.dumps(pipeline))
    series = kindred.run(
        folder / "pipeline.json",
        output="series",
        grid={"model.head": [{"type": "l2_normalize"}, []]},
        seeds=1,
    )
    assert [one["status"] for one in series["runs"]] == ["completed", "completed"]
    assert series.folder == pathlib.Path("series")


def test_a_run_that_names_no_folder_says_what_it_said_last():
    assert _run._folder(["wrote a/b", "done"]) == pathlib.Path("a/b")
    with pytest.raises(kindred.Error, match="without the folder.*it said last: bye"):
        _run._folder(["hello", "bye"])


def test_every_mistake_is_said_with_its_place(pipeline, folder):
    wrong = {**pipeline, "evaluate": {"metrics": [{"type": "r_precison"}]}, "colour": "red"}
    with pytest.raises(kindred.Error) as caught:
        kindred.run(wrong, progress=None)
    lines = str(caught.value).splitlines()
    assert len(lines) == 2
    assert any(
        line.startswith("the pipeline#/evaluate/metrics/0") and "r_precision" in line for line in lines
    )
    assert any(line.startswith("the pipeline#/colour") or "colour" in line for line in lines)
    with pytest.raises(kindred.Error, match="absent.json"):
        kindred.run("absent.json", progress=None)
    with pytest.raises(kindred.Error, match="JSON has not"):
        kindred.run({**pipeline, "seed": float("nan")}, progress=None)
    with pytest.raises(kindred.Error, match="photoes"):
        kindred.run(pipeline, settings={"data.dataset.root": "photoes"}, progress=None)
    assert not list(folder.glob(".kindred-*"))


def test_ctrl_c_lets_the_run_save(pipeline, folder):
    said = []

    def interrupt(line):
        said.append(line)
        if "trained; embeddings of" in line:  # the last line before the first epoch
            raise KeyboardInterrupt

    trained = {
        **pipeline,
        "train": {
            "loss": {"type": "supervised_contrastive"},
            "batch_sampler": {"type": "p_k", "classes": 2, "samples": 4},
            "epochs": 100000,
            "optimizer": {"type": "adamw"},
        },
    }
    trained["model"] = {
        "encoders": pipeline["model"]["encoders"],
        "head": {"type": "projection", "dimension": 4},
    }
    with pytest.raises(KeyboardInterrupt):
        kindred.run(trained, output="stopped", progress=interrupt)
    assert json.loads((folder / "stopped/result.json").read_text())["status"] == "interrupted"
    assert any("--resume" in line for line in said)
