"""Writes the golden files beside it from Hugging Face's and timm's own code.

    pip install torch==2.13.0 torchvision==0.28.0 transformers==5.24.0 timm==1.0.31 safetensors numpy \\
        --extra-index-url https://download.pytorch.org/whl/cpu
    HF_HUB_OFFLINE=1 python3 make_golden.py

golden_folders.json: networks of two blocks of every family, whose weights are filled by a formula (value_of) under
the names that they have on the disk, with what transformers gives for two sizes of pictures.
golden_timm.json: the same of timm, with fewer blocks and narrower than published; and what timm says of every
variant that Kindred knows.
"""

import json
import pathlib
import re
import sys
import tempfile

import timm
import torch
import torch.nn.functional as F
import transformers as tf
from safetensors.torch import load_file, save_file
from timm.models.vision_transformer import checkpoint_filter_fn

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "support"))
from filled_tensors import rounded, shapes, value_of  # noqa: E402

BATCH = 2


def pictures(height, width):
    return value_of("pictures", (BATCH, 3, height, width)) * 4


def summary(tokens):
    """Tokens (B, T, W) as their products with a fixed vector, (B, T), and their means, (B, W)."""
    tokens = tokens.detach().double()
    fixed = ((torch.arange(tokens.size(2)) * 37) % 101 - 50).double() / 50
    return {"products": rounded(tokens @ fixed), "means": rounded(tokens.mean(1))}


def result(size, tokens, embedding):
    return {"height": size[0], "width": size[1], "tokens": summary(tokens), "embedding": rounded(embedding)}


# ------------------------------------------------------------------------------------------------ transformers

SMALL = dict(hidden_size=24, num_hidden_layers=2, num_attention_heads=3, image_size=16, patch_size=4)
TOWER = dict(SMALL, intermediate_size=40)
TEXT = dict(hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=40, vocab_size=10,
            max_position_embeddings=5, eos_token_id=1, bos_token_id=0, pad_token_id=0)  # fmt: skip
SIZES = [(16, 16), (12, 24)]


def embedding_of(model, out):
    if isinstance(model, (tf.ViTModel,)):
        return out.last_hidden_state[:, 0]
    return out.image_embeds if "image_embeds" in out else out.pooler_output


def run_folder(model, size):
    kwargs = {} if "dino" in model.config.model_type else {"interpolate_pos_encoding": True}
    vision = model
    if isinstance(model, (tf.CLIPModel, tf.SiglipModel)):
        vision = model.vision_model
    with torch.no_grad():
        out = vision(pixel_values=pictures(*size), **kwargs)
        embedding = embedding_of(model, out)
        if isinstance(model, tf.CLIPModel):
            embedding = model.visual_projection(embedding)
    return result(size, out.last_hidden_state, embedding)


def folder_case(name, made, sizes=SIZES, tokens="norm"):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        made.save_pretrained(folder)
        tensors = load_file(folder / "model.safetensors")
        filled = {key: value_of(key, tuple(tensor.shape)) for key, tensor in tensors.items()}
        save_file(filled, folder / "model.safetensors", metadata={"format": "pt"})
        model = type(made).from_pretrained(folder).eval()
        config = json.loads((folder / "config.json").read_text())
        results = [run_folder(model, size) for size in sizes]
        return {"name": name, "config": config, "tensors": shapes(tensors), "tokens": tokens, "results": results}


def pooled_by_definition(case):
    """Other poolings of a DINOv2 with registers; the result of its class token stands in the case."""
    config = tf.Dinov2WithRegistersConfig(**{k: v for k, v in case["config"].items() if k != "model_type"})
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        tf.Dinov2WithRegistersModel(config).save_pretrained(folder)
        filled = {key: value_of(key, tuple(shape)) for key, shape in case["tensors"].items()}
        save_file(filled, folder / "model.safetensors", metadata={"format": "pt"})
        model = tf.Dinov2WithRegistersModel.from_pretrained(folder).eval()
    with torch.no_grad():
        tokens = model(pixel_values=pictures(16, 16)).last_hidden_state.double()
    patches = tokens[:, 1 + config.num_register_tokens :]
    gem = patches.clamp(min=1e-6).pow(3).mean(1).pow(1 / 3)
    return {
        "cls": rounded(tokens[:, 0]),
        "mean": rounded(patches.mean(1)),
        "cls+mean": rounded(torch.cat([tokens[:, 0], patches.mean(1)], 1)),
        "gem": rounded(gem),
    }


