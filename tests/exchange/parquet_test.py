#!/usr/bin/env python3
"""pyarrow and DuckDB read what `host index export --to parquet` wrote, and it comes back, as files of others do.

    parquet_test.py HOST PLUGIN_FOLDER
"""
import datetime
import json
import pathlib
import shutil
import sys

from environment import in_environment

in_environment("numpy", "pyarrow", "duckdb")
import duckdb  # noqa: E402
import numpy  # noqa: E402
import pyarrow  # noqa: E402
from pyarrow import parquet  # noqa: E402
from made_index import DIMENSION, StoreTest, main, rows  # noqa: E402


class ParquetStore(StoreTest):
    def export(self, *more):
        return self.exported("--to", "parquet", "--output", "out.parquet", *more)

    def read(self, place, *more):
        """Imports a file; its lines and rows."""
        self.host("index", "import", place, "--from", "parquet", "--output", "read", "--precision", "float32", *more)
        self.host("index", "export", "read", "--to", "numpy", "--output", "read.npy")
        with open(self.folder / "read.jsonl") as file:
            return [json.loads(line) for line in file], numpy.load(self.folder / "read.npy")

    def refused_export(self, *more):
        return self.refused("index", "export", "i", "--to", "parquet", "--output", *more)

    def refused_import(self, place, *more):
        said = self.refused("index", "import", place, "--from", "parquet", "--output", "x", *more)
        self.assertFalse((self.folder / "x").exists())
        return said


class ExportTest(ParquetStore):
    def test_types_and_values(self):
        self.assertEqual(self.export()["written"], ["out.parquet"])
        self.assertEqual([path.name for path in self.folder.glob("out*")], ["out.parquet"])
        table = parquet.read_table(self.folder / "out.parquet")
        schema = table.schema
        self.assertEqual(schema.field("vector").type, pyarrow.list_(pyarrow.float32(), DIMENSION))
        kinds = {field.name: field.type for field in schema}
        self.assertEqual((kinds["id"], kinds["label"], kinds["class_name"], kinds["year"], kinds["price"], kinds["note"]),
                         (pyarrow.string(), pyarrow.int64(), pyarrow.string(), pyarrow.int64(), pyarrow.float64(),
                          pyarrow.string()))
        self.assertFalse(schema.field("id").nullable)
        self.assertEqual(json.loads(schema.metadata[b"kindred"])["distance"], "cosine")
        for item, line in zip(self.items, table.drop_columns("vector").to_pylist(), strict=True):
            self.assertEqual({**{key: None for key in line}, **item}, line)
        vectors = table["vector"].combine_chunks().flatten().to_numpy().reshape(-1, DIMENSION)
        numpy.testing.assert_allclose(vectors, self.rows, rtol=0, atol=1e-7)

    def test_texts_are_utf8(self):
        expected = self.put_bytes_into_path()
        self.export()
        self.assertEqual(parquet.read_table(self.folder / "out.parquet")["path"][0].as_py(), expected)

    def test_duckdb_searches_it(self):
        self.export()
        query = self.rows[3].tolist()
        found = duckdb.execute(
            f"SELECT id FROM '{self.folder / 'out.parquet'}' WHERE year >= 2000 ORDER BY "
            f"array_cosine_distance(vector::FLOAT[{DIMENSION}], ?::FLOAT[{DIMENSION}]) LIMIT 5", [query]).fetchall()
        allowed = [row for row, item in enumerate(self.items) if item.get("year", 0) >= 2000]
        expected = sorted(allowed, key=lambda row: -float(self.rows[row] @ self.rows[3]))[:5]
        self.assertEqual([one for one, in found], [self.items[row]["id"] for row in expected])

    def test_comes_back(self):
        self.export("--format-params", '{"vector": "embedding"}')
        self.host("index", "import", "out.parquet", "--from", "parquet", "--output", "back",
                  "--format-params", '{"vector": "embedding"}')
        self.check_imported("back")

    def test_row_groups_are_bounded(self):
        numpy.save(self.folder / "wide.npy", numpy.random.default_rng(1).standard_normal((300, 30000), numpy.float32))
        self.host("index", "import", "wide.npy", "--from", "numpy", "--output", "wide")
        self.host("index", "export", "wide", "--to", "parquet", "--output", "wide.parquet")
        file = parquet.ParquetFile(self.folder / "wide.parquet")
        self.assertEqual(file.metadata.num_rows, 300)
        self.assertEqual(file.metadata.num_row_groups, 3)  # of 2^22 numbers
        self.host("index", "import", "wide.parquet", "--from", "parquet", "--output", "wide_back")
        self.host("index", "export", "wide", "--to", "numpy", "--output", "wide_out.npy")
        self.host("index", "export", "wide_back", "--to", "numpy", "--output", "wide_again.npy")
        numpy.testing.assert_array_equal(numpy.load(self.folder / "wide_again.npy"), numpy.load(self.folder / "wide_out.npy"))

    def test_says_how_to_get_what_is_missing(self):
        for folder in ("bin", "lib/kindred"):
            (self.folder / folder).mkdir(parents=True)
        library = pathlib.Path(self.HOST).parent.parent / "lib/kindred/libkindred_tools.so"
        (self.folder / "lib/kindred/libkindred_tools.so").symlink_to(library)
        host, StoreTest.HOST = self.HOST, shutil.copy(self.HOST, self.folder / "bin/host")
        try:
            self.assertIn("Arrow's libraries were not found: get them with pip install pyarrow",
                          self.refused_export("x.parquet"))
        finally:
            StoreTest.HOST = host

    def test_says_what_is_wrong(self):
        self.assertIn("does not end in .parquet", self.refused_export("x.pq"))
        self.assertIn('a column "year" already', self.refused_export("x.parquet", "--format-params", '{"vector": "year"}'))
        self.assertEqual(list(self.folder.glob("x*")), [])
        self.export()
        self.assertIn("out.parquet is there already", self.refused_export("out.parquet"))


