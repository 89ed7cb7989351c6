"""A small cache that a scheduler fills by the example of the documentation."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "exchange"))
from environment import in_environment  # noqa: E402, F401 (for the tests of each scheduler)

SHARES = 3
EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "docs/how-to/many_machines"
PIPELINE = {
    "kindred": 1, "name": "cars", "seed": 5,
    "data": {"dataset": {"type": "toy_cars", "classes": 40, "samples": 6, "size": 32},
             "split": {"train": {"fraction": 0.5}, "validation": "none"},
             "transforms": [{"type": "normalize", "mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25]}]},
    "model": {"encoders": {"image": {"type": "resnet", "variant": "resnet18", "width": 8, "weights": "random", "trainable": {"from": "layer4"}}}},
    "train": {"loss": {"type": "triplet"}, "batch_sampler": {"type": "p_k", "classes": 4, "samples": 3},
              "optimizer": {"type": "adam", "lr": 0.001}, "epochs": 1},
    "evaluate": {"metrics": [{"type": "r_precision"}]}}
# Stands before the host on the PATH, notes what each process was told, and lets the first of share 2 fail.
NOTING_HOST = """#!/bin/sh
echo "$5 ${{OMP_NUM_THREADS:-unset}}" >> '{folder}/started'
if [ "$5" = 2/{shares} ] && mkdir '{folder}/has_failed' 2>/dev/null; then exit 1; fi
exec '{host}' "$@"
"""


class ScheduledFill:  # a TestCase is made of it by who names the example
    HOST = EXAMPLE = None
    ENVIRONMENT = {}

    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="kindred_scheduled_")
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        host = self.folder / "bin/host"
        host.parent.mkdir()
        host.write_text(NOTING_HOST.format(folder=self.folder, host=self.HOST, shares=SHARES))
        host.chmod(0o755)
        for name in ("shared", "alone"):
            pipeline = {**PIPELINE, "cache": {"directory": str(self.folder / name), "views": 2}}
            (self.folder / f"{name}.json").write_text(json.dumps(pipeline))

    def fill(self, pipeline):
        environment = {**os.environ, "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}", **self.ENVIRONMENT}
        return subprocess.run([sys.executable, EXAMPLES / self.EXAMPLE, pipeline, str(SHARES)], env=environment,
                              cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)

    def host(self, *arguments):
        done = subprocess.run([self.HOST, *arguments], cwd=self.folder, stdout=subprocess.PIPE, text=True, timeout=300,
                              env={**os.environ, "OMP_NUM_THREADS": "1"})
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def rows(self, cache):
        """The arrays of a cache by their places in it."""
        top = self.folder / cache
        return {str(file.relative_to(top)): file.read_bytes() for file in top.rglob("shard-*.npy")}

    def test_all_is_filled_although_a_task_fails_once(self):
        done = self.fill(str(self.folder / "shared.json"))
        self.assertEqual(done.returncode, 0, done.stdout)
        started = (self.folder / "started").read_text().split("\n")[:-1]
        self.assertEqual(sorted(started), [f"{share}/{SHARES} 1" for share in (1, 2, 2, 3)])
        entries = json.loads(self.host("cache", "verify", "shared.json", "--json"))["entries"]
        self.assertEqual([entry["state"] for entry in entries], ["ok"] * 3)
        self.host("cache", "fill", "alone.json", "--quiet")
        self.assertEqual(len(self.rows("alone")), 6)
        self.assertEqual(self.rows("shared"), self.rows("alone"))

    def test_its_page_shows_it(self):
        example = (EXAMPLES / self.EXAMPLE).read_text().split("\n")
        page = (EXAMPLES / self.EXAMPLE.replace("_tasks.py", ".md")).read_text()
        shown = page.split("```python\n")[1].split("```")[0].split("\n")
        self.assertGreater(len(shown), 5)
        self.assertEqual([line for line in shown if line not in example], [])

    def test_a_fault_of_all_tasks_is_told(self):
        done = self.fill(str(self.folder / "absent.json"))
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(f"cannot open {self.folder / 'absent.json'}", done.stdout)  # says the host


def main(test):
    test.HOST = sys.argv[1]
    unittest.main(argv=sys.argv[:1], verbosity=2)
