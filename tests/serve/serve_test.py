#!/usr/bin/env python3
"""Asks `host serve` what programs ask it.

    serve_test.py HOST PLUGIN_FOLDER
"""
import base64
import concurrent.futures
import fcntl
import json
import pathlib
import random
import shutil
import signal
import struct
import sys
import urllib.parse

import api_page
from served import Server, ServedTest, main, picture


def as_json(content):
    return {"image": base64.b64encode(content).decode()}


def embedded_rows(path):
    """The rows of a float32 .npy file."""
    data = path.read_bytes()
    length = struct.unpack("<H", data[8:10])[0]
    rows, width = eval(data[10:10 + length].decode(), {}, {})["shape"]
    numbers = struct.unpack(f"<{rows * width}f", data[10 + length:])
    return [numbers[row * width:(row + 1) * width] for row in range(rows)]


class EmbeddingTest(ServedTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.host("embed", "--model", "run", "--output", "e.npy", "--quiet", *cls.photos)
        cls.expected = embedded_rows(cls.folder / "e.npy")

    def check_row(self, row, index, tolerance=2e-6):
        wanted = self.expected[index]
        self.assertEqual(len(row), len(wanted))
        largest = max(map(abs, wanted))
        for a, b in zip(row, wanted):
            self.assertLess(abs(a - b), tolerance * max(1, largest))

    def test_pictures_come_as_bodies_forms_and_json(self):
        with Server(self) as server:
            content = self.bytes_of(self.photos[3])
            status, _, answer = server.post("/embed", content, "image/png")
            self.assertEqual(status, 200, answer)
            self.check_row(answer["embeddings"][0], 3)
            form = b"".join(b'--b\r\nContent-Disposition: form-data; name="image"; filename="x.png"\r\n\r\n'
                            + self.bytes_of(photo) + b"\r\n" for photo in self.photos[:2]) + b"--b--\r\n"
            status, _, answer = server.post("/embed", form, "multipart/form-data; boundary=b")
            self.assertEqual(status, 200, answer)
            for index in range(2):
                self.check_row(answer["embeddings"][index], index)
            uri = "data:image/png;base64," + base64.b64encode(content).decode()
            for inputs in (uri, [uri], [as_json(content)], as_json(content), {"image": uri}):
                status, _, answer = server.post("/embed", {"inputs": inputs})
                self.assertEqual(status, 200, answer)
                self.check_row(answer["embeddings"][0], 3)

    def test_results_do_not_depend_on_who_asks_beside(self):
        with Server(self, "--batch-size", "7", "--batch-window", "20ms") as server:
            def ask(index):
                return index, server.post("/embed", self.bytes_of(self.photos[index]), "image/png")

            with concurrent.futures.ThreadPoolExecutor(16) as pool:
                for index, (status, _, answer) in pool.map(ask, list(range(len(self.photos))) * 3):
                    self.assertEqual(status, 200, answer)
                    self.check_row(answer["embeddings"][0], index)
            metrics = server.get("/metrics")[2].decode()
            counts = {line.split()[0]: float(line.split()[1]) for line in metrics.splitlines() if line[0] != "#"}
            self.assertEqual(counts["kindred_batch_inputs_sum"], 3 * len(self.photos))
            self.assertLess(counts["kindred_batch_inputs_count"], 3 * len(self.photos), "requests share batches")

    def test_a_list_longer_than_a_batch_or_the_queue_is_divided(self):
        with Server(self, "--batch-size", "4", "--max-waiting", "8") as server:
            status, _, answer = server.post("/embed", {"inputs": [as_json(self.bytes_of(one)) for one in self.photos]})
            self.assertEqual(status, 200, answer)
            for index, row in enumerate(answer["embeddings"]):
                self.check_row(row, index)

    def test_one_bad_picture_fails_alone(self):
        with Server(self) as server:
            inputs = [as_json(self.bytes_of(self.photos[0])), as_json(b"no picture"), as_json(self.bytes_of(self.photos[1]))]
            status, _, answer = server.post("/embed", {"inputs": inputs})
            self.assertEqual(status, 200)
            self.assertEqual(answer["embeddings"][1], None)
            self.assertEqual([one["index"] for one in answer["errors"]], [1])
            self.assertIn("/inputs/1", answer["errors"][0]["message"])
            self.check_row(answer["embeddings"][2], 1)
            status, _, answer = server.post("/v1/embeddings", {"input": inputs})
            self.assertEqual([one["index"] for one in answer["data"]], [0, 1, 2])
            self.assertEqual(answer["data"][1]["embedding"], [])
            self.assertIn("message", answer["data"][1]["error"])
            self.assertEqual(server.post("/embed", b"no picture", "image/png")[0], 400)

    def test_clients_of_openai_are_understood(self):
        with Server(self) as server:
            request = {"model": "any", "input": [as_json(self.bytes_of(self.photos[5]))], "encoding_format": "base64",
                       "user": "somebody"}
            status, _, answer = server.post("/v1/embeddings", request)
            self.assertEqual((status, answer["object"], answer["model"]), (200, "list", "photos"))
            self.assertEqual(answer["usage"], {"prompt_tokens": 0, "total_tokens": 0})
            content = base64.b64decode(answer["data"][0]["embedding"])
            self.check_row(struct.unpack(f"<{len(content) // 4}f", content), 5)
            del request["encoding_format"]
            first = server.post("/v1/embeddings", {**request, "dimensions": 5})[2]["data"][0]["embedding"]
            self.assertEqual(len(first), 5)
            self.assertEqual(server.get("/v1/models")[2]["data"][0]["id"], "photos")

    def test_wrong_requests_get_sentences(self):
        with Server(self) as server:
            for body, sentence in (({"input": "a text"}, "the model \"photos\" reads images"),
                                   ({"input": [1, 2]}, "lists of tokens are not read"),
                                   ({"input": []}, "nothing to embed"),
                                   ({"input": {"image": "http://example.org/a.jpg"}}, "fetches nothing"),
                                   ({"input": {"image": "%%%"}}, "/input/image is no base64"),
                                   ({"input": {"picture": "x"}}, "picture is not known"),
                                   ({"input": {"image": "aGk=", "text": "x"}}, "must have one of"),
                                   ({"input": {"image": "aGk="}, "encoding_format": "hex"}, "expected float or base64"),
                                   ({"input": {"image": "aGk="}, "dimensions": 10 ** 6}, "/dimensions is 1000000")):
                status, _, answer = server.post("/v1/embeddings", body)
                self.assertEqual(status, 400)
                self.assertIn(sentence, answer["error"]["message"])
                self.assertEqual(answer["error"]["type"], "invalid_request_error")
            self.assertIn("no JSON", server.post("/embed", b"{")[2]["error"]["message"])
            self.assertEqual(server.post("/embed", b"x", "application/pdf")[0], 415)
            self.assertEqual(server.post("/search", {})[0], 404, "there is no index")
            self.assertEqual(server.ask("PUT", "/embed", b"x")[0], 405)

    def test_survives_any_bytes(self):
        with Server(self) as server:
            noise = random.Random(11)
            good = [(json.dumps({"input": [as_json(self.bytes_of(self.photos[0]))]}).encode(), "application/json"),
                    (self.bytes_of(self.photos[0]), "image/png"),
                    (b'--b\r\nContent-Disposition: form-data; name="image"; filename="x"\r\n\r\nabc\r\n--b--\r\n',
                     "multipart/form-data; boundary=b")]
            for _ in range(150):
                body, kind = noise.choice(good)
                body = bytearray(body)
                for _ in range(noise.randrange(1, 6)):
                    place = noise.randrange(len(body))
                    if noise.random() < 0.3:
                        body = body[:max(1, place)]
                    else:
                        body[place] = noise.randrange(256)
                    place = 0
                status, _, answer = server.post("/v1/embeddings" if kind == "application/json" else "/embed", bytes(body), kind)
                self.assertIn(status, (200, 400), answer)
            status, _, answer = server.post("/embed", self.bytes_of(self.photos[2]), "image/png")
            self.check_row(answer["embeddings"][0], 2)


class SearchTest(ServedTest):
    def test_finds_by_picture_item_vector_and_several(self):
        with Server(self, "--index", "i") as server:
            photo = "photos/class_2/4.png"
            content = self.bytes_of(photo)
            status, _, answer = server.post("/search?k=3", content, "image/png")
            self.assertEqual(status, 200, answer)
            self.assertEqual(answer["found"][0]["class"], "class_2")
            self.assertLess(answer["found"][0]["distance"], 1e-3)
            item = answer["found"][0]["id"]
            others = server.post("/search", {"id": item, "k": 5})[2]["found"]
            self.assertNotIn(item, [one["id"] for one in others])
            row = server.post("/embed", content, "image/png")[2]["embeddings"][0]
            by_vector = server.post("/search", {"vector": row, "k": 3})[2]["found"]
            self.assertEqual([one["id"] for one in by_vector], [one["id"] for one in answer["found"]])
            mixed = server.post("/search", {"like": [{"id": item, "weight": 3}, as_json(content)], "k": 2})
            self.assertEqual(mixed[0], 200, mixed[2])
            away = server.post("/search", {"like": [{"id": item}], "unlike": [{"id": others[0]["id"]}], "k": 47})[2]["found"]
            ids = [one["id"] for one in away]
            self.assertGreater(ids.index(others[0]["id"]), 0)
            self.assertEqual([one["rank"] for one in away], list(range(1, len(away) + 1)))

    def test_keeps_to_conditions_groups_and_stages(self):
        with Server(self, "--index", "i") as server:
            item = server.post("/search?k=1", self.bytes_of(self.photos[0]), "image/png")[2]["found"][0]["id"]
            found = server.post("/search", {"id": item, "k": 50, "where": "class_name = 'class_5'"})[2]["found"]
            self.assertEqual({one["class"] for one in found}, {"class_5"})
            self.assertEqual(len(found), 6)
            grouped = server.post("/search", {"id": item, "k": 8, "group_by": "class_name"})[2]["found"]
            self.assertEqual(len({one["class"] for one in grouped}), 8)
            self.assertEqual(server.post("/search", {"id": item, "rerank": ["k_reciprocal"]})[0], 200)
            for body, sentence in (({"id": item, "where": "1; DROP TABLE items"}, "semicolon"),
                                   ({"id": item, "where": "wheels = 4"}, "wheels"),
                                   ({"id": item, "group_by": "wheels"}, "no column"),
                                   ({"id": item, "k": 0}, "/k is 0"),
                                   ({"id": item, "rerank": "magic"}, "magic"),
                                   ({"id": item, "grupo": 1}, "/grupo is not known"),
                                   ({"vector": [1, 2]}, "numbers"),
                                   ({}, "nothing to search for")):
                status, _, answer = server.post("/search", body)
                self.assertEqual(status, 400, answer)
                self.assertIn(sentence, answer["error"]["message"])
            self.assertEqual(server.post("/search", {"id": "nobody"})[0], 404)

    def test_shows_pictures_and_no_other_files(self):
        secret = self.folder / "secret.txt"
        secret.write_text("nobody shall read this")
        self.host("index", "export", "i", "--to", "numpy", "--output", "foreign.npy")
        lines = [json.loads(line) for line in open(self.folder / "foreign.jsonl")]
        lines[0]["path"] = str(secret)
        lines[1]["path"] = "/etc/passwd"
        (self.folder / "foreign.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        self.host("index", "import", "foreign.npy", "--from", "numpy", "--output", "foreign")
        with Server(self, "--index", "foreign") as server:
            for line in lines[:2]:
                status, _, answer = server.get(f"/items/{urllib.parse.quote(line['id'], safe='')}/picture")
                self.assertEqual(status, 404, answer)
            place = server.get(f"/items/{urllib.parse.quote(lines[2]['id'], safe='')}")[2]["picture"]
            status, header, content = server.get(place)
            self.assertEqual((status, header["Content-Type"]), (200, "image/png"))
            self.assertEqual(content, pathlib.Path(lines[2]["path"]).read_bytes())
            self.assertNotIn(str(self.folder), json.dumps(server.post("/search", {"id": lines[2]["id"]})[2]))
            for path in ("/items/..%2f..%2fetc%2fpasswd/picture", "/items/../../etc/passwd", "/../etc/passwd"):
                self.assertEqual(server.get(path)[0], 404)

    def test_what_was_before_training_is_served_beside_it(self):
        self.host("run", "pipeline.json", "--quiet", "--output", "before", "--set", "train.epochs=0", "--set", "model.head=[]")
        self.host("index", "build", "--model", "before", "--output", "before.index", "--data", "pipeline.json", "--quiet")
        self.host("embed", "--model", "before", "--output", "before.npy", "--quiet", *self.photos)
        with Server(self, "--index", "i", "--base-index", "before.index") as server:
            content = self.bytes_of(self.photos[7])
            row = server.post("/embed?space=base", content, "image/png")[2]["embeddings"][0]
            for a, b in zip(row, embedded_rows(self.folder / "before.npy")[7]):
                self.assertLess(abs(a - b), 1e-4)
            found = {space: server.post("/search", {**as_json(content), "space": space, "k": 48})[2]["found"]
                     for space in ("tuned", "base")}
            self.assertEqual(found["tuned"][0]["id"], found["base"][0]["id"])
            self.assertNotEqual([one["distance"] for one in found["tuned"]], [one["distance"] for one in found["base"]])
            self.assertEqual(server.post("/search", {"id": found["base"][0]["id"], "space": "base"})[0], 200)
            self.assertEqual(server.get("/info")[2]["base"]["index"]["items"], 48)
            self.assertIn("expected tuned or base", server.post("/search", {"id": "x", "space": "all"})[2]["error"]["message"])
        with Server(self, "--index", "i") as server:
            self.assertIn("no base", server.post("/search", {"id": "x", "space": "base"})[2]["error"]["message"])
            self.assertIsNone(server.get("/info")[2]["base"])

    def test_another_model_is_refused(self):
        self.host("run", "pipeline.json", "--quiet", "--output", "other", "--set", "seed=9")
        self.host("index", "build", "--model", "other", "--output", "other.index", "--quiet", "photos")
        with self.assertRaisesRegex(AssertionError, "fingerprint"):
            Server(self, "--index", "other.index")

    def test_interface_is_described(self):
        with Server(self, "--index", "i") as server:
            api = server.get("/openapi.json")[2]
            self.assertEqual(api["openapi"][:2], "3.")
            names = set(api["components"]["schemas"])
            text = json.dumps(api)
            for name in names:
                self.assertIn(f"#/components/schemas/{name}", text)
            for part in text.split('"#/components/schemas/')[1:]:
                self.assertIn(part.split('"')[0], names)
            for path, methods in api["paths"].items():
                for method in methods:
                    status = server.ask(method.upper(), path.replace("{id}", "x"), b"" if method == "post" else None)[0]
                    self.assertNotIn(status, (405, 500), (path, method))
            written = (pathlib.Path(__file__).parents[2] / "docs/api.md").read_text()
            self.assertEqual(written, api_page.page(api), "build the target api_page, which writes docs/api.md")
            self.assertIn(b"<html", server.get("/docs")[2])
            info = server.get("/info")[2]
            self.assertEqual(info["model"]["reads"], "image")
            self.assertEqual(info["index"]["items"], 48)
            self.assertIn("tuned.r_precision", info["model"]["metrics"])
            self.assertEqual(server.get("/health")[2], {"status": "ok"})
            self.assertEqual(server.get("/ready")[0], 200)


class ItemsTest(ServedTest):
    def setUp(self):
        self.new = picture(3, 77)
        self.host("index", "build", "--model", "run", "--output", "mine", "--quiet", "photos/class_0", "photos/class_1")

    def tearDown(self):
        shutil.rmtree(self.folder / "mine")

    def add(self, server, name="new", **more):
        return server.post("/items", {"items": [{"id": name, **as_json(self.new), "class_name": "class_3", "year": 2011}], **more})

    def test_what_is_acknowledged_survives_a_kill(self):
        with Server(self, "--index", "mine") as server:
            status, _, answer = self.add(server)
            self.assertEqual((status, answer), (201, {"added": ["new"]}))
            self.assertEqual(server.post("/search?k=1", self.new, "image/png")[2]["found"][0]["id"], "new")
            server.process.send_signal(signal.SIGKILL)
            server.process.wait()
        self.host("index", "verify", "mine")
        self.assertIn("13", self.host("index", "info", "mine"))
        with Server(self, "--index", "mine") as server:
            found = server.post("/search", {"id": "new", "where": "year = 2011 OR label = 0"})
            self.assertEqual(found[0], 200, found[2])
            self.assertEqual(server.ask("DELETE", "/items/new")[2], {"removed": ["new"]})
            self.assertEqual(server.get("/items/new")[0], 404)
            self.assertEqual(server.ask("DELETE", "/items/new")[0], 404)

    def test_a_picture_that_came_over_http_has_a_thumbnail_where_the_index_keeps_them(self):
        with Server(self, "--index", "mine") as server:
            self.add(server)
            self.assertEqual(server.get("/items/new/thumbnail")[0], 404)
        self.host("index", "build", "--model", "run", "--output", "kept", "--quiet", "--thumbnails", "photos/class_0")
        with Server(self, "--index", "kept") as server:
            self.add(server)
            status, header, body = server.get("/items/new/thumbnail")
            self.assertEqual((status, header["Content-Type"], body[:3]), (200, "image/jpeg", b"\xff\xd8\xff"))
        shutil.rmtree(self.folder / "kept")

    def test_an_id_is_there_once(self):
        with Server(self, "--index", "mine") as server:
            self.add(server)
            status, _, answer = self.add(server)
            self.assertEqual(status, 400)
            self.assertIn("new", answer["error"]["message"])
            self.assertEqual(self.add(server, existing="replace")[0], 201)
            status, _, answer = server.post("/items", {"items": [{"id": "a", **as_json(self.new)}, {"id": "b", **as_json(b"no")}]})
            self.assertEqual(status, 400)
            self.assertIn("nothing was added", answer["error"]["message"])
            self.assertEqual(server.get("/items/a")[0], 404)

    def test_a_form_of_another_page_adds_nothing(self):
        with Server(self, "--index", "mine") as server:
            body = json.dumps({"items": [{"id": "x", **as_json(self.new)}]}).encode()
            for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"):
                self.assertEqual(server.post("/items", body, kind)[0], 415)
            status, _, answer = server.post("/items?id=raw&class_name=class_3&colour=red", self.new, "image/png")
            self.assertEqual(status, 201, answer)
            self.assertEqual(server.get("/items/raw")[2]["colour"], "red")

    def test_sees_what_another_process_does(self):
        with Server(self, "--index", "mine") as server:
            self.host("index", "add", "mine", "photos/class_5", "--quiet")
            photo = self.bytes_of("photos/class_5/2.png")
            self.assertEqual(server.post("/search?k=1", photo, "image/png")[2]["found"][0]["id"], "photos/class_5/2.png")
            self.host("index", "remove", "mine", "photos/class_5/2.png")
            self.assertNotEqual(server.post("/search?k=1", photo, "image/png")[2]["found"][0]["id"], "photos/class_5/2.png")
            self.host("index", "compact", "mine", "--quiet")
            self.assertEqual(server.post("/search?k=1", photo, "image/png")[0], 200)
            with open(self.folder / "mine/writer.lock", "r+") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                status, header, answer = self.add(server)
            self.assertEqual((status, header["Retry-After"]), (409, "1"), answer)
            self.assertEqual(self.add(server)[0], 201)


class AccessTest(ServedTest):
    def test_asks_for_a_key(self):
        (self.folder / "keys").write_text("# mine\nfirst-key-1\n\nsecond-key-2\n")
        with Server(self, "--api-key-file", "keys", "--index", "i") as server:
            self.assertEqual(server.get("/health")[0], 200)
            status, header, answer = server.get("/info")
            self.assertEqual((status, header["WWW-Authenticate"]), (401, "Bearer"), answer)
            for key in ("first-key-", "first-key-12", "", "first-key-2"):
                self.assertEqual(server.get("/info", Authorization=f"Bearer {key}")[0], 401)
            self.assertEqual(server.get("/info", Authorization="Bearer second-key-2")[0], 200)
            self.assertEqual(server.get("/info", X_API_Key="first-key-1")[0], 200)

    def test_pages_of_others_are_kept_out_unless_they_are_named(self):
        with Server(self, "--cors", "https://mine.example", "--index", "i") as server:
            self.assertEqual(server.get("/info", Origin="https://evil.example")[0], 403)
            status, header, _ = server.get("/info", Origin="https://mine.example")
            self.assertEqual((status, header["Access-Control-Allow-Origin"]), (200, "https://mine.example"))
            own = f"http://127.0.0.1:{server.port}"
            self.assertEqual(server.get("/info", Origin=own, Host=f"127.0.0.1:{server.port}")[0], 200)
            self.assertEqual(server.get("/info", Host="rebound.example")[0], 403)
            self.assertEqual(server.get("/info", Host=f"127.0.0.1.evil.example:{server.port}")[0], 403)
            status, header, _ = server.ask("OPTIONS", "/search", Origin="https://mine.example", Access_Control_Request_Method="POST")
            self.assertEqual(status, 204)
            self.assertIn("POST", header["Access-Control-Allow-Methods"])
            self.assertEqual(server.ask("OPTIONS", "/search", Origin="https://evil.example", Access_Control_Request_Method="POST")[0], 403)

    def test_log_tells_no_contents(self):
        with Server(self, "--request-log", "log.jsonl", "--index", "i") as server:
            server.post("/search?where=class_name%20=%20'secret'", self.bytes_of(self.photos[0]), "image/png")
            server.get("/items/a%20secret")
        text = (self.folder / "log.jsonl").read_text()
        self.assertNotIn("secret", text)
        lines = [json.loads(line) for line in text.splitlines()]
        self.assertEqual([(line["method"], line["route"], line["status"]) for line in lines],
                         [("POST", "/search", 200), ("GET", "/items/{id}", 404)])

    def test_ends_in_order_and_costs_nothing_for_who_hung_up(self):
        with Server(self, "--batch-window", "1s", "--index", "i") as server:
            connection = server.connection()
            connection.request("POST", "/embed", self.bytes_of(self.photos[0]), {"Content-Type": "image/png"})
            connection.sock.close()
            connection.close()
            self.until(lambda: b'kindred_hangups_total{route="/embed"} 1' in server.get("/metrics")[2])
            self.until(lambda: b"kindred_inputs_waiting 0" in server.get("/metrics")[2])
            self.assertIn(b"batch_inputs histogram", server.get("/metrics")[2])
            waiting = server.connection()
            waiting.request("POST", "/embed", self.bytes_of(self.photos[0]), {"Content-Type": "image/png"})
            self.until(lambda: b"kindred_inputs_waiting 1" in server.get("/metrics")[2])
            server.process.send_signal(signal.SIGTERM)
            answer = waiting.getresponse()
            self.assertEqual(answer.status, 200)
            answer.read()
            self.assertEqual(server.process.wait(30), 0)

    def test_says_what_its_options_want(self):
        (self.folder / "short").write_text("abc\n")
        for arguments, sentence in ((["--port", "70000"], "--port is 70000"), (["--address", "nowhere"], "no address"),
                                    (["--max-body", "much"], "--max-body much is no size"),
                                    (["--api-key-file", "short"], "at least 8 letters"),
                                    (["--index", "nothing"], "nothing is no index")):
            with self.assertRaisesRegex(AssertionError, sentence):
                Server(self, *arguments)


if __name__ == "__main__":
    main(sys.argv)
