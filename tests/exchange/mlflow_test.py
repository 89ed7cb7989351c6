#!/usr/bin/env python3
"""MLflow reads what the tracker `mlflow` wrote of runs.

    mlflow_test.py HOST PLUGIN_FOLDER
"""
import json
import os
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import unittest

from environment import in_environment

in_environment("mlflow-skinny")
os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"  # without which MLflow 3 sends its users to a database
from mlflow import MlflowClient  # noqa: E402
from mlflow.entities import ViewType  # noqa: E402

EPOCHS, CLASSES, DIMENSION = 3, 8, 4
AWKWARD = 'it\'s "quoted": # {x}\n\tŠkoda 日本 😀\u2028\x7f' + " a long name" * 12 + " "
THEIRS = AWKWARD.replace("'", "")  # MLflow makes no name with this mark, but opens one


def npy(kind, shape, values):
    header = f"{{'descr': '<{kind}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    header += b" " * (117 - len(header)) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + values


class MlflowTest(unittest.TestCase):
    HOST = PLUGINS = None  # set below

    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="kindred_mlflow_")
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        draw = random.Random(7)
        labels = [i % CLASSES for i in range(CLASSES * 6)]
        rows = [draw.gauss(label if i == 0 else 0, 1) for label in labels for i in range(DIMENSION)]
        (self.folder / "x.npy").write_bytes(npy("f4", (len(labels), DIMENSION), struct.pack(f"<{len(rows)}f", *rows)))
        (self.folder / "y.npy").write_bytes(npy("i8", (len(labels),), struct.pack(f"<{len(labels)}q", *labels)))

    def start(self, output, tracker, *arguments):
        pipeline = {
            "kindred": 1, "name": "small",
            "data": {"dataset": {"type": "vectors", "embeddings": "x.npy", "labels": "y.npy"},
                     "split": {"train": {"fraction": 0.5}, "validation": {"from": "train", "fraction": 0.5}, "test": "rest"}},
            "model": {"encoders": {"vector": {"type": "identity"}}, "head": {"type": "skip_connection"}},
            "train": {"loss": {"type": "triplet"}, "batch_sampler": {"type": "p_k", "classes": 2, "samples": 3},
                      "optimizer": {"type": "adam", "lr": 0.02}, "epochs": EPOCHS},
            "evaluate": {"metrics": [{"type": "r_precision"}, {"type": "precision_at_k"}]},
            "output": {"trackers": [{"type": "mlflow", **tracker}]}}
        (self.folder / f"{output}.json").write_text(json.dumps(pipeline))
        return subprocess.Popen([self.HOST, "run", f"{output}.json", "--output", output, "--plugins", self.PLUGINS, *arguments],
                                cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def finish(self, process):
        said, _ = process.communicate(timeout=300)
        self.assertEqual(process.returncode, 0, said)
        self.assertNotIn("without this tracker", said)

    def client(self, store="mlruns"):
        return MlflowClient((self.folder / store).as_uri())

    def test_a_run_is_read_back(self):
        self.finish(self.start("one", {}))
        client = self.client()
        experiment = client.get_experiment_by_name("small")
        run, = client.search_runs([experiment.experiment_id])
        self.assertEqual((run.info.status, run.info.run_name, run.info.lifecycle_stage), ("FINISHED", "one", "active"))
        self.assertLessEqual(run.info.start_time, run.info.end_time)
        params = run.data.params
        self.assertEqual((params["train.optimizer.lr"], params["train.epochs"], params["evaluate.metrics.1.type"]),
                         ("0.02", str(EPOCHS), "kindred.precision_at_k"))
        self.assertEqual(params["data.dataset.embeddings"], str(self.folder / "x.npy"))
        self.assertEqual(run.data.tags["kindred.folder"], str(self.folder / "one"))
        result = json.loads((self.folder / "one/result.json").read_text())
        for side, metrics in result["metrics"].items():
            self.assertTrue(metrics)
            for name, value in metrics.items():
                point, = client.get_metric_history(run.info.run_id, f"{side}/{name}")
                self.assertEqual((point.value, point.step), (value, EPOCHS))
        history = [json.loads(line) for line in (self.folder / "one/history.jsonl").read_text().splitlines()]
        points = client.get_metric_history(run.info.run_id, "train/loss")
        self.assertEqual([(one.step, one.value) for one in points],
                         [(line["epoch"], line["train"]["loss"]) for line in history])
        self.assertLessEqual({"result.json", "pipeline.json", "history.jsonl"},
                             {one.path for one in client.list_artifacts(run.info.run_id)})
        copy = client.download_artifacts(run.info.run_id, "result.json", str(self.folder))
        self.assertEqual(json.loads(pathlib.Path(copy).read_text())["metrics"], result["metrics"])
        # MLflow goes on with it, as with a run of its own, and with others in the store.
        client.log_metric(run.info.run_id, "train/loss", 7.0, step=EPOCHS + 1)
        client.set_terminated(run.info.run_id, "KILLED")
        self.assertEqual(client.get_run(run.info.run_id).data.metrics["train/loss"], 7.0)
        self.assertEqual(client.get_run(run.info.run_id).info.status, "KILLED")
        client.create_run("0")

    def test_awkward_names_are_found_again(self):
        store = "ml runs ü%"
        self.finish(self.start("größe one", {"directory": store, "experiment": AWKWARD}))
        client = self.client(store)
        ours, = [one for one in client.search_experiments() if one.name == AWKWARD]
        run, = client.search_runs([ours.experiment_id])
        self.assertEqual(run.info.run_name, "größe one")
        self.assertIn("result.json", [one.path for one in client.list_artifacts(run.info.run_id)])
        theirs = client.create_experiment("made by MLflow " + THEIRS)
        client.rename_experiment(ours.experiment_id, "renamed " + THEIRS)  # written anew by MLflow
        self.finish(self.start("two", {"directory": store, "experiment": "made by MLflow " + THEIRS}))
        self.finish(self.start("three", {"directory": store, "experiment": "renamed " + THEIRS}))
        self.assertEqual(len(client.search_runs([theirs])), 1)
        self.assertEqual(len(client.search_runs([ours.experiment_id])), 2)

    def test_two_runs_at_once_share_an_experiment(self):
        for process in [self.start(name, {}) for name in ("one", "two")]:
            self.finish(process)
        client = self.client()
        experiments = client.search_experiments(ViewType.ALL)
        self.assertEqual(sorted(one.name for one in experiments), ["Default", "small"])
        runs = client.search_runs([one.experiment_id for one in experiments])
        self.assertEqual(sorted((one.info.run_name, one.info.status) for one in runs),
                         [("one", "FINISHED"), ("two", "FINISHED")])
        self.assertEqual(runs[0].data.metrics.keys(), runs[1].data.metrics.keys())


if __name__ == "__main__":
    MlflowTest.HOST, MlflowTest.PLUGINS = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1], verbosity=2)
