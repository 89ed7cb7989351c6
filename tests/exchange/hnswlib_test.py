#!/usr/bin/env python3
"""Python's hnswlib reads what `host index export --to hnswlib` wrote, and it comes back.

    hnswlib_test.py HOST PLUGIN_FOLDER
"""
import json
import pathlib
import struct
import sys

from environment import in_environment

try:  # Debian has it compiled (python3-hnswlib), and pip compiles it for a minute
    import hnswlib
    import numpy
except ImportError:
    in_environment("numpy", "hnswlib")
    import hnswlib
    import numpy
from made_index import DIMENSION, StoreTest, main, rows  # noqa: E402


class HnswlibTest(StoreTest):
    SPACE = "cosine"

    def distances(self):
        """What hnswlib should say of each pair, in float64."""
        rows = self.rows.astype(numpy.float64)
        return 1 - rows @ rows.T

    def load(self, name):
        graph = hnswlib.Index(space=self.SPACE, dim=DIMENSION)
        graph.load_index(str(self.folder / name))
        graph.set_ef(100)
        return graph

    def test_finds_each_item_by_its_line(self):
        said = self.exported("--to", "hnswlib", "--output", "out.bin")
        self.assertEqual(said["written"], ["out.bin", "out.jsonl", "out.json"])
        self.assertIn(f'hnswlib.Index(space="{self.SPACE}", dim={DIMENSION}).load_index("out.bin")', said["advice"])
        graph = self.load("out.bin")
        self.assertEqual(graph.get_current_count(), len(self.items))
        expected = self.distances()
        found, distances = graph.knn_query(self.rows, k=10)
        if self.SPACE != "ip":  # where a longer row may be nearer than the row itself
            numpy.testing.assert_array_equal(found[:, 0], numpy.arange(len(self.items)))
        numpy.testing.assert_allclose(distances, numpy.take_along_axis(expected, found.astype(int), 1), atol=1e-4)
        nearest = numpy.argsort(expected, axis=1)[:, :10]
        recall = numpy.mean([len(set(a) & set(b)) / 10 for a, b in zip(found, nearest)])
        self.assertGreater(recall, 0.98)
        lines = [json.loads(line) for line in open(self.folder / "out.jsonl")]
        for item, line in zip(self.items, lines):
            self.assertEqual({**item, "row": line["row"]}, line)

    def test_takes_parameters(self):
        self.exported("--to", "hnswlib", "--output", "out.bin", "--format-params", '{"M": 5, "ef_construction": 50}')
        graph = self.load("out.bin")
        self.assertEqual((graph.M, graph.ef_construction), (5, 50))

    def test_comes_back(self):
        self.exported("--to", "hnswlib", "--output", "out.bin")
        self.host("index", "import", "out.bin", "--from", "hnswlib", "--output", "back")
        self.check_imported("back")


class EuclideanTest(HnswlibTest):
    DISTANCE, SPACE = "euclidean", "l2"

    def distances(self):
        rows = self.rows.astype(numpy.float64)
        return ((rows[:, None] - rows[None]) ** 2).sum(-1)


class DotTest(HnswlibTest):
    DISTANCE, SPACE = "dot", "ip"


class ForeignTest(StoreTest):
    def test_a_file_of_others_has_labels_as_ids(self):
        graph = hnswlib.Index(space="l2", dim=DIMENSION)
        graph.init_index(max_elements=1000)
        labels = numpy.random.default_rng(3).permutation(5000)[:300]
        graph.add_items(rows(), labels)
        graph.mark_deleted(labels[9])
        graph.save_index(str(self.folder / "foreign.bin"))
        self.host("index", "import", "foreign.bin", "--from", "hnswlib", "--output", "foreign", "--distance", "euclidean",
                  "--precision", "float32")
        self.host("index", "export", "foreign", "--to", "numpy", "--output", "foreign.npy")
        lines = [json.loads(line) for line in open(self.folder / "foreign.jsonl")]
        places = {str(label): place for place, label in enumerate(labels) if place != 9}
        self.assertEqual([line["id"] for line in lines], sorted(places, key=int))
        numpy.testing.assert_array_equal(numpy.load(self.folder / "foreign.npy"),
                                         rows()[[places[line["id"]] for line in lines]])

    def test_says_what_is_wrong(self):
        def export(place, *more):
            return self.refused("index", "export", "i", "--to", "hnswlib", "--output", place, *more)

        def read(place):
            return self.refused("index", "import", place, "--from", "hnswlib", "--output", "x")

        self.assertIn("does not end in .bin", export("x.idx"))
        self.assertIn("there is no folder nowhere", export("nowhere/x.bin"))
        (self.folder / "there.jsonl").touch()
        self.assertIn("there.jsonl is there already", export("there.bin"))
        self.assertIn("M", export("x.bin", "--format-params", '{"M": 1}'))
        self.assertIn("links", export("x.bin", "--format-params", '{"links": 8}'))
        self.assertEqual(list(self.folder.glob("x*")), [])
        self.assertIn("cannot open x.bin", read("x.bin"))
        self.exported("--to", "hnswlib", "--output", "out.bin")
        whole = (self.folder / "out.bin").read_bytes()
        for name, bytes in {"cut": whole[:20000], "short": whole[:50], "other": (b"kindred!" * 5000),
                            "count": whole[:16] + b"\xff" * 8 + whole[24:],
                            # Offsets that come round to small numbers.
                            "far": whole[:24] + struct.pack("<3Q", 4, 2**64 - 4, 2**64 - 8) + whole[48:64] +
                                   struct.pack("<Q", 2**62 - 3) + whole[72:]}.items():
            pathlib.Path(self.folder / f"{name}.bin").write_bytes(bytes)
            self.assertIn(f"{name}.bin is damaged, or no index", read(f"{name}.bin"))
        (self.folder / "out.json").write_text((self.folder / "out.json").read_text().replace("24", "25"))
        self.assertIn("out.bin has rows of 24 numbers, and out.json says 25", read("out.bin"))
        self.assertFalse((self.folder / "x").exists())


class ManhattanTest(StoreTest):
    DISTANCE = "manhattan"

    def test_is_refused(self):
        self.assertIn("hnswlib cannot compare by the distance manhattan",
                      self.refused("index", "export", "i", "--to", "hnswlib", "--output", "x.bin"))


if __name__ == "__main__":
    main(sys.argv)
