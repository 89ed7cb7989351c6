#!/usr/bin/env python3
"""Python's sqlite3 with sqlite-vec reads what `host index export --to sqlite-vec` wrote, and it comes back.

    sqlite_vec_test.py HOST PLUGIN_FOLDER
"""
import json
import sqlite3
import sys

from environment import SKIPPED, in_environment

in_environment("numpy", "sqlite-vec")
import numpy  # noqa: E402
import sqlite_vec  # noqa: E402
from made_index import StoreTest, main  # noqa: E402

EXTENSION = json.dumps({"extension": sqlite_vec.loadable_path()})
NEAREST = "SELECT id, distance FROM vectors JOIN items ON row = vectors.rowid WHERE vector MATCH ? AND k = ? "


class SqliteVecStore(StoreTest):
    def export(self, place="out.db"):
        return self.exported("--to", "sqlite-vec", "--output", place, "--format-params", EXTENSION)

    def opened(self, place="out.db"):
        database = sqlite3.connect(self.folder / place)
        database.enable_load_extension(True)
        database.load_extension(sqlite_vec.loadable_path())
        self.addCleanup(database.close)
        return database


class SqliteVecTest(SqliteVecStore):
    METRIC = "cosine"

    def distances(self):
        """What sqlite-vec should say of each pair, in float64."""
        rows = self.rows.astype(numpy.float64)
        return 1 - rows @ rows.T

    def test_finds_each_item(self):
        said = self.export()
        self.assertEqual(said["written"], ["out.db"])
        self.assertEqual([path.name for path in self.folder.glob("out*")], ["out.db"])
        database = self.opened()
        expected = self.distances()
        for row, item in enumerate(self.items):
            found = database.execute(NEAREST + "ORDER BY distance", (self.rows[row].tobytes(), 5)).fetchall()
            self.assertEqual(found[0][0], item["id"])
            numpy.testing.assert_allclose([one[1] for one in found], numpy.sort(expected[row])[:5], atol=1e-3)
        self.assertEqual(database.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
        sql, = database.execute("SELECT sql FROM sqlite_master WHERE name = 'vectors'").fetchone()
        self.assertIn(f"distance_metric={self.METRIC}", sql)

    def test_conditions_choose_among_items(self):
        self.export()
        database = self.opened()
        found = database.execute(NEAREST + "AND vectors.rowid IN (SELECT row FROM items WHERE year >= 2010 AND "
                                 "class_name = 'BMW') ORDER BY distance", (self.rows[0].tobytes(), 5)).fetchall()
        allowed = [row for row, item in enumerate(self.items)
                   if item.get("year", 0) >= 2010 and item.get("class_name") == "BMW"]
        expected = sorted(allowed, key=lambda row: self.distances()[0, row])[:5]
        self.assertEqual([one[0] for one in found], [self.items[row]["id"] for row in expected])
        kinds = {name: kind for _, name, kind, *_ in database.execute("PRAGMA table_info(items)")}
        self.assertEqual((kinds["id"], kinds["year"], kinds["price"], kinds["note"]), ("TEXT", "INTEGER", "REAL", "TEXT"))
        self.assertEqual(database.execute("SELECT path, label, year FROM items WHERE id = 'car 11'").fetchone(),
                         (None, None, None))

    def test_comes_back(self):
        self.export()
        with self.opened() as database:  # what is left of an export that was killed is no harm to the next
            database.execute("PRAGMA user_version = 1")
        (self.folder / "out.db").rename(self.folder / "out.db.partial")
        (self.folder / "out.db.partial-journal").write_bytes(b"journal")
        self.export()
        self.assertEqual([path.name for path in self.folder.glob("out*")], ["out.db"])
        self.host("index", "import", "out.db", "--from", "sqlite-vec", "--output", "back", "--format-params", EXTENSION)
        self.check_imported("back")


class EuclideanTest(SqliteVecTest):
    DISTANCE, METRIC = "euclidean", "L2"

    def distances(self):
        rows = self.rows.astype(numpy.float64)
        return numpy.sqrt(((rows[:, None] - rows[None]) ** 2).sum(-1))


class ManhattanTest(SqliteVecTest):
    DISTANCE, METRIC = "manhattan", "L1"

    def distances(self):
        rows = self.rows.astype(numpy.float64)
        return numpy.abs(rows[:, None] - rows[None]).sum(-1)


class DotTest(StoreTest):
    DISTANCE = "dot"

    def test_is_refused(self):
        self.assertIn("sqlite-vec cannot compare by the distance dot",
                      self.refused("index", "export", "i", "--to", "sqlite-vec", "--output", "x.db"))


class WideTest(SqliteVecStore):
    def test_more_than_a_batch_comes_back(self):
        numpy.save(self.folder / "wide.npy", numpy.random.default_rng(1).standard_normal((1100, 8192), numpy.float32))
        self.host("index", "import", "wide.npy", "--from", "numpy", "--output", "wide")
        self.host("index", "export", "wide", "--to", "sqlite-vec", "--output", "wide.db", "--format-params", EXTENSION)
        self.host("index", "import", "wide.db", "--from", "sqlite-vec", "--output", "back", "--format-params", EXTENSION)
        for name in ("wide", "back"):
            self.host("index", "export", name, "--to", "numpy", "--output", f"{name}_out.npy")
        numpy.testing.assert_array_equal(numpy.load(self.folder / "back_out.npy"), numpy.load(self.folder / "wide_out.npy"))

    def test_rows_that_are_too_wide_are_refused(self):
        numpy.save(self.folder / "wide.npy", numpy.ones((2, 8193), numpy.float32))
        self.host("index", "import", "wide.npy", "--from", "numpy", "--output", "wide")
        self.assertIn("sqlite-vec takes rows of at most 8192 numbers, and these have 8193",
                      self.refused("index", "export", "wide", "--to", "sqlite-vec", "--output", "wide.db"))


class RefusalTest(SqliteVecStore):
    def test_texts_are_utf8(self):
        expected = self.put_bytes_into_path()
        self.export()
        self.assertEqual(self.opened().execute("SELECT path FROM items WHERE row = 0").fetchone(), (expected,))

    def test_says_what_is_wrong(self):
        def export(place, params):
            return self.refused("index", "export", "i", "--to", "sqlite-vec", "--output", place, "--format-params", params)

        def read(place, params=EXTENSION):
            return self.refused("index", "import", place, "--from", "sqlite-vec", "--output", "x", "--format-params", params)

        self.assertIn("does not end in .db", export("x.sqlite", EXTENSION))
        self.assertIn("pip install sqlite-vec brings it", export("x.db", "{}"))
        self.assertIn("nowhere.so is not sqlite-vec", export("x.db", '{"extension": "nowhere.so"}'))
        self.assertEqual(list(self.folder.glob("x*")), [])
        self.export()
        self.assertIn("out.db is there already", export("out.db", EXTENSION))
        self.assertIn("pip install sqlite-vec brings it", read("out.db", "{}"))
        (self.folder / "text.db").write_text("no database " * 1000)
        self.assertIn("text.db is damaged", read("text.db"))
        self.assertIn("cannot open nothing.db", read("nothing.db"))
        with sqlite3.connect(self.folder / "other.db") as other:
            other.execute("CREATE TABLE items (id)")
        self.assertIn("other.db does not have the tables kindred, items and vectors", read("other.db"))
        with self.opened() as database:
            database.execute("UPDATE items SET label = 'x' WHERE row = 5")
        self.assertIn('out.db, row 5 of items: "label" is "x"; expected a whole number', read("out.db"))
        with self.opened() as database:
            database.execute("UPDATE items SET label = 5 WHERE row = 5")
            database.execute("DELETE FROM vectors WHERE rowid = 5")
        self.assertIn("out.db: the item car 5 has no row in the table vectors", read("out.db"))
        with self.opened() as database:
            database.execute("UPDATE kindred SET value = '{}'")
        self.assertIn("the table kindred of out.db does not say what the rows are", read("out.db"))
        self.assertFalse((self.folder / "x").exists())


if __name__ == "__main__":
    if not hasattr(sqlite3.Connection, "enable_load_extension"):
        print("skipped: this Python's sqlite3 loads no extensions")
        sys.exit(SKIPPED)
    main(sys.argv)
