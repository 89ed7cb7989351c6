"""A small trained model, an index of its pictures, and `host serve` of both, for tests of this folder."""
import http.client
import json
import math
import pathlib
import random
import re
import signal
import struct
import subprocess
import tempfile
import time
import unittest
import zlib

CLASSES, PICTURES, SIDE = 8, 6, 24


def png(rows):
    """The file of a picture of RGB rows, as bytes."""
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", len(rows[0]) // 3, len(rows), 8, 2, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def picture(kind, number, side=SIDE):
    """A class is the direction of a texture."""
    noise = random.Random(1000 * kind + number)
    rows = []
    for y in range(side):
        rows.append(bytes(max(0, min(255, int(128 + 60 * math.sin(0.3 * (kind * y + (8 - kind) * (x // 3)))
                                               + noise.uniform(-30, 30)))) for x in range(3 * side)))
    return png(rows)


def write_pictures(folder, of_each=PICTURES):
    """class_C/N.png in a folder; returns their paths below it."""
    names = []
    for kind in range(CLASSES):
        (folder / f"class_{kind}").mkdir(parents=True)
        for number in range(of_each):
            names.append(f"class_{kind}/{number}.png")
            (folder / names[-1]).write_bytes(picture(kind, number))
    return names


PIPELINE = {
    "kindred": 1, "name": "photos", "seed": 5,
    "data": {"dataset": {"type": "image_folder", "root": "photos"},
             "split": {"train": {"fraction": 0.5}, "validation": "none", "test": "rest"},
             "transforms": [{"type": "resize", "width": 32, "height": 32}, {"type": "normalize"}]},
    "model": {"encoders": {"image": {"type": "resnet", "variant": "resnet18", "width": 8}},
              "head": {"type": "skip_connection"}},
    "cache": {"directory": "cache", "batch_size": 8},
    "train": {"loss": {"type": "triplet"}, "batch_sampler": {"type": "shuffle", "batch_size": 24}, "epochs": 2},
    "evaluate": {"metrics": [{"type": "r_precision"}]}}


class Server:
    """`host serve` of a model, on a port that is free."""

    def __init__(self, test, *arguments):
        """`test`: what has HOST, PLUGINS, and the folder with the model `run`."""
        self.process = subprocess.Popen(
            [test.HOST, "serve", "--model", "run", *([] if "--port" in arguments else ["--port", "0"]), "--plugins",
             test.PLUGINS, *map(str, arguments)],
            cwd=test.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.said = ""
        for line in self.process.stderr:
            self.said += line
            if found := re.search(r"http://127\.0\.0\.1:(\d+)", line):
                self.port = int(found.group(1))
                return
        self.process.wait(60)
        self.process.stderr.close()
        raise AssertionError(f"the server did not start: {self.said}")

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)
        self.process.stderr.close()

    def connection(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def ask(self, method, path, body=None, kind="application/json", **fields):
        """The status, the header and the body of an answer; JSON is read."""
        connection = self.connection()
        try:
            if isinstance(body, (dict, list)):
                body = json.dumps(body).encode()
            header = {**({"Content-Type": kind} if body is not None else {}),
                      **{name.replace("_", "-"): value for name, value in fields.items()}}
            connection.request(method, path, body, header)
            answer = connection.getresponse()
            content = answer.read()
            is_json = answer.headers.get("Content-Type", "").startswith("application/json")
            return answer.status, answer.headers, json.loads(content) if is_json else content
        finally:
            connection.close()

    def get(self, path, **fields):
        return self.ask("GET", path, **fields)

    def post(self, path, body, kind="application/json", **fields):
        return self.ask("POST", path, body, kind, **fields)


def run_host(test, *arguments):
    """What a command in the folder of a test prints; it must succeed."""
    done = subprocess.run([test.HOST, *map(str, arguments), "--plugins", test.PLUGINS], cwd=test.folder,
                          capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        raise AssertionError(f"{arguments}: {done.stderr}")
    return done.stdout


class ServedTest(unittest.TestCase):
    """The model `run`, and the index `i` of photos/class_C/N.png, once for all tests of a class."""
    HOST = PLUGINS = None  # set by main()

    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="kindred_serve_")
        cls.folder = pathlib.Path(cls.temporary.name)
        cls.photos = [f"photos/{name}" for name in write_pictures(cls.folder / "photos")]
        (cls.folder / "pipeline.json").write_text(json.dumps(PIPELINE))
        cls.host("run", "pipeline.json", "--quiet", "--output", "run")
        cls.host("index", "build", "--model", "run", "--output", "i", "--data", "pipeline.json", "--quiet")

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    @classmethod
    def host(cls, *arguments):
        return run_host(cls, *arguments)

    def bytes_of(self, photo):
        return (self.folder / photo).read_bytes()

    def until(self, condition, seconds=20):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if condition():
                return
            time.sleep(0.05)
        self.fail("it did not happen in time")


def main(arguments):
    """`arguments`: the script, HOST, PLUGIN_FOLDER, and which tests; else all."""
    ServedTest.HOST, ServedTest.PLUGINS = arguments[1:3]
    unittest.main(argv=arguments[:1] + arguments[3:], verbosity=2)
