"""A small run that the tests of trackers let the host do."""
import json
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import unittest

EPOCHS, CLASSES, DIMENSION = 3, 8, 4


def npy(kind, shape, values):
    header = f"{{'descr': '<{kind}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    header += b" " * (117 - len(header)) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + values


class RunTest(unittest.TestCase):
    HOST = PLUGINS = None  # set by main()

    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="kindred_run_")
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        draw = random.Random(7)
        labels = [i % CLASSES for i in range(CLASSES * 6)]
        rows = [draw.gauss(label if i == 0 else 0, 1) for label in labels for i in range(DIMENSION)]
        (self.folder / "x.npy").write_bytes(npy("f4", (len(labels), DIMENSION), struct.pack(f"<{len(rows)}f", *rows)))
        (self.folder / "y.npy").write_bytes(npy("i8", (len(labels),), struct.pack(f"<{len(labels)}q", *labels)))

    def start(self, output, tracker):
        pipeline = {
            "kindred": 1, "name": "small",
            "data": {"dataset": {"type": "vectors", "embeddings": "x.npy", "labels": "y.npy"},
                     "split": {"train": {"fraction": 0.5}, "validation": {"from": "train", "fraction": 0.5}, "test": "rest"}},
            "model": {"encoders": {"vector": {"type": "identity"}}, "head": {"type": "skip_connection"}},
            "train": {"loss": {"type": "triplet"}, "batch_sampler": {"type": "p_k", "classes": 2, "samples": 3},
                      "optimizer": {"type": "adam", "lr": 0.02}, "epochs": EPOCHS},
            "evaluate": {"metrics": [{"type": "r_precision"}, {"type": "precision_at_k"}]},
            "output": {"trackers": [tracker]}}
        return self.start_pipeline(output, pipeline)

    def start_pipeline(self, output, pipeline):
        (self.folder / f"{output}.json").write_text(json.dumps(pipeline))
        return subprocess.Popen([self.HOST, "run", f"{output}.json", "--output", output, "--plugins", self.PLUGINS],
                                cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def finish(self, process):
        said, _ = process.communicate(timeout=300)
        self.assertEqual(process.returncode, 0, said)
        self.assertNotIn("without this tracker", said)


def main(test):
    test.HOST, test.PLUGINS = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1], verbosity=2)
