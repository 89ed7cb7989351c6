#!/usr/bin/env python3
"""Tries `host weights` against servers on this machine that send a file as it is, cut it off, lie and stall.

    weights_test.py HOST PLUGIN_FOLDER

PLUGIN_FOLDER has the plugin of tests/fixtures/plugins/published.cpp, which says what its weights are. Exits with 77,
which CTest takes as skipped, where the host was built without libcurl.
"""
import http.server
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import unittest

HOST, PLUGINS = sys.argv[1:3]
BYTES = bytes(i * i % 251 for i in range(300000))
HALF = len(BYTES) // 2


class Server(http.server.ThreadingHTTPServer):
    """Answers each request by the next of `acts`, and by the last one from then on."""
    daemon_threads = True

    def __init__(self, *acts):
        super().__init__(("127.0.0.1", 0), Handler)
        self.acts, self.ranges, self.end_stall = list(acts), [], threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.end_stall.set()
        self.shutdown()
        self.server_close()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_address[1]}/fixture.bin"


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *unused):
        pass

    def do_GET(self):
        server = self.server
        asked = self.headers.get("Range")
        server.ranges.append(asked)
        act = server.acts.pop(0) if len(server.acts) > 1 else server.acts[0]
        first = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
        if act == "ignores ranges":
            first = 0
        if act == "refuses":
            self.send_error(404, "no such file")
            return
        if first >= len(BYTES):
            self.send_error(416, "nothing beyond")
            return
        body = bytes(len(BYTES)) if act == "lies" else BYTES
        self.send_response(206 if first > 0 else 200)
        self.send_header("Content-Length", str(len(body) - first))
        if first > 0:
            self.send_header("Content-Range", f"bytes {first}-{len(body) - 1}/{len(body)}")
        self.end_headers()
        end = HALF if act in ("cuts", "stalls") else len(body)
        self.wfile.write(body[first:end])
        self.wfile.flush()
        if act == "stalls":
            server.end_stall.wait()
        self.close_connection = True


