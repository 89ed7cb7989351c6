"""Writes golden_convnext.json beside it from the code of timm, torchvision and Hugging Face.

    pip install torch==2.13.0 torchvision==0.28.0 transformers==5.24.0 timm==1.0.31 safetensors numpy \\
        --extra-index-url https://download.pytorch.org/whl/cpu
    HF_HUB_OFFLINE=1 python3 make_convnext_golden.py

narrow: networks of few blocks, whose weights are filled by a formula (value_of) under the names that each library
gives them on the disk, with embeddings of pictures of two sizes. `config` is what transformers would write of the
network, whatever library it is of. whole: two variants as they are published. variants: what timm says of every
variant that Kindred knows.
"""

import json
import pathlib
import re
import sys
import tempfile

import timm
import torch
import transformers as tf
from safetensors.torch import load_file, save_file
from timm.models.convnext import checkpoint_filter_fn
from torchvision.models.convnext import CNBlockConfig
from torchvision.models.convnext import ConvNeXt as TorchvisionConvNeXt

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "support"))
from filled_tensors import rounded, shapes, value_of  # noqa: E402

DEPTHS, WIDTHS = [1, 2, 1, 1], [8, 12, 20, 32]
SIZES = [(64, 64), (50, 77)]


def pictures(size):
    return value_of("pictures", (2, 3, *size)) * 4


def config_of(model_type, epsilon=1e-6):
    return {"model_type": model_type, "depths": DEPTHS, "hidden_sizes": WIDTHS, "layer_norm_eps": epsilon}


def filled(shape):
    return {name: value_of(name, tuple(size)) for name, size in shape.items()}


def results(embed, sizes=SIZES):
    with torch.no_grad():
        return [{"height": h, "width": w, "embedding": rounded(embed(pictures((h, w))))} for h, w in sizes]


def case(name, config, shape, embed):
    return {"name": name, "config": config, "tensors": shape, "results": results(embed)}


def timm_embedding(model):
    return lambda x: model.forward_head(model.forward_features(x), pre_logits=True)


def narrow_timm(name):
    return timm.create_model(name, depths=DEPTHS, dims=WIDTHS, num_classes=5).eval()


def timm_case(name):
    model = narrow_timm(name)
    shape = shapes(model.state_dict())
    model.load_state_dict(filled(shape))
    config = config_of("convnextv2" if "v2" in name else "convnext")
    return case("timm " + name, config, shape, timm_embedding(model))


def gem_of(made):
    """The generalised mean in place of the mean, for the pictures of the first result."""
    model = narrow_timm(made["name"].split()[1])
    model.load_state_dict(filled(made["tensors"]))
    with torch.no_grad():
        x = model.forward_features(pictures(SIZES[0])).double()
        pooled = x.clamp(min=1e-6).pow(3).mean((2, 3)).pow(1 / 3)
        return rounded(model.double().head.norm(pooled[:, :, None, None]).flatten(1))


def authors_name(name):
    """The authors' own name of what timm calls `name`."""
    name = re.sub(r"^stem\.", "downsample_layers.0.", name)
    name = re.sub(r"^stages\.(\d+)\.downsample\.", r"downsample_layers.\1.", name)
    name = name.replace(".blocks.", ".").replace("conv_dw", "dwconv").replace("mlp.fc", "pwconv")
    name = name.replace("mlp.grn.weight", "grn.gamma").replace("mlp.grn.bias", "grn.beta")
    return name.replace("head.norm", "norm").replace("head.fc", "head")


def authors_case(name):
    """Their names and shapes, brought to timm's network by timm's own conversion."""
    model = narrow_timm(name)
    shape = {authors_name(key): value for key, value in shapes(model.state_dict()).items()}
    for key, size in shape.items():
        if ".grn." in key:
            shape[key] = [1, 1, 1, *size]
        elif "pwconv" in key and len(size) == 4:
            shape[key] = size[:2]
    model.load_state_dict(checkpoint_filter_fn(filled(shape), model))
    config = config_of("convnextv2" if "v2" in name else "convnext")
    return case("authors' " + name, config, shape, timm_embedding(model))


