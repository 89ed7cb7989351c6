#!/usr/bin/env python3
"""Opens what `host export` makes of a model by the libraries that it is for, and compares embeddings with `host embed`.

    check_export.py HOST MODEL PICTURES... [--torchvision NAME | --timm NAME | --transformers] [--with FILE]

MODEL is a run's folder, or a servable model of pictures whose transforms resize to one size. TorchScript is opened by
torch, ONNX by onnxruntime. For state_dict one names the network in Python: by torchvision's or timm's name, or by
--transformers for an encoder that was made from a folder of Hugging Face; its features are compared with those of the
encoder without heads, for which --with names a pipeline that loads the written weights. Needs numpy, pillow, and what is
asked for. Exits with 1 where numbers differ by more than 1e-4 (of the largest, where that is above 1).
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy
from PIL import Image

LIMIT = 1e-4


def host(program, *words):
    done = subprocess.run([program, *map(str, words), "--quiet"], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"host {' '.join(map(str, words))}: {done.stderr}")
    return done.stdout


def bytes_of(manifest, pictures):
    """uint8 (B, H, W, 3), resized as the manifest says; Kindred's pixels are Pillow's."""
    resize = next(one["params"] for one in manifest["preprocessing"]["transforms"] if one["type"] == "kindred.resize")
    how = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}[resize["interpolation"]]
    return numpy.stack([numpy.asarray(Image.open(one).convert("RGB").resize((resize["width"], resize["height"]), how))
                        for one in pictures])


def normalized(manifest, read):
    mean, std = (numpy.array(manifest["preprocessing"][one], "float32") for one in ("mean", "std"))
    return ((read.astype("float32") / 255 - mean) / std).transpose(0, 3, 1, 2)


def by_torch(folder, manifest, pictures):
    import torch
    with torch.no_grad():
        return torch.jit.load(str(folder / "model.pt"))(torch.from_numpy(pictures)).numpy()


def by_onnxruntime(folder, manifest, pictures):
    import onnxruntime
    session = onnxruntime.InferenceSession(str(folder / "model.onnx"), providers=["CPUExecutionProvider"])
    return session.run(None, {manifest["input"]["name"]: pictures})[0]


def features(arguments, folder, pictures):
    """Of the network in Python, with the weights that were written."""
    import torch
    from safetensors.torch import load_file
    weights = load_file(str(folder / "model.safetensors"))
    if arguments.transformers:
        import transformers
        kind = json.loads((folder / "config.json").read_text()).get("architectures", ["AutoModel"])[0]
        network, problems = getattr(transformers, kind).from_pretrained(str(folder), output_loading_info=True)
        missing, surplus = problems["missing_keys"], problems["unexpected_keys"]
    else:
        if arguments.timm:
            import timm
            network = timm.create_model(arguments.timm, pretrained=False, num_classes=0,
                                        **({"dynamic_img_size": True} if "vit" in arguments.timm else {}))
        else:
            import torchvision
            network = getattr(torchvision.models, arguments.torchvision)()
            network.fc = torch.nn.Identity()
        missing, surplus = network.load_state_dict(weights, strict=False)
    print(f"  missing in the file: {sorted(missing) or 'nothing'}; unknown to the library: {sorted(surplus) or 'nothing'}")
    network.eval()
    with torch.no_grad():
        out = network(torch.from_numpy(pictures))
    if arguments.transformers and hasattr(out, "image_embeds"):
        out = out.image_embeds
    elif arguments.transformers:  # a pooling layer that was not in the file is random
        is_pooled = out.get("pooler_output") is not None and not any(one.startswith("pooler.") for one in missing)
        out = out.pooler_output if is_pooled else out.last_hidden_state[:, 0]
    return out.numpy()


def compare(what, given, expected):
    difference = float(abs(given - expected).max())
    largest = float(abs(expected).max())
    right = difference <= LIMIT * max(1, largest)
    print(f"{what}: numbers up to {largest:.3g} differ by at most {difference:.2g}{'' if right else ', WHICH IS TOO MUCH'}")
    return right


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("host")
    parser.add_argument("model")
    parser.add_argument("pictures", nargs="+")
    parser.add_argument("--torchvision")
    parser.add_argument("--timm")
    parser.add_argument("--transformers", action="store_true")
    parser.add_argument("--with", dest="pipeline")
    arguments = parser.parse_args()
    right = True
    with tempfile.TemporaryDirectory(prefix="kindred_export_") as temporary:
        folder = pathlib.Path(temporary)
        host(arguments.host, "embed", "--model", arguments.model, "--output", folder / "e.npy", *arguments.pictures)
        expected = numpy.load(folder / "e.npy")
        for name, opened in (("torchscript", by_torch), ("onnx", by_onnxruntime)):
            for options in ([], ["--with-preprocessing"]):
                out = folder / f"{name}{len(options)}"
                manifest = json.loads(host(arguments.host, "export", "--model", arguments.model, "--to", name, "--output", out,
                                           "--json", *options))
                read = bytes_of(manifest, arguments.pictures)
                taken = read if options else normalized(manifest, read)
                right &= compare(" ".join([name, *options]), opened(out, manifest, taken), expected)
        if arguments.torchvision or arguments.timm or arguments.transformers:
            out = folder / "state_dict"
            manifest = json.loads(host(arguments.host, "export", "--model", arguments.model, "--to", "state_dict", "--output", out,
                                       "--json"))
            taken = normalized(manifest, bytes_of(manifest, arguments.pictures))
            pipeline = json.loads(pathlib.Path(arguments.pipeline).read_text())
            encoder, = pipeline["model"]["encoders"].values()
            if arguments.transformers:
                encoder["folder"] = str(out)
            else:
                encoder["weights"] = str(out / "model.safetensors")
            (folder / "again.json").write_text(json.dumps(pipeline))
            host(arguments.host, "embed", "--pipeline", folder / "again.json", "--output", folder / "f.npy", *arguments.pictures)
            right &= compare("state_dict", features(arguments, out, taken), numpy.load(folder / "f.npy"))
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
