"""What `encoder.py` and `training.py` compare with: the same networks in torch, torch.compile, OpenVINO and ONNX Runtime.

    encoder_peers.py make FOLDER                               writes the networks as ONNX
    encoder_peers.py time ENGINE NETWORK BATCH SECONDS FOLDER  prints images/s: the median of its calls in this time
    encoder_peers.py train LAYOUT NETWORK BATCH SECONDS FOLDER prints pictures/s of training with PyTorch: the median of its steps; LAYOUT
                                                               is nchw or channels_last
    encoder_peers.py files NETWORK BATCH FOLDER                prints pictures/s of the files whose paths stand on its standard input,
                                                               by Pillow in as many threads as processors and ONNX Runtime

Weights are drawn, since speed does not depend on them.
"""
import pathlib
import statistics
import sys
import time

from serve_peer import FEATURES, SIZE, STAGES, STEM, pixels_of


def convolution(inputs, outputs, kernel=1, stride=1, groups=1, activation=None):
    from torch import nn
    parts = [nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False), nn.BatchNorm2d(outputs)]
    return nn.Sequential(*parts, *([activation(inplace=True)] if activation else []))


def block_class():
    from torch import nn

    class Block(nn.Module):
        """What a path adds to its input, or to a shortcut of it."""

        def __init__(self, path, shortcut=None, adds=True, activation=None):
            super().__init__()
            self.path, self.shortcut, self.adds = path, shortcut, adds
            self.activation = activation(inplace=True) if activation else nn.Identity()

        def forward(self, x):
            y = self.path(x)
            if self.adds:
                y = y + (self.shortcut(x) if self.shortcut else x)
            return self.activation(y)
    return Block


def efficientnet_lite0():
    from torch import nn
    block, relu6 = block_class(), nn.ReLU6
    layers, channels = [convolution(3, STEM, 3, 2, activation=relu6)], STEM
    for expansion, width, blocks, stride, kernel in STAGES:
        for place in range(blocks):
            wide, step = channels * expansion, stride if place == 0 else 1
            path = [convolution(channels, wide, activation=relu6)] if expansion > 1 else []
            path += [convolution(wide, wide, kernel, step, wide, relu6), convolution(wide, width)]
            layers.append(block(nn.Sequential(*path), adds=place > 0))
            channels = width
    return nn.Sequential(*layers, convolution(channels, FEATURES, activation=relu6), nn.AdaptiveAvgPool2d(1), nn.Flatten())


def resnet(blocks, is_bottleneck):
    from torch import nn
    block, relu = block_class(), nn.ReLU
    layers, channels = [convolution(3, 64, 7, 2, activation=relu), nn.MaxPool2d(3, 2, 1)], 64
    for stage, count in enumerate(blocks):
        width = 64 << stage
        outputs = width * (4 if is_bottleneck else 1)
        for place in range(count):
            stride = 2 if stage > 0 and place == 0 else 1
            if is_bottleneck:
                path = [convolution(channels, width, activation=relu), convolution(width, width, 3, stride, activation=relu),
                        convolution(width, outputs)]
            else:
                path = [convolution(channels, width, 3, stride, activation=relu), convolution(width, outputs, 3)]
            shortcut = convolution(channels, outputs, 1, stride) if stride > 1 or channels != outputs else None
            layers.append(block(nn.Sequential(*path), shortcut, True, relu))
            channels = outputs
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())


NETWORKS = {"lite0": efficientnet_lite0, "resnet18": lambda: resnet([2, 2, 2, 2], False), "resnet50": lambda: resnet([3, 4, 6, 3], True)}


def make(folder):
    import torch
    for name, network in NETWORKS.items():
        torch.manual_seed(1)
        torch.onnx.export(network().eval(), (torch.randn(2, 3, SIZE, SIZE),), f"{folder}/{name}.onnx", input_names=["pixels"],
                          dynamic_shapes=({0: torch.export.Dim("batch")},), dynamo=True, external_data=False)


