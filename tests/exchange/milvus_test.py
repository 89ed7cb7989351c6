#!/usr/bin/env python3
"""Milvus takes what `host index export --to milvus` wrote, into the collection that its advice names.

    milvus_test.py HOST PLUGIN_FOLDER
"""
import json
import sys

from environment import in_environment

in_environment("numpy", "pyarrow", "pymilvus", "milvus-lite")
import numpy  # noqa: E402
import pyarrow  # noqa: E402
from pyarrow import parquet  # noqa: E402
from pymilvus import DataType, MilvusClient  # noqa: E402
from made_index import DIMENSION, StoreTest, main  # noqa: E402


class MilvusTest(StoreTest):
    METRIC = "COSINE"

    def imported(self):
        """A collection with the rows of the file, as Milvus' bulk import makes them."""
        said = self.exported("--to", "milvus", "--output", "out.parquet", "--name", "cars")
        self.assertIn(f'a collection "cars" with dynamic fields, the primary key id VARCHAR(64), vector '
                      f"FLOAT_VECTOR({DIMENSION}) and the metric {self.METRIC}", said["advice"])
        table = parquet.read_table(self.folder / "out.parquet")
        self.assertEqual({field.name: field.type for field in table.schema}, {
            "id": pyarrow.string(), "$meta": pyarrow.string(), "vector": pyarrow.list_(pyarrow.float32())})
        client = MilvusClient(str(self.folder / "milvus.db"))
        self.addCleanup(client.close)
        schema = client.create_schema(enable_dynamic_field=True)
        schema.add_field("id", DataType.VARCHAR, is_primary=True, max_length=64)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=DIMENSION)
        index = client.prepare_index_params()
        index.add_index("vector", index_type="FLAT", metric_type=self.METRIC)
        client.create_collection("cars", schema=schema, index_params=index)
        client.insert("cars", [{"id": row["id"], "vector": row["vector"], **json.loads(row["$meta"])}
                               for row in table.to_pylist()])
        return client

    def test_finds_each_item(self):
        client = self.imported()
        expected = self.items
        found = client.search("cars", self.rows[:40].tolist(), limit=1, output_fields=["*"])
        for item, hits in zip(expected, found):
            self.assertEqual(hits[0]["id"], item["id"])
            entity = {key: value for key, value in hits[0]["entity"].items() if key != "vector"}
            self.assertEqual({"id": item["id"], **entity}, item)

    def test_conditions_choose_among_items(self):
        client = self.imported()
        found = client.search("cars", [self.rows[0].tolist()], limit=5, filter='class_name == "BMW" and year >= 2000')
        allowed = [row for row, item in enumerate(self.items)
                   if item.get("year", 0) >= 2000 and item.get("class_name") == "BMW"]
        nearest = sorted(allowed, key=lambda row: float(((self.rows[row] - self.rows[0]) ** 2).sum()))[:5]
        self.assertEqual([hit["id"] for hit in found[0]], [self.items[row]["id"] for row in nearest])


class EuclideanTest(MilvusTest):
    DISTANCE, METRIC = "euclidean", "L2"


class ManhattanTest(StoreTest):
    DISTANCE = "manhattan"

    def test_is_refused(self):
        self.assertIn("Milvus cannot compare by the distance manhattan",
                      self.refused("index", "export", "i", "--to", "milvus", "--output", "x.parquet"))


class RefusalTest(StoreTest):
    def export(self, index, place="x.parquet"):
        return self.refused("index", "export", index, "--to", "milvus", "--output", place)

    def index_of(self, name, item, dimension=3):
        numpy.save(self.folder / f"{name}.npy", numpy.ones((1, dimension), numpy.float32))
        (self.folder / f"{name}.jsonl").write_text(json.dumps(item) + "\n")
        self.host("index", "import", f"{name}.npy", "--from", "numpy", "--output", name)
        return name

    def test_says_what_is_wrong(self):
        self.assertIn("does not end in .parquet", self.export("i", "x.pq"))
        self.assertIn("rows of 2 to 32768 numbers, and these have 1", self.export(self.index_of("narrow", {"id": "a"}, 1)))
        self.assertIn('have a column "vector"', self.export(self.index_of("named", {"id": "a", "vector": 3})))
        self.assertIn("has 1 and", self.export(self.index_of("large", {"id": "a", "text": "b" * 70000})))
        self.assertEqual(list(self.folder.glob("x*")), [])


if __name__ == "__main__":
    main(sys.argv)
