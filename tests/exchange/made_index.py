"""An index that the tests of this folder hand over, and what should come out of it."""
import atexit
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import tempfile
import unittest

import numpy

COUNT, DIMENSION, REMOVED = 300, 24, ("car 7", "car 299")


def items():
    """All kinds of columns, texts of all kinds, and items without some of them."""
    made = []
    for i in range(COUNT):
        item = {"id": f"car {i}", "path": f"/photos/{i // 50}/car {i}.jpg", "label": i % 6,
                "class_name": ("Audi Ö", "BMW", "Škoda 日本", "it's", 'a "quoted" one', "tab\tand\\slash")[i % 6],
                "year": 1990 + i % 30, "price": i * 1.25, "note": "" if i % 4 else "line\nbreak"}
        if i % 5 == 0:
            del item["year"]
        if i == 11:
            item = {"id": "car 11"}
        made.append(item)
    return made


def rows():
    random = numpy.random.default_rng(7)
    made = random.standard_normal((COUNT, DIMENSION)).astype(numpy.float32)
    return made / numpy.linalg.norm(made, axis=1, keepdims=True)


class Commands:
    """Runs commands of the host in forks of one process that has LibTorch already, which is most of what starting takes."""

    def __init__(self, program, host):
        self.host = host  # whose commands these are
        self.folder = tempfile.TemporaryDirectory(prefix="kindred_commands_")
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        atexit.register(self.close)

    def run(self, arguments, folder):
        files = {name: pathlib.Path(self.folder.name) / name for name in ("out", "error")}
        command = {"arguments": list(map(str, arguments)), "folder": str(folder), "environment": dict(os.environ),
                   **{name: str(file) for name, file in files.items()}}
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        code = int(self.process.stdout.readline())
        return subprocess.CompletedProcess(arguments, code if code < 128 else 128 - code, files["out"].read_text(),
                                           files["error"].read_text())

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.folder.cleanup()


class StoreTest(unittest.TestCase):
    """Each test has the index `i` of these items, without two that were removed, in a folder of its own."""
    HOST = PLUGINS = COMMANDS = None  # set by main()
    DISTANCE = "cosine"

    @classmethod
    def setUpClass(cls):
        cls.made = tempfile.TemporaryDirectory(prefix="kindred_made_")
        cls.addClassCleanup(cls.made.cleanup)
        folder = pathlib.Path(cls.made.name)
        numpy.save(folder / "made.npy", rows())
        with open(folder / "made.jsonl", "w") as file:
            file.writelines(json.dumps(item) + "\n" for item in items())
        for arguments in (["import", "made.npy", "--from", "numpy", "--output", "i", "--precision", "float32", "--distance",
                           cls.DISTANCE], ["remove", "i", *REMOVED]):
            subprocess.run([cls.HOST, "index", *arguments, "--plugins", cls.PLUGINS], cwd=folder, check=True, timeout=300,
                           stdout=subprocess.DEVNULL)

    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="kindred_store_")
        self.folder = pathlib.Path(self.temporary.name)
        shutil.copytree(self.made.name, self.folder, dirs_exist_ok=True)
        self.items = [item for item in items() if item["id"] not in REMOVED]
        self.rows = numpy.delete(rows(), [7, 299], axis=0)

    def tearDown(self):
        self.temporary.cleanup()

    def run_host(self, *arguments):
        if self.COMMANDS is not None and self.COMMANDS.host == self.HOST:
            return self.COMMANDS.run([*arguments, "--plugins", self.PLUGINS], self.folder)
        return subprocess.run([self.HOST, *map(str, arguments), "--plugins", self.PLUGINS], cwd=self.folder,
                              capture_output=True, text=True, timeout=300)

    def host(self, *arguments):
        """What the command prints; it must succeed."""
        done = self.run_host(*arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def refused(self, *arguments):
        """What the command says when it fails."""
        done = self.run_host(*arguments)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        return done.stderr

    def exported(self, *arguments):
        return json.loads(self.host("index", "export", "i", *arguments, "--json"))

    def put_bytes_into_path(self):
        """The path of the first item becomes one that is no UTF-8, as file names may be; what a store should show."""
        with sqlite3.connect(self.folder / "i/metadata.sqlite") as database:
            database.execute("UPDATE items SET path = CAST(X'2FE92E6A7067' AS TEXT) WHERE row = 0")
        database.close()
        return "/\\xE9.jpg"

    def check_imported(self, index, tolerance=1e-7):
        """Compares an index with the one that was exported."""
        self.host("index", "verify", index)
        for left in self.folder.glob("again.*"):
            left.unlink()
        self.host("index", "export", index, "--to", "numpy", "--output", "again.npy")
        numpy.testing.assert_allclose(numpy.load(self.folder / "again.npy"), self.rows, rtol=0, atol=tolerance)
        with open(self.folder / "again.jsonl") as file:
            found = [json.loads(line) for line in file]
        for row, item in enumerate(self.items):
            self.assertEqual({**item, "row": row}, found[row])


def main(arguments):
    """`arguments`: the script, HOST, PLUGIN_FOLDER."""
    StoreTest.HOST, StoreTest.PLUGINS = arguments[1:3]
    program = os.environ.get("KINDRED_TEST_COMMANDS")
    if program is not None and os.environ.get("OMP_NUM_THREADS") == "1":  # a fork has one thread
        StoreTest.COMMANDS = Commands(program, StoreTest.HOST)
    unittest.main(argv=arguments[:1], verbosity=2)
