#!/usr/bin/env python3
"""Writes the networks beside it, which onnx_test.cpp opens. Weights follow a formula that the test computes, too.

    pip install onnx numpy openvino && made_networks.py
"""
import pathlib

import numpy
import onnx
import openvino
from onnx import TensorProto, helper, numpy_helper

FOLDER = pathlib.Path(__file__).parent / "networks"


def weight(name, *shape, step=0.7):
    values = numpy.sin(step * numpy.arange(numpy.prod(shape), dtype=numpy.float64)).reshape(shape)
    return numpy_helper.from_array(values.astype(numpy.float32), name)


def integers(name, *values):
    return numpy_helper.from_array(numpy.array(values, dtype=numpy.int64), name)


def write(name, nodes, inputs, outputs, constants, **how):
    graph = helper.make_graph(nodes, name, inputs, outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="")
    onnx.checker.check_model(model)
    onnx.save_model(model, str(FOLDER / f"{name}.onnx"), **how)


def numbers(name, shape, kind=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


CONV = helper.make_node("Conv", ["pixels", "kernel"], ["map"], strides=[2, 2], pads=[1, 1, 1, 1])
RELU = helper.make_node("Relu", ["map"], ["positive"])
MEAN = helper.make_node("GlobalAveragePool", ["positive"], ["mean"])
FLAT = helper.make_node("Flatten", ["mean"], ["embedding"])
KERNEL = weight("kernel", 5, 3, 3, 3)


def main():
    FOLDER.mkdir(exist_ok=True)
    write("pictures", [CONV, RELU, MEAN, FLAT], [numbers("pixels", ["batch", 3, "height", "width"])],
          [numbers("embedding", ["batch", 5])], [KERNEL])
    write("map", [CONV, RELU], [numbers("pixels", ["batch", 3, 8, 8])], [numbers("positive", ["batch", 5, 4, 4])],
          [KERNEL])
    # A class token in front is what exports of transformers give; here it is the first place of the map.
    write("tokens", [CONV, RELU, helper.make_node("Reshape", ["positive", "sizes"], ["rows"]),
                     helper.make_node("Transpose", ["rows"], ["tokens"], perm=[0, 2, 1])],
          [numbers("pixels", ["batch", 3, 8, 8])], [numbers("tokens", ["batch", 16, 5])],
          [KERNEL, integers("sizes", 0, 5, 16)])
    write("two_outputs", [CONV, RELU, MEAN, FLAT, helper.make_node("MatMul", ["embedding", "classes"], ["logits"])],
          [numbers("pixels", ["batch", 3, 8, 8])],
          [numbers("embedding", ["batch", 5]), numbers("logits", ["batch", 2])], [KERNEL, weight("classes", 5, 2)])
    # The size of the batch is stored in an operator, too, as some exporters do.
    write("fixed_batch", [CONV, RELU, MEAN, helper.make_node("Reshape", ["mean", "sizes"], ["embedding"])],
          [numbers("pixels", [2, 3, 8, 8])], [numbers("embedding", [2, 5])], [KERNEL, integers("sizes", 2, 5)])
    write("one_picture", [CONV, RELU, MEAN, FLAT], [numbers("pixels", [1, 3, 8, 8])], [numbers("embedding", [1, 5])],
          [KERNEL])
    write("channels_last", [helper.make_node("Transpose", ["given"], ["pixels"], perm=[0, 3, 1, 2]), CONV, RELU, MEAN, FLAT],
          [numbers("given", ["batch", 8, 8, 3])], [numbers("embedding", ["batch", 5])], [KERNEL])
    half = numpy_helper.from_array(numpy_helper.to_array(weight("half", 6, 4)).astype(numpy.float16), "half")
    write("half_vectors", [helper.make_node("MatMul", ["vector", "half"], ["embedding"])],
          [numbers("vector", ["batch", 6], TensorProto.FLOAT16)],
          [numbers("embedding", ["batch", 4], TensorProto.FLOAT16)], [half])
    write("of_tokens", [helper.make_node("Gather", ["table", "ids"], ["words"]),
                        helper.make_node("ReduceMean", ["words"], ["embedding"], axes=[1], keepdims=0)],
          [numbers("ids", ["batch", "length"], TensorProto.INT64)], [numbers("embedding", ["batch", 3])],
          [weight("table", 7, 3)])
    (FOLDER / "kernel.data").unlink(missing_ok=True)  # it would be appended to
    write("weights_elsewhere", [CONV, RELU, MEAN, FLAT], [numbers("pixels", ["batch", 3, 8, 8])],
          [numbers("embedding", ["batch", 5])], [KERNEL], save_as_external_data=True, location="kernel.data",
          size_threshold=0)
    openvino.save_model(openvino.Core().read_model(str(FOLDER / "pictures.onnx")), str(FOLDER / "pictures.xml"),
                        compress_to_fp16=False)


if __name__ == "__main__":
    main()
