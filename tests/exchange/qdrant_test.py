#!/usr/bin/env python3
"""Qdrant's own client takes what `host index export --to qdrant` sends, and it comes back.

    qdrant_test.py HOST PLUGIN_FOLDER
"""
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
import unittest

from environment import in_environment

in_environment("numpy", "qdrant-client")
import numpy  # noqa: E402
from made_index import StoreTest, main  # noqa: E402
from qdrant_client.http import models  # noqa: E402
from qdrant_server import Store, as_it_is, cut_off, says, stall, status  # noqa: E402

os.environ["no_proxy"] = "127.0.0.1,0.0.0.0"
os.environ.pop("QDRANT_API_KEY", None)


class QdrantTest(StoreTest):
    def store(self, **how):
        made = Store(**how)
        self.addCleanup(made.close)
        return made

    def to(self, store, name="cars", **params):
        said = self.exported("--to", "qdrant", "--output", store.url, "--name", name, "--format-params",
                             json.dumps(params))
        self.assertEqual(store.faults, [])
        return said

    def refuse(self, place, name="cars", **params):
        return self.refused("index", "export", "i", "--to", "qdrant", "--output", place, "--name", name,
                            "--format-params", json.dumps(params))

    def take(self, store, name="cars", output="back", **params):
        return ("index", "import", store.url, "--from", "qdrant", "--name", name, "--output", output, "--precision",
                "float32", "--format-params", json.dumps(params))

    def test_each_point_finds_itself_and_has_its_payload(self):
        store = self.store()
        said = self.to(store)
        self.assertEqual(said["written"], [f"the collection cars of {store.url}"])
        self.assertNotIn("keeps no metadata", said["advice"])
        for number, (row, item) in enumerate(zip(self.rows, self.items)):
            found = store.client.query_points("cars", row.tolist(), limit=1).points[0]
            self.assertEqual((found.id, found.payload), (number, item))

    def test_conditions_hold(self):
        store = self.store()
        self.to(store)
        condition = models.Filter(must=[
            models.FieldCondition(key="class_name", match=models.MatchValue(value="Audi Ö")),
            models.FieldCondition(key="year", range=models.Range(gte=2010))])
        found = store.client.query_points("cars", self.rows[0].tolist(), query_filter=condition, limit=5).points
        expected = [i for i in numpy.argsort(1 - self.rows @ self.rows[0])
                    if self.items[i].get("year", 0) >= 2010 and self.items[i].get("class_name") == "Audi Ö"][:5]
        self.assertEqual([one.id for one in found], expected)

    def test_requests_are_small_and_the_last_one_waits(self):
        store = self.store()
        self.to(store)
        sent = [request for request in store.requests if request[0] == "PUT points"]
        self.assertEqual([request[1] for request in sent], ["wait=false", "wait=false", "wait=true"])
        store.requests.clear()
        rows = numpy.random.default_rng(1).standard_normal((300, 8192)).astype(numpy.float32)
        numpy.save(self.folder / "wide.npy", rows)
        self.host("index", "import", "wide.npy", "--from", "numpy", "--output", "wide", "--distance", "euclidean",
                  "--precision", "float32")
        self.host("index", "export", "wide", "--to", "qdrant", "--output", store.url, "--name", "wide")
        sent = [request for request in store.requests if request[0] == "PUT points"]
        self.assertGreater(len(sent), 3)
        self.assertLess(max(request[2] for request in sent), 5_100_000)
        points = sorted(store.client.scroll("wide", limit=300, with_vectors=True)[0], key=lambda point: point.id)
        numpy.testing.assert_array_equal(numpy.array([point.vector for point in points], numpy.float32), rows)

    def test_comes_back(self):
        store = self.store()
        self.to(store)
        self.host(*self.take(store))
        self.check_imported("back")
        self.assertGreater(sum(request[0] == "POST points/scroll" for request in store.requests), 1)

    def test_a_server_without_metadata_is_told_of(self):
        store = self.store(has_metadata=False)
        self.assertIn("keeps no metadata", self.to(store)["advice"])
        self.host(*self.take(store))
        self.check_imported("back")
        store.acts["PATCH"] = [status(400)]
        self.assertIn("keeps no metadata", self.to(store, name="older")["advice"])

    def test_each_distance_has_its_name(self):
        store = self.store()
        for distance, name in (("euclidean", "Euclid"), ("squared_euclidean", "Euclid"), ("dot", "Dot"),
                               ("manhattan", "Manhattan")):
            self.host("index", "import", "made.npy", "--from", "numpy", "--output", distance, "--distance", distance)
            self.host("index", "export", distance, "--to", "qdrant", "--output", store.url, "--name", distance)
            self.assertEqual(store.client.get_collection(distance).config.params.vectors.distance, name)
        self.host("index", "import", "made.npy", "--from", "numpy", "--output", "snr", "--distance", "snr")
        self.assertIn("Qdrant has no distance snr", self.refused("index", "export", "snr", "--to", "qdrant", "--output",
                                                                 store.url))

    def test_a_collection_that_is_there_stays_unless_it_shall_be_replaced(self):
        store = self.store()
        store.client.create_collection("cars", models.VectorParams(size=2, distance=models.Distance.DOT))
        self.assertIn("the collection cars of " + store.url + " is there already", self.refuse(store.url))
        self.assertEqual(store.client.get_collection("cars").config.params.vectors.size, 2)
        self.to(store, replace=True)
        self.assertEqual(store.client.count("cars").count, len(self.items))

    def test_names_are_escaped(self):
        store = self.store()
        self.to(store, name="my cars%20&x=1#ö")
        self.assertTrue(store.client.collection_exists("my cars%20&x=1#ö"))

    def test_what_passes_by_is_tried_again(self):
        for acts in ({"PUT points": [status(429, [("Retry-After", "1")])]}, {"PUT points": [cut_off, status(503)]},
                     {"GET": [status(502)]}):
            with self.subTest(acts=acts):
                store = self.store()
                store.acts = acts
                self.to(store)
                self.assertEqual(store.client.count("cars").count, len(self.items))

    def test_what_does_not_pass_by_is_said_with_what_is_there(self):
        store = self.store()
        store.acts["PUT points"] = [as_it_is] + 10 * [status(500)]
        said = self.refuse(store.url)
        self.assertIn("with status 500: told to say 500", said)
        self.assertIn("128 of 298 items are in the collection cars", said)
        self.assertIn('"replace": true', said)
        self.assertEqual(len(store.acts["PUT points"]), 6)  # four tries
        store.acts.clear()
        self.to(store, replace=True)
        self.assertEqual(store.client.count("cars").count, len(self.items))

    def test_a_server_that_stalls_is_left(self):
        store = self.store()
        store.acts["GET"] = 4 * [stall(3)]
        said = self.refuse(store.url, timeout=1)
        self.assertIn("cannot reach", said)
        self.assertIn("Timeout was reached", said)

    def test_a_server_that_loses_points_is_noticed(self):
        store = self.store()
        store.acts["POST points/count"] = [says('{"result": {"count": 297}}')]
        self.assertIn("says that it has 297 points, and 298 were sent", self.refuse(store.url))

    def test_says_what_is_wrong_with_the_address(self):
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            nobody = f"http://127.0.0.1:{closed.getsockname()[1]}"
        began = time.monotonic()
        self.assertIn(f"cannot reach {nobody}", self.refuse(nobody))
        self.assertLess(time.monotonic() - began, 60)  # it is not tried again and again
        for place in ("localhost:6333", "ftp://localhost", "http://me:s3cret@localhost", "http://localhost?x"):
            said = self.refuse(place)
            self.assertIn("write http://host:6333", said)
            self.assertNotIn("s3cret", said)
        store = self.store()
        for answer, expected in ((status(301, [("Location", "http://elsewhere")]), "sends elsewhere (status 301)"),
                                 (status(403), "does not allow it (status 403"), (says("<html>"), "does not answer as Qdrant"),
                                 (says("[]"), "does not answer as Qdrant")):
            store.acts["GET"] = [answer]
            self.assertIn(expected, self.refuse(store.url))
        store.acts = {"PUT": [status(404)]}
        self.assertIn("is it a Qdrant server", self.refuse(store.url))

    @unittest.skipUnless(shutil.which("openssl"), "openssl makes the certificate")
    def test_a_certificate_that_nobody_vouches_for_is_refused(self):
        store = self.store()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem",
                        "-days", "1", "-subj", "/CN=127.0.0.1"], cwd=self.folder, check=True, capture_output=True)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(self.folder / "cert.pem", self.folder / "key.pem")
        store.server.socket = tls.wrap_socket(store.server.socket, server_side=True)
        said = self.refuse(store.url.replace("http:", "https:"))
        self.assertIn("certificate", said)
        self.assertEqual(store.requests, [])

    def test_the_key_comes_from_the_environment(self):
        store = self.store(key="s3cret")
        self.assertIn("put its key into the environment variable QDRANT_API_KEY", self.refuse(store.url))
        self.addCleanup(os.environ.pop, "QDRANT_API_KEY", None)
        os.environ["QDRANT_API_KEY"] = "wr0ng"
        said = self.refuse(store.url)
        self.assertIn("the key in QDRANT_API_KEY is another", said)
        self.assertNotIn("wr0ng", said)
        os.environ["QDRANT_API_KEY"] = "s3cret"
        self.to(store)
        take = ("index", "import", "PLACE", "--from", "qdrant", "--name", "cars", "--output")
        for host, is_warned in (("127.0.0.1", False), ("0.0.0.0", True)):
            place = store.url.replace("127.0.0.1", host)
            done = self.run_host(*(place if word == "PLACE" else word for word in take), f"from {host}")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual("without encryption" in done.stderr, is_warned)

    def test_an_interrupt_is_heard_and_says_what_is_there(self):
        store = self.store()
        store.acts["PUT points"] = [as_it_is, stall(30)]
        with subprocess.Popen([self.HOST, "index", "export", "i", "--to", "qdrant", "--output", store.url, "--name", "cars",
                               "--plugins", self.PLUGINS], cwd=self.folder, stderr=subprocess.PIPE, text=True) as host:
            while host.poll() is None and sum(request[0] == "PUT points" for request in store.requests) < 2:
                time.sleep(0.05)
            host.send_signal(signal.SIGINT)
            said = host.communicate(timeout=20)[1]
        self.assertIn("128 of 298 items are in the collection cars", said)
        self.assertNotEqual(host.returncode, 0)

    def test_a_collection_of_others_is_taken(self):
        store = self.store()
        store.client.create_collection("photos", {
            "small": models.VectorParams(size=2, distance=models.Distance.DOT),
            "large": models.VectorParams(size=3, distance=models.Distance.EUCLID)})
        ids = ["5c56c793-69f3-4fbf-87e6-c4bf54c28c26", 7]
        store.client.upsert("photos", [
            models.PointStruct(id=ids[0], vector={"small": [1, 2], "large": [1, 2, 3]},
                               payload={"tags": ["a", "b"], "stars": 4.5, "good": True, "none": None}),
            models.PointStruct(id=ids[1], vector={"small": [3, 4], "large": [4, 5, 6]})])
        self.assertIn("vectors of several names; say which", self.refused(*self.take(store, name="photos")))
        self.host(*self.take(store, name="photos", vector="large"))
        self.host("index", "export", "back", "--to", "numpy", "--output", "again.npy")
        lines = [json.loads(line) for line in (self.folder / "again.jsonl").read_text().splitlines()]
        found = dict(zip([line["id"] for line in lines], numpy.load(self.folder / "again.npy").tolist()))
        self.assertEqual(found, {ids[0]: [1, 2, 3], "7": [4, 5, 6]})
        line = next(line for line in lines if line["id"] == ids[0])
        self.assertEqual((line["tags"], line["stars"], line["good"]), ('["a","b"]', 4.5, 1))
        self.assertEqual(json.loads((self.folder / "again.json").read_text())["distance"], "euclidean")

    def test_answers_that_make_no_sense_are_refused(self):
        store = self.store()
        self.to(store)
        point = {"id": 1, "vector": [0.5] * 24, "payload": {"id": "a"}}
        for points, following, expected in (
                ([{**point, "vector": [1]}], None, "the point 1 of the collection cars"),
                ([{**point, "vector": ["x"] * 24}], None, "something else than numbers in its vector"),
                ([{**point, "id": None}], None, "has no id"),
                ([{**point, "payload": {"id": "a", "label": "red"}}], None, '"label" is "red"'),
                ([point] * 1000, None, "is not listed as Qdrant does it"),
                ([], 7, "is not listed as Qdrant does it"),
                (7, None, "is not listed as Qdrant does it")):
            with self.subTest(expected=expected):
                answer = json.dumps({"result": {"points": points, "next_page_offset": following}})
                store.acts["POST points/scroll"] = [says(answer)]
                self.assertIn(expected, self.refused(*self.take(store)))
                self.assertFalse((self.folder / "back").exists())
        self.assertIn("is not there; --name says which", self.refused(*self.take(store, name="nothing")))

    def test_an_answer_that_is_too_large_is_asked_for_in_parts(self):
        store = self.store()
        self.to(store)
        store.acts["POST points/scroll"] = [says(" " * (65 << 20))]
        self.host(*self.take(store))
        self.check_imported("back")
        store.acts["POST points/scroll"] = 20 * [says(" " * (65 << 20))]
        self.assertIn("is larger than 67108864 bytes", self.refused(*self.take(store, output="other")))


if __name__ == "__main__":
    main(sys.argv)