class Weights(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.file = self.folder / "fixture.bin"
        self.part = self.folder / "fixture.bin.part"

    def run_host(self, *arguments, **environment):
        environment = {**os.environ, "KINDRED_WEIGHTS": str(self.folder), "no_proxy": "*", **environment}
        return subprocess.run([HOST, *arguments, "--plugins", PLUGINS], capture_output=True, text=True, env=environment)

    def get(self, server, *more, name="fixture_weights"):
        return self.run_host("weights", "get", name, "--from", server.address, "--patience", "1", *more)

    def test_fetches_a_file_and_says_where_it_is(self):
        with Server("sends") as server:
            done = self.get(server)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(done.stdout.strip(), str(self.file))
            self.assertEqual(self.file.read_bytes(), BYTES)
            self.assertFalse(self.part.exists())
            again = self.get(server)
            self.assertEqual((again.returncode, len(server.ranges)), (0, 1))
        self.assertEqual(self.run_host("weights", "path", "fixture_weights").returncode, 0)

    def test_continues_a_file_that_was_cut_off(self):
        with Server("cuts", "sends") as server:
            done = self.get(server)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(server.ranges, [None, f"bytes={HALF}-"])
        self.assertEqual(self.file.read_bytes(), BYTES)

    def test_keeps_what_came_for_the_next_call(self):
        with Server("cuts", "refuses", "sends") as server:
            done = self.get(server)
            self.assertEqual(done.returncode, 1)
            self.assertIn("404", done.stderr)
            self.assertIn(f"{HALF} bytes are kept in {self.part}", done.stderr)
            self.assertFalse(self.file.exists())
            self.assertEqual(self.get(server).returncode, 0)
            self.assertEqual(server.ranges[-1], f"bytes={HALF}-")
        self.assertEqual(self.file.read_bytes(), BYTES)

    def test_begins_again_where_the_server_knows_no_ranges(self):
        self.part.write_bytes(b"x" * 1000)
        with Server("ignores ranges") as server:
            self.assertEqual(self.get(server).returncode, 0)
        self.assertEqual(self.file.read_bytes(), BYTES)

    def test_takes_what_had_come_whole(self):
        self.part.write_bytes(BYTES)
        with Server("sends") as server:
            self.assertEqual(self.get(server).returncode, 0)
        self.assertEqual(self.file.read_bytes(), BYTES)

    def test_gives_up_where_the_server_stalls(self):
        with Server("stalls") as server:
            done = self.get(server)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"{HALF} bytes are kept", done.stderr)
        self.assertEqual(self.part.read_bytes(), BYTES[:HALF])
        self.assertFalse(self.file.exists())

    def test_refuses_another_file_and_leaves_nothing(self):
        for name in ("fixture_weights", "fixture_prefix"):
            with Server("lies") as server:
                done = self.get(server, name=name)
            self.assertEqual(done.returncode, 1)
            self.assertIn("is not the file that was published", done.stderr)
            self.assertEqual(list(self.folder.iterdir()), [])

    def test_checks_the_digits_that_are_known(self):
        with Server("sends") as server:
            self.assertEqual(self.get(server, name="fixture_prefix").returncode, 0)

    def test_without_a_connection_names_the_address_and_the_place(self):
        done = self.run_host("weights", "get", "fixture_weights")
        self.assertEqual(done.returncode, 1)
        self.assertIn("http://127.0.0.1:1/fixture.bin", done.stderr)
        self.assertIn(f"put it at {self.file}", done.stderr)
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_a_file_that_is_another_is_named(self):
        self.file.write_bytes(b"something else")
        done = self.run_host("weights", "get", "fixture_weights")
        self.assertEqual(done.returncode, 1)
        self.assertIn("it is not what was published", done.stderr)
        self.assertEqual(self.file.read_bytes(), b"something else")

    def test_lists_what_encoders_know(self):
        done = self.run_host("weights", "list", "--json")
        listed = {one["name"]: one for one in json.loads(done.stdout)["weights"]}
        self.assertEqual(listed["fixture_weights"]["path"], str(self.file))
        self.assertEqual(listed["fixture_weights"]["licence"], "CC0-1.0")
        self.assertEqual(len(listed["fixture_weights"]["sha256"]), 64)
        self.assertFalse(listed["fixture_weights"]["present"])
        if "resnet50" in listed:
            self.assertEqual(listed["resnet50"]["url"], "https://download.pytorch.org/models/resnet50-0676ba61.pth")
            self.assertEqual(listed["resnet50"]["sha256"], "0676ba61")
        self.assertEqual(self.run_host("weights").returncode, 0)

    def test_a_name_that_is_mistyped_is_met_with_the_right_one(self):
        done = self.run_host("weights", "path", "fixture_weight")
        self.assertEqual(done.returncode, 2)
        self.assertIn("did you mean fixture_weights?", done.stderr)
        self.assertEqual(self.run_host("weights", "path", "fixture_weights").returncode, 1)

    def test_the_user_s_folder_of_caches_is_where_they_lie_by_default(self):
        done = self.run_host("weights", "path", "fixture_weights", KINDRED_WEIGHTS="", XDG_CACHE_HOME="/caches")
        self.assertEqual(done.stdout.strip(), "/caches/kindred/weights/fixture.bin")
        done = self.run_host("weights", "path", "fixture_weights", KINDRED_WEIGHTS="", XDG_CACHE_HOME="", HOME="/home/me")
        self.assertEqual(done.stdout.strip(), "/home/me/.cache/kindred/weights/fixture.bin")


if __name__ == "__main__":
    if "no libcurl" in subprocess.run([HOST, "weights", "get", "fixture_weights", "--plugins", PLUGINS], text=True,
                                      capture_output=True, env={**os.environ, "KINDRED_WEIGHTS": "/nowhere"}).stderr:
        print("skipped: the host was built without libcurl")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])
