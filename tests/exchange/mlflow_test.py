#!/usr/bin/env python3
"""MLflow reads what the tracker `mlflow` wrote of runs.

    mlflow_test.py HOST PLUGIN_FOLDER
"""
import json
import os
import pathlib

from environment import in_environment

in_environment("mlflow-skinny")
os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"  # without which MLflow 3 sends its users to a database
from made_run import EPOCHS, RunTest, main  # noqa: E402
from mlflow import MlflowClient  # noqa: E402
from mlflow.entities import ViewType  # noqa: E402

AWKWARD = 'it\'s "quoted": # {x}\n\tŠkoda 日本 😀\u2028\x7f' + " a long name" * 12 + " "
THEIRS = AWKWARD.replace("'", "")  # MLflow makes no name with this mark, but opens one


class MlflowTest(RunTest):
    def run_with(self, output, **params):
        return self.start(output, {"type": "mlflow", **params})

    def client(self, store="mlruns"):
        return MlflowClient((self.folder / store).as_uri())

    def test_a_run_is_read_back(self):
        self.finish(self.run_with("one"))
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
        self.finish(self.run_with("größe one", directory=store, experiment=AWKWARD))
        client = self.client(store)
        ours, = [one for one in client.search_experiments() if one.name == AWKWARD]
        run, = client.search_runs([ours.experiment_id])
        self.assertEqual(run.info.run_name, "größe one")
        self.assertIn("result.json", [one.path for one in client.list_artifacts(run.info.run_id)])
        theirs = client.create_experiment("made by MLflow " + THEIRS)
        client.rename_experiment(ours.experiment_id, "renamed " + THEIRS)  # written anew by MLflow
        self.finish(self.run_with("two", directory=store, experiment="made by MLflow " + THEIRS))
        self.finish(self.run_with("three", directory=store, experiment="renamed " + THEIRS))
        self.assertEqual(len(client.search_runs([theirs])), 1)
        self.assertEqual(len(client.search_runs([ours.experiment_id])), 2)

    def test_two_runs_at_once_share_an_experiment(self):
        for process in [self.run_with(name) for name in ("one", "two")]:
            self.finish(process)
        client = self.client()
        experiments = client.search_experiments(ViewType.ALL)
        self.assertEqual(sorted(one.name for one in experiments), ["Default", "small"])
        runs = client.search_runs([one.experiment_id for one in experiments])
        self.assertEqual(sorted((one.info.run_name, one.info.status) for one in runs),
                         [("one", "FINISHED"), ("two", "FINISHED")])
        self.assertEqual(runs[0].data.metrics.keys(), runs[1].data.metrics.keys())


if __name__ == "__main__":
    main(MlflowTest)
