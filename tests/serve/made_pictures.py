"""Pictures that tests draw, as PNG files, and a server of a model and an index of them."""
import json
import math
import os
import pathlib
import random
import signal
import struct
import subprocess
import zlib

CLASSES, OF_EACH, SIDE = 8, 8, 24


def png(pixels, side):
    """A PNG file of bytes RGB."""
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    lines = b"".join(b"\0" + pixels[y * side * 3:(y + 1) * side * 3] for y in range(side))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b""))


def picture(of_class, number):
    """The texture of a class has its own direction; the noise is each picture's own."""
    noise = random.Random(of_class * 1000 + number)
    values = [128 + 60 * math.sin(0.3 * (of_class * y + (CLASSES - of_class) * x)) + noise.uniform(-30, 30)
              for y in range(SIDE) for x in range(SIDE) for _ in range(3)]
    return png(bytes(max(0, min(255, round(value))) for value in values), SIDE)


def write_pictures(folder):
    for of_class in range(CLASSES):
        place = pathlib.Path(folder) / f"class_{of_class}"
        place.mkdir(parents=True)
        for number in range(OF_EACH):
            (place / f"{number}.png").write_bytes(picture(of_class, number))


PIPELINE = {
    "kindred": 1, "name": "photos", "seed": 5,
    "data": {"dataset": {"type": "image_folder", "root": "photos"},
             "split": {"train": {"fraction": 0.5}, "validation": "none", "test": "rest"},
             "transforms": [{"type": "resize", "width": 32, "height": 32}, {"type": "normalize"}]},
    "model": {"encoders": {"image": {"type": "resnet", "variant": "resnet18", "width": 8}},
              "head": {"type": "skip_connection"}},
    "cache": {"directory": "cache", "batch_size": 8},
    "train": {"loss": {"type": "triplet"}, "batch_sampler": {"type": "shuffle", "batch_size": 24}, "epochs": 2},
    "evaluate": {"metrics": [{"type": "r_precision"}]},
}


class Server:
    """`host serve` of a folder where make() was called."""

    def __init__(self, host, plugins, folder, *options):
        self.process = subprocess.Popen([host, "serve", "--model", "run", "--index", "index", "--port", "0", "--plugins",
                                         plugins, *options], cwd=folder, stderr=subprocess.PIPE, text=True)
        said = []
        for line in self.process.stderr:
            said.append(line)
            if " on http://" in line:
                self.url = "http://" + line.split(" on http://", 1)[1].split()[0]
                return
        raise RuntimeError("host serve has ended: " + "".join(said))

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.stderr.read()
        self.process.wait(60)
        self.process.stderr.close()


def make(host, plugins, folder):
    """Draws, trains in a blink, and builds an index with small pictures, and "before.index" by the model before training."""
    folder = pathlib.Path(folder)
    write_pictures(folder / "photos")
    (folder / "pipeline.json").write_text(json.dumps(PIPELINE))
    items = ["--data", "pipeline.json", "--split", "all"]
    for arguments in (["run", "pipeline.json", "--output", "run"],
                      ["index", "build", "--model", "run", "--output", "index", *items, "--thumbnails"],
                      ["run", "pipeline.json", "--set", "train.epochs=0", "--set", "model.head=[]", "--output", "before"],
                      ["index", "build", "--model", "before", "--output", "before.index", *items]):
        done = subprocess.run([host, *arguments, "--plugins", plugins], cwd=folder, capture_output=True, text=True,
                              timeout=300, env={**os.environ, "NO_COLOR": "1"})
        if done.returncode != 0:
            raise RuntimeError(f"host {' '.join(arguments)} has failed: {done.stderr}")
