"""Steps per second of eager PyTorch training the last stages of EfficientNet-Lite0 from pictures.

    STANFORD_CARS=... KINDRED_WEIGHTS=... python3 tests/benchmarks/eager_stages.py [--from 6] [--steps 16]

What datasets/stanford_cars/doubled.json asks for, as it is written without Kindred: pictures are read and
augmented by worker processes with Pillow, the frozen blocks run without gradients at every step, the others
are trained with multi-similarity and AdamW; batch norms stay in evaluation mode. float32, channels_last, the
fastest of what eager PyTorch offers here (its bfloat16 gradients of depthwise layers are many times slower).
Labels are invented: they do not change the time. Prints a JSON line. Needs torch, numpy and Pillow.
"""
import argparse
import json
import os
import pathlib
import random
import time

import numpy
import torch
from PIL import Image, ImageEnhance
from torch import nn
from torch.nn import functional

BATCH, CLASSES = 128, 16
STAGES = [(1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192),
          (1, 3, 1, 6, 320)]


class SamePad(nn.Module):
    """TensorFlow's padding: as many zeros as ceil(size / stride) outputs need, a surplus one right and below."""

    def __init__(self, kernel, stride):
        super().__init__()
        self.kernel, self.stride = kernel, stride

    def forward(self, x):
        size = x.shape[-1]
        zeros = max(0, (-(-size // self.stride) - 1) * self.stride + self.kernel - size)
        before, after = zeros // 2, zeros - zeros // 2
        return functional.pad(x, (before, after, before, after)) if zeros else x


def unit(inputs, outputs, kernel=1, stride=1, groups=1, active=True):
    layers = [SamePad(kernel, stride)] if kernel > 1 else []
    layers += [nn.Conv2d(inputs, outputs, kernel, stride, groups=groups, bias=False), nn.BatchNorm2d(outputs, 1e-3)]
    return nn.Sequential(*layers, *([nn.ReLU6(inplace=True)] if active else []))


class Block(nn.Module):
    def __init__(self, inputs, outputs, kernel, stride, expansion):
        super().__init__()
        inner = inputs * expansion
        parts = [unit(inputs, inner)] if expansion > 1 else []
        self.body = nn.Sequential(*parts, unit(inner, inner, kernel, stride, inner),
                                  unit(inner, outputs, active=False))
        self.skips = stride == 1 and inputs == outputs

    def forward(self, x):
        return x + self.body(x) if self.skips else self.body(x)


def network(weights):
    """[stem, blocks 0 to 15, head]; the file's tensors come in the order in which the layers are made."""
    layers, inputs = [unit(3, 32, 3, 2)], 32
    for repeats, kernel, stride, expansion, outputs in STAGES:
        for repeat in range(repeats):
            layers.append(Block(inputs, outputs, kernel, stride if repeat == 0 else 1, expansion))
            inputs = outputs
    layers.append(unit(inputs, 1280))
    stored = torch.load(weights, map_location="cpu", weights_only=True)
    order = ["_conv_stem", "_bn0"]
    for index in range(16):
        names = ["_expand_conv", "_bn0", "_depthwise_conv", "_bn1", "_project_conv", "_bn2"]
        order += [f"_blocks.{index}.{name}" for name in (names if index else names[2:])]
    order += ["_conv_head", "_bn1"]
    modules = [m for layer in layers for m in layer.modules() if isinstance(m, (nn.Conv2d, nn.BatchNorm2d))]
    for module, name in zip(modules, order, strict=True):
        found = {key[len(name) + 1:]: value for key, value in stored.items() if key.startswith(name + ".")}
        module.load_state_dict(found, strict=isinstance(module, nn.Conv2d))
    return [layer.to(memory_format=torch.channels_last).eval() for layer in layers]


class Pictures(torch.utils.data.Dataset):
    def __init__(self, files):
        self.files = files

    def __len__(self):
        return len(self.files)

    def __getitem__(self, index):
        picture = Image.open(self.files[index]).convert("RGB")
        width, height = picture.size
        part, ratio = random.uniform(0.4, 1) * width * height, 2 ** random.uniform(-0.415, 0.415)
        wide, high = min(width, round((part * ratio) ** 0.5)), min(height, round((part / ratio) ** 0.5))
        left, top = random.randint(0, width - wide), random.randint(0, height - high)
        picture = picture.resize((224, 224), Image.BILINEAR, box=(left, top, left + wide, top + high))
        if random.random() < 0.5:
            picture = picture.transpose(Image.FLIP_LEFT_RIGHT)
        for enhance in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
            picture = enhance(picture).enhance(random.uniform(0.7, 1.3))
        array = torch.from_numpy(numpy.array(picture)).permute(2, 0, 1)
        return (array.float() - 127) / 128


def multi_similarity(x, labels):
    x = functional.normalize(x)
    similarity, same = x @ x.T, labels[:, None] == labels[None, :]
    others = ~torch.eye(len(x), dtype=torch.bool)
    positive = torch.where(same & others, torch.exp(-2 * (similarity - 0.5)), 0).sum(1)
    negative = torch.where(~same, torch.exp(50 * (similarity - 0.5)), 0).sum(1)
    return (torch.log1p(positive) / 2 + torch.log1p(negative) / 50).mean()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--from", dest="first", type=int, default=6, help="first block that is trained")
    parser.add_argument("--steps", type=int, default=16)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    options = parser.parse_args()
    layers = network(pathlib.Path(os.environ["KINDRED_WEIGHTS"]) / "efficientnet_lite0.pth")
    frozen, trained = nn.Sequential(*layers[:options.first + 1]), nn.Sequential(*layers[options.first + 1:])
    optimizer = torch.optim.AdamW(trained.parameters(), lr=6e-4, weight_decay=1e-4)
    files = sorted((pathlib.Path(os.environ["STANFORD_CARS"]) / "cars_train").glob("*.jpg"))
    loader = torch.utils.data.DataLoader(Pictures(files), BATCH, shuffle=True, num_workers=options.workers,
                                         drop_last=True, generator=torch.Generator().manual_seed(42))
    labels = torch.arange(BATCH) % CLASSES
    start, done = 0.0, -2  # two steps to warm up
    for batch in loader:
        if done == 0:
            start = time.perf_counter()
        with torch.no_grad():
            maps = frozen(batch.contiguous(memory_format=torch.channels_last))
        loss = multi_similarity(trained(maps).mean((2, 3)), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        done += 1
        if done == options.steps:
            break
    print(json.dumps({"steps_per_second": done / (time.perf_counter() - start), "loss": loss.item()}))


if __name__ == "__main__":
    main()
