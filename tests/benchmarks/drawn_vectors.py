"""Files of drawn vectors with classes, for benchmarks that need no pictures."""
import array
import random


def npy(path, kind, shape, values):
    header = f"{{'descr': '<{kind}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    header += b" " * (117 - len(header)) + b"\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + (118).to_bytes(2, "little") + header + values.tobytes())


def dataset(folder, classes, per_class, dimension):
    """Writes them into `folder`; returns the dataset for a pipeline."""
    draw = random.Random(1)
    count = classes * per_class
    noise = array.array("f", (draw.gauss(0, 1) for _ in range(1 << 20)))
    rows = array.array("f")
    while len(rows) < count * dimension:
        rows.extend(noise[draw.randrange(1000):])
    npy(folder / "x.npy", "f4", (count, dimension), rows[:count * dimension])
    npy(folder / "y.npy", "i8", (count,), array.array("q", (i % classes for i in range(count))))
    return {"type": "vectors", "embeddings": str(folder / "x.npy"), "labels": str(folder / "y.npy")}