def by_torch(compiles):
    def make_call(network, batch, threads, folder):
        import torch
        torch.set_num_threads(threads)
        module = NETWORKS[network]().eval().to(memory_format=torch.channels_last)
        pixels = torch.randn(batch, 3, SIZE, SIZE).to(memory_format=torch.channels_last)
        if compiles:
            import torch._inductor.config as config
            config.freezing = True  # folds norms and packs weights
            module = torch.compile(module)

        def call():
            with torch.inference_mode():
                module(pixels)
        return call
    return make_call


def by_openvino(network, batch, threads, folder):
    import numpy
    import openvino
    core = openvino.Core()
    settings = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY",
                "INFERENCE_PRECISION_HINT": "f32"}
    model = core.read_model(f"{folder}/{network}.onnx")
    model.reshape([batch, 3, SIZE, SIZE])
    request = core.compile_model(model, "CPU", settings).create_infer_request()
    pixels = openvino.Tensor(numpy.random.default_rng(1).standard_normal((batch, 3, SIZE, SIZE)).astype(numpy.float32))
    request.set_input_tensor(pixels)
    return request.infer


def by_onnxruntime(network, batch, threads, folder):
    import numpy
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(f"{folder}/{network}.onnx", options, providers=["CPUExecutionProvider"])
    pixels = numpy.random.default_rng(1).standard_normal((batch, 3, SIZE, SIZE)).astype(numpy.float32)
    return lambda: session.run(None, {"pixels": pixels})


ENGINES = {"eager": by_torch(False), "compile": by_torch(True), "openvino": by_openvino, "onnxruntime": by_onnxruntime}


def median_seconds(call, seconds):
    for _ in range(3):
        call()
    times, until = [], time.monotonic() + seconds
    while not times or time.monotonic() < until:
        start = time.monotonic()
        call()
        times.append(time.monotonic() - start)
    return statistics.median(times)


def measure(engine, network, batch, seconds, folder):
    import os
    call = ENGINES[engine](network, batch, len(os.sched_getaffinity(0)), folder)
    print(batch / median_seconds(call, seconds))


def pixels_of_file(path):
    return pixels_of(pathlib.Path(path).read_bytes())


def from_files(network, batch, folder, paths):
    """Pictures are decoded while the network computes; a batch or two of them wait."""
    import concurrent.futures
    import itertools
    import os
    import numpy
    import onnxruntime
    threads = len(os.sched_getaffinity(0))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(f"{folder}/{network}.onnx", options, providers=["CPUExecutionProvider"])
    left = iter(paths)
    start = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        ahead = [pool.submit(pixels_of_file, path) for path in itertools.islice(left, 2 * batch)]
        while ahead:
            now, ahead = ahead[:batch], ahead[batch:]
            pixels = numpy.stack([one.result() for one in now])
            ahead += [pool.submit(pixels_of_file, path) for path in itertools.islice(left, batch)]
            session.run(None, {"pixels": pixels})
    print(len(paths) / (time.monotonic() - start))


def train(layout, network, batch, seconds):
    """Steps of AdamW on one drawn batch, with the hardest triplets of cosine distance."""
    import os
    import torch
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    torch.manual_seed(1)
    memory_format = torch.channels_last if layout == "channels_last" else torch.contiguous_format
    module = NETWORKS[network]().to(memory_format=memory_format)
    pixels = torch.randn(batch, 3, SIZE, SIZE).to(memory_format=memory_format)
    labels = torch.arange(batch) // 4
    same = labels[:, None] == labels
    optimizer = torch.optim.AdamW(module.parameters())

    def step():
        optimizer.zero_grad()
        rows = torch.nn.functional.normalize(module(pixels), dim=1)
        distances = 1 - rows @ rows.T
        farthest = (distances * same).amax(1)
        nearest = distances.masked_fill(same, 2).amin(1)
        torch.relu(farthest - nearest + 0.5).mean().backward()
        optimizer.step()

    print(batch / median_seconds(step, seconds))


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(sys.argv[2])
    elif sys.argv[1] == "files":
        from_files(sys.argv[2], int(sys.argv[3]), sys.argv[4], sys.stdin.read().splitlines())
    else:
        engine, network, batch, seconds, folder = sys.argv[2:]
        if sys.argv[1] == "train":
            train(engine, network, int(batch), float(seconds))
        else:
            measure(engine, network, int(batch), float(seconds), folder)