class ImportTest(ParquetStore):
    def write(self, columns, **more):
        parquet.write_table(pyarrow.table(columns), self.folder / "foreign.parquet", **more)

    def test_reads_files_of_others(self):
        numbers = list(range(300))
        for element, list_type in ((pyarrow.float32(), pyarrow.list_), (pyarrow.float64(), pyarrow.large_list),
                                   (pyarrow.float16(), lambda one: pyarrow.list_(one, DIMENSION))):
            made = rows() if element != pyarrow.float16() else rows().astype(numpy.float16)
            self.write({
                "key": numbers,
                "embedding": pyarrow.array(list(made), list_type(element)),
                "make": pyarrow.array(["BMW", None, "Škoda"] * 100).dictionary_encode(),
                "sold": pyarrow.array([datetime.date(2020, 1, 2)] * 300),
                "weight": pyarrow.array([1.5, float("nan"), 3.0] * 100),
                "small": pyarrow.array([1, 2, 3] * 100, pyarrow.uint8()),
                "new": [True, False, None] * 100,
                "nested": [{"a": 1}] * 300}, row_group_size=70)
            with self.subTest(element=element):
                said = self.run_host("index", "import", "foreign.parquet", "--from", "parquet", "--output", "read",
                                     "--distance", "euclidean", "--precision", "float32",
                                     "--format-params", '{"id": "key", "vector": "embedding"}')
                self.assertEqual(said.returncode, 0, said.stderr)
                self.assertIn("left out: nested", said.stderr)
                self.host("index", "export", "read", "--to", "numpy", "--output", "read.npy")
                lines = [json.loads(line) for line in (self.folder / "read.jsonl").read_text().splitlines()]
                self.assertEqual(lines[0], {"id": "0", "make": "BMW", "sold": "2020-01-02", "weight": 1.5, "small": 1,
                                            "new": 1, "row": 0})
                self.assertEqual(lines[1], {"id": "1", "sold": "2020-01-02", "small": 2, "new": 0, "row": 1})
                self.assertEqual([line["id"] for line in lines], [str(one) for one in numbers])
                numpy.testing.assert_array_equal(numpy.load(self.folder / "read.npy"), made.astype(numpy.float32))
            for left in self.folder.glob("read*"):
                shutil.rmtree(left) if left.is_dir() else left.unlink()

    def test_without_ids_items_have_numbers(self):
        self.write({"vector": list(rows())})
        lines, read = self.read("foreign.parquet", "--distance", "dot")
        self.assertEqual([line["id"] for line in lines], [str(row) for row in range(300)])
        numpy.testing.assert_array_equal(read, rows())

    def test_says_what_is_wrong(self):
        self.write({"id": ["a", "b"], "rows": [[1.0, 2.0], [3.0, 4.0]]})
        self.assertIn('has no column "vector" with lists of float32, float64 or float16', self.refused_import("foreign.parquet"))
        self.assertIn("among its columns: id, rows", self.refused_import("foreign.parquet"))
        self.assertIn('no column "key" for the ids; it has id, rows', self.refused_import(
            "foreign.parquet", "--format-params", '{"vector": "rows", "id": "key"}'))
        self.write({"id": ["a", "b", "c"], "vector": [[1.0, 2.0], [3.0, 4.0], [5.0]]})
        self.assertIn("foreign.parquet, row 2: its vector has 1 numbers; expected 2", self.refused_import("foreign.parquet"))
        self.write({"id": ["a", "b"], "vector": [[1.0, 2.0], None]})
        self.assertIn("row 1: its vector has nothing", self.refused_import("foreign.parquet"))
        self.write({"id": ["a", "b"], "vector": [[1.0, 2.0], [None, 1.0]]})
        self.assertIn("row 1: its vector has a null among its numbers", self.refused_import("foreign.parquet"))
        self.write({"id": ["a", None], "vector": [[1.0, 2.0], [3.0, 4.0]]})
        self.assertIn('row 1: its "id" is null', self.refused_import("foreign.parquet"))
        self.write({"id": ["a", "b"], "label": ["x", "y"], "vector": [[1.0, 2.0], [3.0, 4.0]]})
        self.assertIn('row 0: "label" is "x"; expected a whole number', self.refused_import("foreign.parquet"))
        self.write({"id": pyarrow.array([], pyarrow.string()), "vector": pyarrow.array([], pyarrow.list_(pyarrow.float32()))})
        self.assertIn("has no rows of numbers", self.refused_import("foreign.parquet"))
        self.assertIn("cannot open nothing.parquet", self.refused_import("nothing.parquet"))
        (self.folder / "text.parquet").write_text("no Parquet " * 100)
        self.assertIn("text.parquet is damaged, or no Parquet file", self.refused_import("text.parquet"))

    def test_damage_is_found(self):
        self.export()
        whole = (self.folder / "out.parquet").read_bytes()
        (self.folder / "cut.parquet").write_bytes(whole[:-100])
        self.assertIn("cut.parquet is damaged", self.refused_import("cut.parquet"))
        middle = bytearray(whole)
        middle[len(whole) // 3:len(whole) // 3 + 4000] = b"\xff" * 4000
        (self.folder / "middle.parquet").write_bytes(middle)
        self.assertIn("all must be finite", self.refused_import("middle.parquet"))


if __name__ == "__main__":
    main(sys.argv)
