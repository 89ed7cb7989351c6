#!/usr/bin/env python3
"""NumPy reads what `host index export --to numpy` wrote, and it comes back.

    numpy_test.py HOST PLUGIN_FOLDER
"""
import json
import sys

from environment import in_environment

try:
    import numpy
except ImportError:
    in_environment("numpy")
    import numpy
from made_index import StoreTest, main  # noqa: E402


class NumpyTest(StoreTest):
    def test_array_and_lines_hold_the_items_in_order(self):
        said = self.exported("--to", "numpy", "--output", "out.npy")
        self.assertEqual(said["items"], 298)
        self.assertEqual(said["written"], ["out.npy", "out.jsonl", "out.json"])
        array = numpy.load(self.folder / "out.npy")
        self.assertEqual(array.dtype, numpy.float32)
        numpy.testing.assert_allclose(array, self.rows, rtol=0, atol=1e-7)  # brought to length 1 once more
        lines = [json.loads(line) for line in open(self.folder / "out.jsonl")]
        self.assertEqual([line["id"] for line in lines], [item["id"] for item in self.items])
        self.assertEqual(json.load(open(self.folder / "out.json"))["distance"], "cosine")

    def test_comes_back(self):
        self.exported("--to", "numpy", "--output", "out.npy")
        self.host("index", "import", "out.npy", "--from", "numpy", "--output", "back")
        self.check_imported("back")
        numpy.testing.assert_array_equal(numpy.load(self.folder / "again.npy"), numpy.load(self.folder / "out.npy"))

    def test_comes_back_in_another_precision(self):
        self.host("index", "import", "made.npy", "--from", "numpy", "--output", "half", "--distance", "cosine")
        self.host("index", "export", "half", "--to", "numpy", "--output", "half.npy")
        self.host("index", "import", "half.npy", "--from", "numpy", "--output", "whole", "--precision", "float32")
        self.host("index", "verify", "whole")

    def test_an_array_alone_has_numbers_as_ids(self):
        numpy.save(self.folder / "alone.npy", numpy.arange(12, dtype=numpy.float64).reshape(4, 3) + 1)
        self.host("index", "import", "alone.npy", "--from", "numpy", "--output", "alone", "--distance", "euclidean")
        found = json.loads(self.host("search", "--index", "alone", "--id", "3", "-k", "1", "--json"))
        self.assertEqual(found["results"][0]["found"][0]["id"], "2")

    def test_says_what_does_not_fit(self):
        with open(self.folder / "made.jsonl", "a") as file:
            file.write('{"id": "one more"}\n')
        self.assertIn("line 301 names more items than made.npy has rows (300)",
                      self.refused("index", "import", "made.npy", "--from", "numpy", "--output", "x"))
        (self.folder / "made.jsonl").write_text('{"id": "a"}\n{"label": 3}\n')
        self.assertIn("made.jsonl, line 2: it has no \"id\"",
                      self.refused("index", "import", "made.npy", "--from", "numpy", "--output", "x"))
        (self.folder / "made.jsonl").write_text('{"id": "a", "label": "b"}\n')
        self.assertIn('"label" is "b"; expected a whole number',
                      self.refused("index", "import", "made.npy", "--from", "numpy", "--output", "x"))
        self.assertIn("does not end in .npy", self.refused("index", "export", "i", "--to", "numpy", "--output", "x.np"))
        self.assertFalse((self.folder / "x").exists())


if __name__ == "__main__":
    main(sys.argv)
