#!/usr/bin/env python3
"""Looks at what `host run` and `host report` leave for people, as a stranger's browser and table would read it.

    report_test.py HOST

Pictures lie in folders with names that a page could take for its own signs.
"""
import csv
import html.parser
import json
import math
import os
import pathlib
import random
import re
import struct
import subprocess
import sys
import tempfile
import unittest

HOST = sys.argv[1]
BAD_NAMES = ['<script>alert("x")<b>', "it's & \"quoted\"", "a," + "very long name " * 12, "caf\u00e9"]
VOID = {"meta", "br", "img", "input", "hr", "link"}


class Page(html.parser.HTMLParser):
    """Fails where tags do not balance, and collects what a browser would fetch and what scripts there are."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.addresses, self.scripts, self.text, self.events = [], [], 0, "", []
        self.feed(text)
        self.close()
        assert not self.open, f"not closed: {self.open}"

    def handle_starttag(self, tag, attributes):
        self.scripts += tag == "script"
        for name, value in attributes:
            if name in ("src", "href", "data", "action", "xlink:href"):
                self.addresses.append(value)
            if name.startswith("on"):
                self.events.append(name)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):  # of drawings: <path .../>
        self.handle_starttag(tag, attributes)
        self.open.pop()

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-3:]}"
        self.open.pop()

    def handle_data(self, data):
        if not self.open or self.open[-1] not in ("script", "style"):
            self.text += data


def write_npy(path, kind, shape, values):
    head = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    head += b" " * (63 - (len(head) + 10) % 64) + b"\n"
    body = struct.pack("<%d%s" % (len(values), "f" if kind == "<f4" else "q"), *values)
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + body)


class Report(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.addCleanup(self.temporary.cleanup)
        self.folder = pathlib.Path(self.temporary.name)

    def host(self, *arguments, code=0):
        done = subprocess.run([HOST, *arguments], cwd=self.folder, text=True, capture_output=True, timeout=300,
                              env={**os.environ, "OMP_NUM_THREADS": "1"})
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def run_pipeline(self, pipeline, output="out", code=0):
        (self.folder / "pipeline.json").write_text(json.dumps(pipeline))
        return self.host("run", "pipeline.json", "--quiet", "--output", output, code=code)

    def page(self, path="out/report.html"):
        text = (self.folder / path).read_text()
        page = Page(text)
        for address in page.addresses:
            self.assertRegex(address, r"^(#[a-z]+|data:image/jpeg;base64,[A-Za-z0-9+/=]+)$")
        self.assertEqual(page.events, [])
        self.assertIsNone(re.search(r"url\(|@import", text))
        return page, text

    def queries(self):
        with open(self.folder / "out/queries.csv", newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def result(self):
        return json.loads((self.folder / "out/result.json").read_text())

    def check_means(self):
        """The means of the table are the metrics of the result."""
        rows, metrics = self.queries(), self.result()["metrics"]
        for side, values in metrics.items():
            for name, mean in values.items():
                column = [float(row[f"{side}.{name}"]) for row in rows if row[f"{side}.{name}"]]
                self.assertAlmostEqual(math.fsum(column) / len(column), mean, delta=1e-12)


class OfPictures(Report):
    def setUp(self):
        super().setUp()
        draw = random.Random(1)
        for number in range(12):
            name = BAD_NAMES[number] if number < len(BAD_NAMES) else f"class {number}"
            folder = self.folder / "photos" / name
            folder.mkdir(parents=True)
            for i in range(4):
                pixels = bytes(draw.randrange(256) // 2 + 10 * number for _ in range(20 * 16 * 3))
                (folder / f"{i}.ppm").write_bytes(b"P6 20 16 255\n" + pixels)
        self.pipeline = {
            "kindred": 1, "name": "bad_names", "cache": {"type": "cpu"},
            "data": {"dataset": {"type": "image_folder", "root": "photos"}, "split": {"train": {"fraction": 0.5}}},
            "model": {"encoders": {"image": {"type": "resnet", "variant": "resnet18", "width": 8, "dimension": 8,
                                             "weights": "random"}}, "head": [{"type": "skip_connection"}]},
            "train": {"loss": {"type": "supervised_contrastive"}, "epochs": 2,
                      "batch_sampler": {"type": "p_k", "classes": 3, "samples": 3}},
            "evaluate": {"metrics": [{"type": "r_precision"}, {"type": "precision_at_k", "k": 1}]}}

    def test_a_report_is_one_file_that_escapes_names_and_shows_pictures(self):
        self.run_pipeline(self.pipeline)
        page, text = self.page()
        self.assertEqual(page.scripts, text.count('type="application/json"') + 1, "a name became a script")
        self.assertGreater(text.count("data:image/jpeg;base64,"), 20)
        for title in ("Base against tuned", "How it learned", "Map", "What is found", "Classes", "Data", "Pipeline"):
            self.assertIn(title, page.text)
        classes = {row["class"] for row in self.queries()}
        self.assertTrue(classes & set(BAD_NAMES), "the split tests none of the names; take another seed")
        for name in classes:
            self.assertIn(name, page.text)
        self.check_means()
        self.assertIn("learning_rate", json.loads((self.folder / "out/history.jsonl").read_text().splitlines()[0]))

        # Written again it is the same, and it says what it lacks where the pictures are gone.
        again = json.loads(self.host("report", "out", "--output", "again.html", "--json").stdout)
        self.assertEqual((self.folder / "again.html").read_text(), text.replace(
            str(self.folder / "out"), "out").replace(str((self.folder / "out").resolve()), "out"))
        self.assertEqual(again["left_out"], 0)
        self.assertEqual(again["bytes"], (self.folder / "again.html").stat().st_size)
        (self.folder / "photos").rename(self.folder / "moved")
        gone = self.host("report", "out", "--output", "gone.html")
        self.assertIn("the report shows nothing of the data", gone.stderr)
        page, text = self.page("gone.html")
        self.assertNotIn("data:image", text.replace("img-src data:", "").split("<script>")[0])
        self.assertIn("are not shown", page.text)

    def test_a_run_that_fails_has_a_report_that_says_why(self):
        self.pipeline["train"]["optimizer"] = {"type": "sgd", "lr": 1000, "momentum": 1}
        self.pipeline["train"]["loss"] = {"type": "contrastive", "distance": "squared_euclidean"}
        self.pipeline["data"]["on_error"] = "fail"
        for file in (self.folder / "photos").glob("*/0.ppm"):
            file.write_bytes(b"P6 20 16 255\nshort")
        self.run_pipeline(self.pipeline, code=1)
        self.assertEqual(self.result()["status"], "failed")
        page, _ = self.page()
        self.assertIn("This run is not completed (failed)", page.text)
        self.assertIn(self.result()["error"][:40], page.text)
        self.assertFalse((self.folder / "out/queries.csv").exists())


class OfVectors(Report):
    def setUp(self):
        super().setUp()
        draw = random.Random(2)
        self.rows, labels = [], []
        for label in range(12):
            centre = [draw.gauss(0, 1) for _ in range(6)]
            for _ in range(5):
                self.rows.append([struct.unpack("f", struct.pack("f", c + draw.gauss(0, 1)))[0] for c in centre])
                labels.append(label)
        write_npy(self.folder / "x.npy", "<f4", (60, 6), [value for row in self.rows for value in row])
        write_npy(self.folder / "y.npy", "<i8", (60,), labels)
        self.pipeline = {
            "kindred": 1, "name": "small",
            "data": {"dataset": {"type": "vectors", "embeddings": "x.npy", "labels": "y.npy"},
                     "split": {"train": {"fraction": 0.5}}},
            "model": {"encoders": {"vector": {"type": "identity"}}, "head": [{"type": "skip_connection"}]},
            "train": {"loss": {"type": "supervised_contrastive"}, "epochs": 2,
                      "batch_sampler": {"type": "p_k", "classes": 3, "samples": 4}},
            "evaluate": {"metrics": [{"type": "r_precision"}, {"type": "mean_reciprocal_rank"}]}}

    def far(self, a, b):
        x, y = self.rows[a], self.rows[b]
        return 1 - sum(i * j for i, j in zip(x, y)) / math.hypot(*x) / math.hypot(*y)

    def test_the_neighbours_of_queries_are_those_of_comparing_each_with_each(self):
        self.run_pipeline(self.pipeline)
        self.check_means()
        rows = self.queries()
        numbers = [int(row["sample"][1:]) for row in rows]
        self.assertGreater(len(numbers), 20)
        for row, number in zip(rows, numbers):
            expected = sorted((self.far(number, other), other) for other in numbers if other != number)[:5]
            for i, (distance, other) in enumerate(expected, 1):
                self.assertEqual(row[f"base.neighbour_{i}"], f"#{other}")
                self.assertEqual(row[f"base.class_{i}"], str(other // 5))
                self.assertAlmostEqual(float(row[f"base.distance_{i}"]), distance, delta=1e-5)
        page, text = self.page()
        self.assertNotIn("<img", text)
        self.assertIn("Confused classes", page.text)

        (self.folder / "out/queries.csv").write_text("sample,label,class\n#1,none,b\n")
        self.assertRegex(self.host("report", "out", code=1).stderr, r"queries.csv, line 2: the column label")
        (self.folder / "out/queries.csv").unlink()
        self.host("report", "out")
        self.page()
        (self.folder / "out/result.json").write_text('{"status": "completed", "data": 3}')
        self.assertRegex(self.host("report", "out", code=1).stderr, r"a file of the run out is not as a run writes it")
        self.assertRegex(self.host("report", "nowhere", code=1).stderr, r"there is no run nowhere")

    def test_a_run_that_measures_no_base_has_a_report_of_what_was_tuned(self):
        self.pipeline["evaluate"]["baseline"] = False
        self.run_pipeline(self.pipeline)
        page, _ = self.page()
        self.assertIn("Base against tuned", page.text)
        self.check_means()


class OfPairs(Report):
    def test_a_report_shows_texts_and_says_nothing_of_classes(self):
        draw = random.Random(3)
        lines = []
        for number in range(40):
            meaning = [draw.gauss(0, 1) for _ in range(4)]
            sides = {side: {"v": [m + draw.gauss(0, 0.3) for m in meaning], "t": f"<i>{side}</i> of {number} &amp; more"}
                     for side in ("obj_a", "obj_b")}
            lines.append(json.dumps({**sides, "subgroup": number}))
        (self.folder / "pairs.jsonl").write_text("\n".join(lines) + "\n")
        self.run_pipeline({
            "kindred": 1, "name": "pairs",
            "data": {"dataset": {"type": "pairs_jsonl", "file": "pairs.jsonl", "fields": {"v": "vector", "t": "text"}},
                     "split": {"validation": "none"}},
            "model": {"encoders": {"v": {"type": "identity", "field": "v"}}, "head": {"type": "skip_connection"}},
            "train": {"loss": {"type": "multiple_negatives_ranking"}, "epochs": 2,
                      "batch_sampler": {"type": "shuffle", "batch_size": 8}},
            "evaluate": {"metrics": [{"type": "spearman"}, {"type": "precision_at_1"}]}})
        rows = self.queries()
        self.assertEqual(len(rows), 20)
        for row in rows:
            hits = float(row["tuned.precision_at_1"])
            self.assertEqual(hits, float(row["tuned.class_1"] == row["class"]))
        page, text = self.page()
        self.assertIn("<i>obj_a</i> of", page.text)
        self.assertNotIn("Confused classes", page.text)
        self.assertNotIn('class="wrong"', text)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
