"""Tensors that are filled by a formula, so that golden files need not hold weights; filled_tensors.hpp computes the
same."""

import re

import numpy as np
import torch


def splitmix64(v):
    with np.errstate(over="ignore"):
        v = v + np.uint64(0x9E3779B97F4A7C15)
        v = (v ^ (v >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        v = (v ^ (v >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return v ^ (v >> np.uint64(31))


def fnv1a(data):
    state = 14695981039346656037
    for byte in data:
        state = ((state ^ byte) * 1099511628211) & ((1 << 64) - 1)
    return np.uint64(state)


def value_of(name, shape):
    """The values of a tensor in row-major order."""
    with np.errstate(over="ignore"):
        places = fnv1a(name.encode()) + np.arange(int(np.prod(shape)), dtype=np.uint64)
    u = (splitmix64(places) >> np.uint64(40)).astype(np.float64) * 2.0**-24
    if re.search(r"(norm.*weight|lambda1|gamma|gamma_[12])$", name):
        values = 0.5 + u
    elif name.endswith("bias"):
        values = 0.2 * (u - 0.5)
    else:
        inputs = int(np.prod(shape[1:])) if len(shape) in (2, 4) else 1
        values = (u - 0.5) * np.sqrt(12.0 / inputs) if inputs > 1 else u - 0.5
    return torch.from_numpy(values.astype(np.float32).reshape(shape))


def rounded(tensor):
    return [float(f"{v:.7g}") for v in tensor.detach().double().flatten().tolist()]


def shapes(tensors):
    return {name: list(tensor.shape) for name, tensor in tensors.items()}
