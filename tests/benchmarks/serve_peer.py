"""What `serve.py --parts peer` is compared with: EfficientNet-Lite0 behind FastAPI and ONNX Runtime, as people write it.

    serve_peer.py make MODEL.onnx                  writes the network, with drawn weights, since its speed does not depend on them
    serve_peer.py serve MODEL.onnx PORT THREADS    serves it; `POST /batched` brings requests that come at the same time together,
                                                   `POST /single` computes each by itself

Pictures are decoded and resized by Pillow in threads, and the network takes them at 224 px, normalised, as float32.
"""
import asyncio
import concurrent.futures
import io
import sys

SIZE, MOST_IN_A_BATCH, WINDOW_SECONDS = 224, 32, 0.002
# Expansion, channels, blocks, stride of the first, kernel (Tan and Le 2019, table 1; Lite has no squeeze and excitation, and ReLU6).
STAGES = [(1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 40, 2, 2, 5), (6, 80, 3, 2, 3), (6, 112, 3, 1, 5), (6, 192, 4, 2, 5), (6, 320, 1, 1, 3)]
STEM, FEATURES = 32, 1280


class Graph:
    """An ONNX graph that grows by convolutions, into which norms are folded."""

    def __init__(self):
        import numpy
        self.random, self.nodes, self.weights = numpy.random.default_rng(1), [], []
        self.constant("low", numpy.float32(0))
        self.constant("high", numpy.float32(6))

    def constant(self, name, value):
        import numpy
        from onnx import numpy_helper
        self.weights.append(numpy_helper.from_array(numpy.asarray(value), name))

    def node(self, kind, inputs, **attributes):
        from onnx import helper
        name = f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def convolution(self, value, inputs, outputs, kernel=1, stride=1, groups=1, bounded=True):
        import numpy
        name = f"w{len(self.weights)}"
        scale = (2 / (inputs // groups * kernel * kernel)) ** 0.5
        self.constant(name, (scale * self.random.standard_normal((outputs, inputs // groups, kernel, kernel))).astype(numpy.float32))
        self.constant(name + "b", numpy.zeros(outputs, numpy.float32))
        out = self.node("Conv", [value, name, name + "b"], kernel_shape=[kernel] * 2, strides=[stride] * 2, group=groups,
                        auto_pad="SAME_UPPER")
        return self.node("Clip", [out, "low", "high"]) if bounded else out


def make(path):
    import onnx
    from onnx import TensorProto, helper
    graph = Graph()
    value, channels = graph.convolution("pixels", 3, STEM, 3, 2), STEM
    for expansion, width, blocks, stride, kernel in STAGES:
        for block in range(blocks):
            first, wide, step = value, channels * expansion, stride if block == 0 else 1
            if expansion > 1:
                value = graph.convolution(value, channels, wide)
            value = graph.convolution(value, wide, wide, kernel, step, wide)
            value = graph.convolution(value, wide, width, bounded=False)
            if block > 0:
                value = graph.node("Add", [first, value])
            channels = width
    value = graph.convolution(value, channels, FEATURES)
    value = graph.node("Flatten", [graph.node("GlobalAveragePool", [value])])
    pixels = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["batch", 3, SIZE, SIZE])
    out = helper.make_tensor_value_info(value, TensorProto.FLOAT, ["batch", FEATURES])
    model = helper.make_model(helper.make_graph(graph.nodes, "efficientnet_lite0", [pixels], [out], graph.weights),
                              opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def pixels_of(body):
    import numpy
    from PIL import Image
    image = Image.open(io.BytesIO(body)).convert("RGB").resize((SIZE, SIZE), Image.BILINEAR)
    return (numpy.asarray(image, numpy.float32).transpose(2, 0, 1) - 127) / 128


class Batcher:
    """Takes pictures that come within a window through the network together."""

    def __init__(self, session):
        self.session, self.queue = session, asyncio.Queue()
        self.network = concurrent.futures.ThreadPoolExecutor(1)
        self.task = asyncio.create_task(self.work())

    async def embedding(self, pixels):
        done = asyncio.get_running_loop().create_future()
        await self.queue.put((pixels, done))
        return await done

    async def work(self):
        import numpy
        loop = asyncio.get_running_loop()
        while True:
            batch = [await self.queue.get()]
            until = loop.time() + WINDOW_SECONDS
            while len(batch) < MOST_IN_A_BATCH:
                try:
                    batch.append(self.queue.get_nowait() if not self.queue.empty() else
                                 await asyncio.wait_for(self.queue.get(), until - loop.time()))
                except asyncio.TimeoutError:
                    break
            pixels = numpy.stack([one for one, _ in batch])
            rows, = await loop.run_in_executor(self.network, lambda: self.session.run(None, {"pixels": pixels}))
            for (_, done), row in zip(batch, rows):
                done.set_result(row)


def serve(path, port, threads):
    import fastapi
    import onnxruntime
    import uvicorn
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    app = fastapi.FastAPI()
    decoders = concurrent.futures.ThreadPoolExecutor(threads)
    batchers = []

    @app.post("/batched")
    async def batched(request: fastapi.Request):
        if not batchers:
            batchers.append(Batcher(session))
        body = await request.body()
        pixels = await asyncio.get_running_loop().run_in_executor(decoders, pixels_of, body)
        return {"embeddings": [(await batchers[0].embedding(pixels)).tolist()]}

    @app.post("/single")
    async def single(request: fastapi.Request):
        body = await request.body()

        def embedding():
            return session.run(None, {"pixels": pixels_of(body)[None]})[0][0].tolist()
        return {"embeddings": [await asyncio.get_running_loop().run_in_executor(None, embedding)]}

    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(sys.argv[2])
    else:
        serve(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