def defaults():
    """What a key that is missing stands for, by model_type."""
    keys = ["hidden_size", "num_hidden_layers", "num_attention_heads", "patch_size", "image_size", "layer_norm_eps",
            "intermediate_size", "num_register_tokens", "hidden_act"]  # fmt: skip
    configs = {
        "dinov2": tf.Dinov2Config(),
        "dinov2_with_registers": tf.Dinov2WithRegistersConfig(),
        "dinov3_vit": tf.DINOv3ViTConfig(),
        "vit": tf.ViTConfig(),
        "clip": tf.CLIPConfig().vision_config,
        "clip_vision_model": tf.CLIPVisionConfig(),
        "siglip": tf.SiglipConfig().vision_config,
        "siglip_vision_model": tf.SiglipVisionConfig(),
    }
    return {name: {key: getattr(config, key) for key in keys if hasattr(config, key)} for name, config in configs.items()}


def folders():
    registers = folder_case(
        "dinov2_with_registers", tf.Dinov2WithRegistersModel(tf.Dinov2WithRegistersConfig(**SMALL, num_register_tokens=3))
    )
    cases = [
        folder_case("dinov2", tf.Dinov2Model(tf.Dinov2Config(**SMALL))),
        folder_case("dinov2_swiglu", tf.Dinov2Model(tf.Dinov2Config(**SMALL, use_swiglu_ffn=True))),
        registers,
        folder_case("dinov3", tf.DINOv3ViTModel(tf.DINOv3ViTConfig(**TOWER, num_register_tokens=2))),
        folder_case(
            "dinov3_gated",
            tf.DINOv3ViTModel(tf.DINOv3ViTConfig(**TOWER, num_register_tokens=4, use_gated_mlp=True, hidden_act="silu")),
        ),
        folder_case("vit", tf.ViTModel(tf.ViTConfig(**TOWER))),
        folder_case("vit_without_bias", tf.ViTModel(tf.ViTConfig(**TOWER, qkv_bias=False), add_pooling_layer=False)),
        folder_case("clip_vision", tf.CLIPVisionModel(tf.CLIPVisionConfig(**TOWER)), tokens="blocks"),
        folder_case(
            "clip_projected",
            tf.CLIPVisionModelWithProjection(tf.CLIPVisionConfig(**TOWER, projection_dim=10)),
            tokens="blocks",
        ),
        folder_case(
            "clip",
            tf.CLIPModel(tf.CLIPConfig(vision_config=dict(TOWER, hidden_act="gelu"), text_config=TEXT, projection_dim=10)),
            tokens="blocks",
        ),
        folder_case("siglip_vision", tf.SiglipVisionModel(tf.SiglipVisionConfig(**TOWER))),
        folder_case("siglip", tf.SiglipModel(tf.SiglipConfig(vision_config=TOWER, text_config=TEXT))),
        folder_case(
            "siglip_with_pixels_left",
            tf.SiglipVisionModel(tf.SiglipVisionConfig(**dict(TOWER, image_size=18))),
            sizes=[(18, 18), (12, 24)],
        ),
    ]
    return {"cases": cases, "poolings": pooled_by_definition(registers), "defaults": defaults()}


# ------------------------------------------------------------------------------------------------ timm

NARROW = dict(depth=2, embed_dim=24, num_heads=3, num_classes=0)


def run_timm(model, size):
    with torch.no_grad():
        tokens = model.forward_features(pictures(*size))
        return result(size, tokens, model.forward_head(tokens, pre_logits=True))


def token_of(name):
    """DINOv3's own code takes the class token, timm the mean unless it is told."""
    return {"global_pool": "token"} if "dinov3" in name else {}


def timm_case(name, image_size, sizes, **changes):
    changes = {**NARROW, **token_of(name), **changes}
    model = timm.create_model(name, img_size=image_size, dynamic_img_size=True, **changes).eval()
    tensors = model.state_dict()
    model.load_state_dict({key: value_of(key, tuple(tensor.shape)) for key, tensor in tensors.items()})
    made = {"variant": name, "image_size": image_size, "mlp_width": model.blocks[0].mlp.fc2.weight.shape[1]}
    return {**made, "tensors": shapes(tensors), "results": [run_timm(model, size) for size in sizes]}


def original_positions(table, side, rows, columns):
    """As DINOv2 resamples them: with a scale that is computed with 0.1 patches too many."""
    patches = table[:, 1:].reshape(1, side, side, -1).permute(0, 3, 1, 2)
    scale = ((rows + 0.1) / side, (columns + 0.1) / side)
    patches = F.interpolate(patches, mode="bicubic", antialias=False, scale_factor=scale)
    return torch.cat([table[:, :1], patches.permute(0, 2, 3, 1).reshape(1, rows * columns, -1)], 1)