def torchvision_case():
    ends = list(zip(WIDTHS, WIDTHS[1:] + [None], DEPTHS))
    model = TorchvisionConvNeXt([CNBlockConfig(*one) for one in ends], num_classes=5).eval()
    shape = shapes(model.state_dict())
    model.load_state_dict(filled(shape))

    def embed(x):
        return model.classifier[:2](model.avgpool(model.features(x)))

    return case("torchvision", config_of("convnext"), shape, embed)


def transformers_case(name, made):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        made.save_pretrained(folder)
        shape = shapes(load_file(folder / "model.safetensors"))
        save_file(filled(shape), folder / "model.safetensors", metadata={"format": "pt"})
        model = type(made).from_pretrained(folder).eval()
        config = json.loads((folder / "config.json").read_text())
    base = getattr(model, made.base_model_prefix, model) if "Classification" in type(made).__name__ else model
    return case(name, config, shape, lambda x: base(pixel_values=x).pooler_output)


def transformers_cases():
    sizes = dict(depths=DEPTHS, hidden_sizes=WIDTHS)
    classifier = tf.ConvNextForImageClassification(tf.ConvNextConfig(**sizes, num_labels=5))
    return [
        transformers_case("transformers convnext", classifier),
        transformers_case("transformers convnextv2", tf.ConvNextV2Model(tf.ConvNextV2Config(**sizes))),
        transformers_case("transformers dinov3_convnext", tf.DINOv3ConvNextModel(tf.DINOv3ConvNextConfig(**sizes))),
    ]


def whole_case(name):
    model = timm.create_model(name).eval()
    shape = shapes(model.state_dict())
    model.load_state_dict(filled(shape))
    return {"variant": name, "tensors": shape, "results": results(timm_embedding(model), [(64, 64)])}


KNOWN = re.compile(r"convnext(v2)?_(atto|femto|pico|nano|tiny|small|base|large|xlarge|xxlarge|huge)")


def variants():
    described = {}
    for name in timm.list_models("convnext*"):
        if not KNOWN.fullmatch(name):
            continue
        with torch.device("meta"):
            model = timm.create_model(name, num_classes=0)
        block = model.stages[0].blocks[0]
        # A cell per property keeps the file small; convnext_golden_test.cpp names them.
        described[name] = [
            [len(stage.blocks) for stage in model.stages],
            [stage.blocks[0].mlp.fc2.weight.shape[0] for stage in model.stages],
            hasattr(block.mlp, "grn"),
            block.norm.eps,
            model.head.norm.eps,
            sum(tensor.numel() for tensor in model.state_dict().values()),
            str(block.mlp.act),
            list(model.pretrained_cfg["mean"]),
        ]
    return described


def timm_folder():
    """What timm writes for the hub."""
    model = timm.create_model("convnextv2_atto", num_classes=0)
    with tempfile.TemporaryDirectory() as folder:
        timm.models.save_for_hf(model, folder, safe_serialization=True)
        return json.loads((pathlib.Path(folder) / "config.json").read_text())


def golden():
    narrow = [timm_case(name) for name in ("convnext_tiny", "convnext_atto", "convnextv2_tiny", "convnextv2_nano")]
    gem = gem_of(narrow[0])
    narrow += [authors_case("convnext_tiny"), authors_case("convnextv2_atto"), torchvision_case()]
    narrow += transformers_cases()
    whole = [whole_case("convnext_atto"), whole_case("convnextv2_atto")]
    return {"narrow": narrow, "gem": gem, "whole": whole, "variants": variants(), "folder": timm_folder()}


if __name__ == "__main__":
    (HERE / "golden_convnext.json").write_text(json.dumps(golden(), separators=(",", ":")) + "\n")
