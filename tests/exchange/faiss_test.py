#!/usr/bin/env python3
"""Python's faiss reads what `host index export --to faiss` wrote.

    faiss_test.py HOST PLUGIN_FOLDER
"""
import json
import sys

from environment import in_environment

in_environment("numpy", "faiss-cpu")
import faiss  # noqa: E402
import numpy  # noqa: E402
from made_index import StoreTest, main  # noqa: E402


class FaissTest(StoreTest):
    def read(self, folder):
        lines = [json.loads(line) for line in open(self.folder / folder / "items.jsonl")]
        return faiss.read_index(str(self.folder / folder / "index.faiss")), lines

    def test_finds_each_item_by_its_row(self):
        self.exported("--to", "faiss", "--output", "f")
        index, lines = self.read("f")
        self.assertEqual(index.ntotal, len(self.items))
        _, found = index.search(self.rows, 1)
        numpy.testing.assert_array_equal(found[:, 0], numpy.arange(len(self.items)))
        for item, line in zip(self.items, lines):
            self.assertEqual({**item, "row": line["row"]}, line)

    def test_takes_any_factory(self):
        self.exported("--to", "faiss", "--output", "h", "--format-params", '{"factory": "HNSW16"}')
        index, _ = self.read("h")
        _, found = index.search(self.rows, 1)
        self.assertGreater((found[:, 0] == numpy.arange(len(self.items))).mean(), 0.99)

    def test_refuses_a_folder_that_holds_something(self):
        (self.folder / "full").mkdir()
        (self.folder / "full/file").touch()
        self.assertIn("full is there already", self.refused("index", "export", "i", "--to", "faiss", "--output", "full"))


if __name__ == "__main__":
    main(sys.argv)
