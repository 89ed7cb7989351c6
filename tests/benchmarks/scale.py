#!/usr/bin/env python3
"""What a step of several processes costs by arithmetic: computing, gathering embeddings, the loss, adding gradients.

    tests/benchmarks/scale.py

It prints the tables of docs/design/scale.md. Nothing is measured here; what was measured or assumed stands in CASES.
"""

GIGABIT = 1e9 / 8  # bytes
LATENCY = 50e-6  # seconds of one message between two machines
RANKS = (1, 8, 64, 512)
NETWORKS = (10, 100)  # gigabit/s

# seconds: of one sample, forward and backward, on one process; flops: float operations a second for the loss.
# divided_from: so many pairs of a batch are divided among processes (host/training/loss_by_parts.hpp).
CASES = {
    "EfficientNet-Lite0 from blocks.14, cached, two cores a process": dict(
        seconds=1 / (4.13 * 128), parameters=1.49e6, dimension=1280, flops=2e11, batch=128, divided_from=1024 ** 2),
    "ResNet-50 whole at 224, a GPU a process (1,000 pictures/s assumed)": dict(
        seconds=1 / 1000, parameters=25.6e6, dimension=2048, flops=2e13, batch=128, divided_from=4096 ** 2),
}


def step(case, ranks, network, batch):
    """Seconds of computing, gathering, loss and adding, and the bytes that a process receives."""
    share = (ranks - 1) / ranks
    rows = batch * case["dimension"] * 4 * share  # a ring: each gets what the others have
    gradient = 2 * case["parameters"] * 4 * share  # a ring: once to add, once to hand out
    bandwidth = network * GIGABIT
    rounds = 2 * (ranks - 1) * LATENCY  # of a ring
    divided = ranks > 2 and batch * batch >= case["divided_from"]
    loss = 3 * 2 * batch * batch * case["dimension"] / case["flops"] / (ranks if divided else 1)
    columns = 2 * rows if divided else 0  # the gradient of all embeddings, added and handed out, behind sums and counts
    return {"compute": batch / ranks * case["seconds"],
            "gather": rows / bandwidth + rounds / 2,
            "loss": loss + columns / bandwidth + (2 * rounds if divided else 0),
            "add": gradient / bandwidth + rounds,
            "bytes": rows + columns + gradient}


def print_case(name, case):
    print(f"\n{name}")
    for grows in (False, True):
        what = f"{case['batch']} samples a process" if grows else f"a batch of {case['batch'] * 8} for all"
        print(f"  {what}")
        print(f"  {'processes':>9} {'gigabit/s':>9} {'batch':>6} {'compute':>9} {'gather':>9} {'loss':>9} {'add':>9} "
              f"{'samples/s':>10} {'of linear':>9} {'MB/step':>8}")
        alone = 1 / case["seconds"]
        for ranks in RANKS:
            for network in NETWORKS if ranks > 1 else NETWORKS[:1]:
                batch = case["batch"] * (ranks if grows else 8)
                one = step(case, ranks, network, batch)
                seconds = one["compute"] + one["gather"] + one["loss"] + one["add"]
                rate = batch / seconds
                print(f"  {ranks:>9} {network:>9} {batch:>6} {one['compute']:>9.4f} {one['gather']:>9.4f} "
                      f"{one['loss']:>9.4f} {one['add']:>9.4f} {rate:>10.0f} {rate / (alone * ranks):>9.2f} "
                      f"{one['bytes'] / 1e6:>8.1f}")


def print_billion():
    """What a billion pictures cost; rates are those of docs/results.md."""
    pictures, encode_rate, exact_rows_per_second = 1e9, 240, 1e6 / 0.064
    print("\na billion pictures")
    print(f"  {'machines':>8} {'encode, h':>10} {'exact search of one query, s':>30}")
    for machines in RANKS:
        print(f"  {machines:>8} {pictures / encode_rate / machines / 3600:>10.1f} "
              f"{pictures / exact_rows_per_second / machines:>30.2f}")
    for name, row in (("1,280 numbers, float16", 2560), ("128 numbers, float16", 256), ("128 numbers, int8", 132),
                      ("128 numbers, binary", 16)):
        print(f"  {name:<24}{pictures * row / 1e9:>8.0f} GB")


if __name__ == "__main__":
    for name, case in CASES.items():
        print_case(name, case)
    print_billion()
