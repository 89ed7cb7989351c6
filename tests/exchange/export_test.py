#!/usr/bin/env python3
"""ONNX Runtime computes what `host export` wrote, from pictures as Pillow reads and resizes them.

    export_test.py HOST PLUGIN_FOLDER
"""
import json
import pathlib
import subprocess
import sys

from environment import in_environment

in_environment("numpy", "onnx", "onnxruntime", "pillow")
import numpy  # noqa: E402
import onnx  # noqa: E402
import onnxruntime  # noqa: E402
from made_run import RunTest, main  # noqa: E402
from PIL import Image  # noqa: E402

SIDE, LIMIT = 28, 1e-4
ENCODERS = {
    "resnet": {"type": "resnet", "variant": "resnet18", "width": 8, "pooling": "gem", "trainable": True},
    "vit": {"type": "vit", "variant": "vit_small_patch14_dinov2", "weights": "random"},
    "efficientnet": {"type": "efficientnet_lite", "variant": "lite0", "weights": "random"},
}
HEADS = [[{"type": "whitening"}, {"type": "projection", "dimension": 12, "hidden": 20, "batch_norm": True}],
         [{"type": "skip_connection"}, {"type": "gated"}, {"type": "l2_normalize"}],
         [{"type": "stacked", "dimensions": [32, 16], "activation": "gelu"}, {"type": "widening"},
          {"type": "softmax_embeddings", "groups": 4, "size": 4}]]


class ExportTest(RunTest):
    def setUp(self):
        super().setUp()
        drawn = numpy.random.default_rng(7)
        for label in range(6):
            folder = self.folder / f"photos/{label}"
            folder.mkdir(parents=True)
            for place in range(4):
                rows, columns = numpy.mgrid[0:24, 0:32]
                wave = 128 + 70 * numpy.sin(0.3 * (label * rows + (6 - label) * columns))
                noise = drawn.uniform(-30, 30, (24, 32, 3))
                Image.fromarray((wave[..., None] + noise).clip(0, 255).astype("uint8")).save(folder / f"{place}.png")
        self.photos = sorted(str(one.relative_to(self.folder)) for one in self.folder.glob("photos/*/*.png"))

    def host(self, *words):
        done = subprocess.run([self.HOST, *words, "--quiet", "--plugins", self.PLUGINS], cwd=self.folder,
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def trained(self, name, encoder, head):
        self.finish(self.start_pipeline(name, {
            "kindred": 1, "name": name,
            "data": {"dataset": {"type": "image_folder", "root": "photos"},
                     "split": {"train": {"fraction": 0.5}, "validation": "none", "test": "rest"},
                     "transforms": [{"type": "resize", "width": SIDE, "height": SIDE}, {"type": "normalize"}]},
            "model": {"encoders": {"image": encoder}, "head": head},
            "train": {"loss": {"type": "triplet"}, "batch_sampler": {"type": "shuffle", "batch_size": 12}, "epochs": 1},
            "evaluate": {"metrics": [{"type": "r_precision"}]}}))

    def bytes_of(self, manifest):
        resize = manifest["preprocessing"]["transforms"][0]["params"]
        size = resize["width"], resize["height"]
        self.assertEqual(resize["interpolation"], "bilinear")
        return numpy.stack([numpy.asarray(Image.open(self.folder / one).convert("RGB").resize(size, Image.Resampling.BILINEAR))
                            for one in self.photos])

    def pictures(self, manifest):
        read = self.bytes_of(manifest)
        if manifest["preprocessing"]["included"]:
            return read
        mean, std = (numpy.array(manifest["preprocessing"][one], "float32") for one in ("mean", "std"))
        return ((read.astype("float32") / 255 - mean) / std).transpose(0, 3, 1, 2)

    def compare(self, name, output, *options):
        manifest = json.loads(self.host("export", "--model", name, "--to", "onnx", "--output", output, "--json", *options))
        path = str(self.folder / output / "model.onnx")
        onnx.checker.check_model(onnx.load(path), full_check=True)
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        self.assertEqual([one.shape[0] for one in (*session.get_inputs(), *session.get_outputs())], ["batch", "batch"])
        self.assertEqual(json.loads(session.get_modelmeta().custom_metadata_map["output"]), manifest["output"])
        pictures = self.pictures(manifest)
        self.host("embed", "--model", name, "--output", "e.npy", *self.photos)
        expected = numpy.load(self.folder / "e.npy")
        for first, last in ((0, 1), (1, 8), (8, len(pictures))):
            given, = session.run(None, {manifest["input"]["name"]: pictures[first:last]})
            difference = abs(given - expected[first:last]).max()
            self.assertLessEqual(difference, LIMIT * max(1, abs(expected).max()), f"{name} {options} {first}")

    def test_encoders_with_heads(self):
        for (name, encoder), head in zip(ENCODERS.items(), HEADS):
            with self.subTest(encoder=name):
                self.trained(name, encoder, head)
                self.compare(name, f"{name}_onnx")
                self.compare(name, f"{name}_bytes", "--with-preprocessing")

    def test_vectors(self):
        self.finish(self.start("vectors", {"type": "jsonl"}))
        manifest = json.loads(self.host("export", "--model", "vectors", "--to", "onnx", "--output", "out", "--json"))
        session = onnxruntime.InferenceSession(str(self.folder / "out/model.onnx"), providers=["CPUExecutionProvider"])
        self.host("embed", "--model", "vectors", "--output", "e.npy", "x.npy")
        given, = session.run(None, {manifest["input"]["name"]: numpy.load(self.folder / "x.npy")})
        self.assertLessEqual(abs(given - numpy.load(self.folder / "e.npy")).max(), LIMIT)


if __name__ == "__main__":
    main(ExportTest)