def original_case(name, timm_name, image_size, sizes, **changes):
    """DINOv2's own names, brought to timm's network by timm's own conversion."""
    changes = {**NARROW, **changes}
    plain = timm.create_model(timm_name, img_size=image_size, **changes).state_dict()
    width, side = changes["embed_dim"], image_size // 14
    names = {"reg_token": "register_tokens"}
    shape = {}
    for key, tensor in plain.items():
        if "giant" in timm_name:
            key = key.replace("mlp.fc1", "mlp.w12").replace("mlp.fc2", "mlp.w3")
        shape[names.get(key, key)] = list(tensor.shape)
    shape["pos_embed"] = [1, side * side + 1, width]
    shape["mask_token"] = [1, width]
    filled = {key: value_of(key, tuple(value)) for key, value in shape.items()}
    results = []
    for size in sizes:
        rows, columns = size[0] // 14, size[1] // 14
        given = dict(filled)
        model = timm.create_model(timm_name, img_size=size, **changes).eval()
        if "register_tokens" not in filled and (rows, columns) != (side, side):
            given["pos_embed"] = original_positions(filled["pos_embed"], side, rows, columns)
        model.load_state_dict(checkpoint_filter_fn(given, model))
        results.append(run_timm(model, size))
    made = {"variant": name, "image_size": image_size, "mlp_width": model.blocks[0].mlp.fc2.weight.shape[1]}
    return {**made, "tensors": shape, "results": results}


def whole_case(name, sizes):
    """A variant as it is published, too large to be described but by its name."""
    model = timm.create_model(name, num_classes=7, dynamic_img_size=True).eval()
    tensors = model.state_dict()
    model.load_state_dict({key: value_of(key, tuple(tensor.shape)) for key, tensor in tensors.items()})
    return {"variant": name, "tensors": shapes(tensors), "results": [run_timm(model, size) for size in sizes]}


KNOWN = re.compile(
    r"vit_(tiny|small|base|large|huge|giant|gigantic|so400m|giantopt)_patch\d+"
    r"(_reg4)?(_dinov2|(_clip(_quickgelu)?|_siglip(_gap)?)?_\d+)"
    r"|vit_(small|small_plus|base|large|huge_plus)_patch16_dinov3(_qkvb)?"
)


def variants():
    described = {}
    for name in timm.list_models("vit_*"):
        if not KNOWN.fullmatch(name):
            continue
        with torch.device("meta"):
            model = timm.create_model(name, num_classes=0, **token_of(name))
        block = model.blocks[0]
        # A cell per property keeps the file small; golden_variants_test.cpp names them.
        described[name] = [
            model.embed_dim,
            len(model.blocks),
            block.attn.num_heads,
            block.mlp.fc2.weight.shape[1],
            model.patch_embed.patch_size[0],
            model.patch_embed.img_size[0],
            model.num_prefix_tokens - (model.cls_token is not None),
            str(block.mlp.act),
            block.norm1.eps,
            model.global_pool,
            sum(tensor.numel() for tensor in model.state_dict().values()),
            list(model.pretrained_cfg["mean"]),
        ]
    return described


def timm_golden():
    cases = [
        timm_case("vit_small_patch16_224", 64, [(64, 64), (48, 80)]),
        timm_case("vit_base_patch16_clip_quickgelu_224", 64, [(64, 64), (32, 80)]),
        timm_case("vit_base_patch16_clip_224", 64, [(64, 64)]),
        timm_case("vit_base_patch16_siglip_224", 64, [(64, 64), (48, 80)]),
        timm_case("vit_so400m_patch16_siglip_gap_256", 64, [(64, 64), (48, 80)]),
        timm_case("vit_small_patch14_dinov2", 56, [(56, 56), (42, 70)]),
        timm_case("vit_small_patch14_reg4_dinov2", 56, [(56, 56), (42, 70)]),
        timm_case("vit_giant_patch14_dinov2", 56, [(56, 56)]),
        timm_case("vit_small_patch16_dinov3", 64, [(64, 64), (48, 80)]),
        timm_case("vit_small_plus_patch16_dinov3_qkvb", 64, [(64, 64), (48, 80)]),
        original_case("dinov2_vits14", "vit_small_patch14_dinov2", 56, [(56, 56), (42, 70)]),
        original_case("dinov2_vits14_reg", "vit_small_patch14_reg4_dinov2", 56, [(56, 56), (42, 70)]),
        original_case("dinov2_vitg14", "vit_giant_patch14_dinov2", 56, [(56, 56)]),
    ]
    whole = whole_case("vit_tiny_patch16_224", [(224, 224), (48, 80)])
    return {"cases": cases, "whole": whole, "folder": timm_folder(), "variants": variants()}


def timm_folder():
    """What timm writes for the hub."""
    model = timm.create_model("vit_tiny_patch16_224", num_classes=0, img_size=64)
    with tempfile.TemporaryDirectory() as folder:
        timm.models.save_for_hf(model, folder, safe_serialization=True)
        return json.loads((pathlib.Path(folder) / "config.json").read_text())


def write(name, value):
    (HERE / name).write_text(json.dumps(value, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    write("golden_folders.json", folders())
    write("golden_timm.json", timm_golden())
