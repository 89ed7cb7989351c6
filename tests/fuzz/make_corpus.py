#!/usr/bin/env python3
"""Writes the seeds of the fuzz targets into tests/fuzz/corpus: one small valid file of every form that is read.

    tests/fuzz/make_corpus.py [--plugin FILE.kindred.so]

Needs NumPy, PyTorch, safetensors and faiss-cpu. --plugin: a small stripped plugin for the reader of notes. The replay of a
target asks that its reader accepts every seed, but for those named lacking_*, which name files or plugins that are not
there. Files that a fuzzer found are kept beside the seeds, named found_*; this script leaves them alone.
"""
import argparse
import base64
import io
import json
import pathlib
import shutil
import struct
import tarfile
import zlib

import numpy
import safetensors.numpy
import torch

CORPUS = pathlib.Path(__file__).parent / "corpus"


def folder(target):
    path = CORPUS / target
    path.mkdir(parents=True, exist_ok=True)
    return path


def arrays():
    for dtype in ("bool", "int8", "uint8", "int16", "int32", "int64", "float16", "float32", "float64"):
        numpy.save(folder("npy") / f"{dtype}.npy", numpy.arange(6).reshape(2, 3).astype(dtype))
    numpy.save(folder("npy") / "scalar.npy", numpy.float32(3))
    numpy.save(folder("npy") / "words.npy", numpy.array(["zebra", "\u00e4", ""]))
    numpy.save(folder("npy") / "bytes.npy", numpy.array([b"zebra", b"\xe9"]))
    numpy.save(folder("npy") / "empty.npy", numpy.zeros((0, 4), "float32"))


def checkpoints():
    state = {"a.weight": torch.arange(6, dtype=torch.float32).reshape(2, 3), "a.bias": torch.zeros(2),
             "steps": torch.tensor(7), "half": torch.ones(3, dtype=torch.float16)}
    target = folder("checkpoint")
    torch.save(state, target / "zip.pth")
    torch.save(state, target / "legacy.pth", _use_new_zipfile_serialization=False)
    torch.save({"state_dict": {"module." + name: value for name, value in state.items()}, "epoch": 3}, target / "wrapped.pth")
    torch.save({"net": state, "ema": state, "args": argparse.Namespace(names={"a"}, path=pathlib.PurePosixPath("b"))},
               target / "objects.pth")
    safetensors.numpy.save_file({name: value.numpy() for name, value in state.items()}, target / "plain.safetensors",
                                metadata={"format": "pt"})


def pipelines():
    root = pathlib.Path(__file__).resolve().parents[2]
    for path in sorted((root / "datasets").glob("*/*.json")):
        value = json.loads(path.read_text())
        if "kindred" in value and "extends" not in value:  # what it extends lies beside it
            (folder("pipeline") / f"lacking_{path.parent.name}_{path.name}").write_text(json.dumps(value))
    # Of the plugin core alone, with a file that is everywhere: checked, and not read.
    plain = {"kindred": 1, "name": "plain", "seed": 3,
             "data": {"dataset": {"type": "vectors", "embeddings": "/dev/null", "labels": "/dev/null"},
                      "split": {"by": "class", "train": {"fraction": 0.6}, "validation": {"from": "train", "fraction": 0.2},
                                "test": "rest"}},
             "model": {"encoders": {"vector": {"type": "identity"}},
                       "head": [{"type": "skip_connection", "dropout": 0.1}, {"type": "l2_normalize"}]},
             "train": {"loss": {"type": "triplet", "mining": "hard", "margin": 0.5},
                       "batch_sampler": {"type": "p_k", "classes": 6, "samples": 5},
                       "optimizer": {"type": "adam", "lr": 0.02}, "epochs": 15,
                       "early_stopping": {"monitor": "validation.r_precision", "patience": 5}},
             "evaluate": {"metrics": [{"type": "r_precision"}, {"type": "precision_at_k", "k": 1}]}}
    several = {**plain, "name": "several",
               "train": {"loss": [{"type": "margin", "miner": {"type": "distance_weighted"}},
                                  {"type": "nt_xent", "memory": {"size": 64, "start_step": 5}},
                                  {"type": "proxy_anchor", "weight": 0.5}],
                         "batch_sampler": {"type": "shuffle", "batch_size": 8},
                         "optimizer": {"type": "adamw", "lr": 0.001, "loss_lr": 0.1}, "epochs": 2}}
    for value in (plain, several):
        (folder("pipeline") / f"{value['name']}.json").write_text(json.dumps(value))


def faiss_files():
    """Written by Python's faiss (pip install faiss-cpu), over the 40 rows of 8 numbers that the target expects."""
    import faiss
    rows = numpy.random.default_rng(5).standard_normal((40, 8), dtype=numpy.float32)
    for factory in ("Flat", "SQ8", "SQfp16", "PQ4x4", "PQ4x4fs", "HNSW4", "HNSW4_SQ8", "IVF2,Flat", "IVF2,SQ8", "IVF2,PQ4x4",
                    "IVF2,PQ4x4fs", "IVF4_HNSW4,Flat", "PCA4,HNSW4", "OPQ2_4,IVF2,PQ2x4", "L2norm,Flat"):
        index = faiss.index_factory(8, factory)
        if factory.startswith("OPQ"):
            faiss.downcast_VectorTransform(index.chain.at(0)).pq = faiss.ProductQuantizer(4, 2, 4)
        index.train(rows)
        index.add(rows)
        faiss.write_index(index, str(folder("faiss") / f"{factory.replace(',', '_')}.faiss"))


def component(name, **params):
    return {"type": f"kindred.{name}", "version": "1.0.0", "plugin": "kindred", "plugin_version": "1.0.0", "params": params}


def manifests():
    """The tensors beside them are made by servable_fuzzer.cpp."""
    vector = {**component("identity"), "name": "vector", "field": "", "object_kind": "vector", "dimension": 4}
    kind = {**component("one_hot", values=["shoe", "shirt"]), "name": "kind", "field": "kind", "object_kind": "text",
            "dimension": 2}
    transforms = [component("resize", width=8, height=8), component("normalize", mean=[0, 0, 0], std=[1, 1, 1])]
    skip = component("skip_connection", dropout=0.1)
    choice = {"switch": {"on": "kind", "heads": [[skip], [component("l2_normalize")]]}}
    for name, encoders, heads in (("chain", [vector], [skip, component("l2_normalize")]), ("switch", [vector, kind], [choice])):
        value = {"kindred": 1, "name": name, "embedding_dimension": 4, "encoders": encoders, "transforms": transforms,
                 "heads": heads, "metrics": {}}
        (folder("servable") / f"{name}.json").write_text(json.dumps(value))


def tars():
    """Short names, names that need an extra entry, and sizes that other programs write."""
    for form, name in ((tarfile.USTAR_FORMAT, "ustar"), (tarfile.GNU_FORMAT, "gnu"), (tarfile.PAX_FORMAT, "pax")):
        with tarfile.open(folder("tar") / f"{name}.tar", "w", format=form) as archive:
            long_name = "pictures/" + "a" * 90 + "/" + "b" * (80 if name == "ustar" else 120) + ".jpg"
            for path, content in (("1.jpg", b"picture"), ("1.cls", b"3"), (long_name, b"x" * 600)):
                entry = tarfile.TarInfo(path)
                entry.size = len(content)
                if name == "pax":
                    entry.pax_headers = {"comment": "a record of another program's"}
                archive.addfile(entry, io.BytesIO(content))


def lists():
    lines = [{"path": "a.jpg", "label": "shoe", "split": "train"}, {"path": "b.jpg", "label": "shirt", "split": "test"},
             {"path": "c.jpg", "label": 7, "split": "train", "box": [1, 2, 30.5, 40]}]
    (folder("lists") / "objects.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (folder("lists") / "words.txt").write_text("\ufeff1 3 a.jpg\r\n\n2.0\tshoe b.jpg\n")


def tables():
    csv = folder("csv")
    (csv / "plain.csv").write_text("\ufeffpath,label\r\na.png,shoe\r\n b.png ,3.0\r\nc.png,\r\n")
    (csv / "rich.csv").write_text('path,title,split,x_1,y_1,x_2,y_2\na.png,"red ""shoe"",\nold",train,1,2,30.5,40\nb.png,van,test,0,0,1,1\n')
    (csv / "other.csv").write_text('path;title\r5" disk.png;"a;b"\r;\r')
    (csv / "latin.csv").write_bytes(b"path,label\ncaf\xe9.png,\xe9t\xe9\n")
    records = [{"t": "red shoe", "v": [1, 0.5], "label": "shoe", "split": "train"},
               {"t": "gr\u00fcn", "v": [2, -3e2], "label": 7.0, "split": "test"}, {"t": "", "v": [0, 4], "label": None}]
    text = "".join(json.dumps(record) + "\n" for record in records)
    (folder("records") / "plain.jsonl").write_text(text)
    (folder("records") / "optional.jsonl").write_text('{"t": null, "split": "train"}\n \n{"split": "train", "label": " "}\n')
    pairs = folder("pairs")
    (pairs / "texts.jsonl").write_text('{"obj_a": "cat", "obj_b": "kitten", "score": 0.75, "subgroup": 3}\n'
                                       '{"obj_a": "kitten", "obj_b": "tom", "score": null, "subgroup": ""}\n')
    (pairs / "records.jsonl").write_text('{"obj_a": {"t": "x", "v": [1, 2]}, "obj_b": {"v": [3, 4]}, "subgroup": "w"}\n'
                                         '{"obj_a": {"t": null, "v": [3, 4]}, "obj_b": {"t": "x", "v": [1, 2]}}\n')
def image_headers():
    """Files whose marks and chunks are right; what they hold is not decoded."""
    def exif(orientation, order):
        entry = lambda tag, value: struct.pack(order + "HHIHH", tag, 3, 1, value, 0)
        return ((b"II" if order == "<" else b"MM") + struct.pack(order + "HIH", 42, 8, 2) + entry(0x102, 8) +
                entry(0x112, orientation) + struct.pack(order + "I", 0))

    def segment(mark, body):
        return bytes([0xff, mark]) + struct.pack(">H", len(body) + 2) + body

    def frame(mark, components):
        return segment(mark, struct.pack(">BHHB", 8, 8, 8, len(components)) +
                       b"".join(bytes([one, 0x11, 0]) for one in components))

    def scan(components, first, last, bit):
        head = bytes([len(components)]) + b"".join(bytes([one, 0]) for one in components)
        return segment(0xda, head + bytes([first, last, bit])) + b"da\xff\x00ta\xff\xd0more"

    baseline = (b"\xff\xd8" + segment(0xe1, b"Exif\0\0" + exif(6, "<")) + segment(0xdb, bytes(65)) +
                frame(0xc0, b"abc") + scan(b"abc", 0, 63, 0))
    progressive = (b"\xff\xd8" + frame(0xc2, b"a") + scan(b"a", 0, 0, 0) + scan(b"a", 1, 63, 1) +
                   segment(0xc4, bytes(20)) + scan(b"a", 1, 63, 0x10))
    chunk = lambda kind, body: struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    png = (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 2, 8, 0, 0, 0, 0)) +
           chunk(b"eXIf", exif(8, ">")) + chunk(b"IDAT", zlib.compress(bytes(6))) + chunk(b"IEND", b""))
    part = lambda kind, body: kind + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)
    webp = lambda *parts: b"RIFF" + struct.pack("<I", 4 + len(b"".join(parts))) + b"WEBP" + b"".join(parts)
    extended = lambda flags: part(b"VP8X", struct.pack("<I", flags) + b"\x1d\0\0\x13\0\0")
    frames = part(b"ANMF", b"\2\0\0\1\0\0\x0b\0\0\x09\0\0" + bytes(4) + part(b"ALPH", b"a") + part(b"VP8 ", b"data"))
    files = {"baseline.jpg": baseline + b"\xff\xd9", "motion.jpg": baseline + b"\xff\xd9" + baseline[:40],
             "unmarked.jpg": baseline, "progressive.jpg": progressive + b"\xff\xd9", "turned.png": png,
             "plain.webp": webp(part(b"VP8L", b"data")),
             "turned.webp": webp(extended(8), part(b"VP8L", b"dat"), part(b"EXIF", exif(5, "<"))),
             "animated.webp": webp(extended(2), part(b"ANIM", bytes(6)), frames, frames), "exif": exif(3, ">")}
    for name, content in files.items():
        (folder("image_headers") / name).write_bytes(content)


def sentence_folders():
    bert = {"model_type": "bert", "vocab_size": 9, "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2,
            "intermediate_size": 16, "max_position_embeddings": 16, "type_vocab_size": 2, "hidden_act": "gelu",
            "layer_norm_eps": 1e-12, "hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1,
            "initializer_range": 0.02}
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "red", "shoe", "##s", "a"]
    tokenizer = {"model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                           "max_input_chars_per_word": 100, "vocab": {token: i for i, token in enumerate(tokens)}},
                 "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True,
                                "strip_accents": None, "lowercase": True},
                 "pre_tokenizer": {"type": "BertPreTokenizer"},
                 "added_tokens": [{"id": 3, "content": "[SEP]", "single_word": False, "lstrip": False, "rstrip": False,
                                   "normalized": False, "special": True}]}
    modules = [{"type": "sentence_transformers.models.Transformer", "path": ""},
               {"type": "sentence_transformers.models.Pooling", "path": "1_Pooling"},
               {"type": "sentence_transformers.models.Normalize", "path": "2_Normalize"}]
    seeds = {
        "plain": {"config.json": bert, "vocab.txt": "\n".join(tokens) + "\n", "added_tokens.json": {"[EXTRA]": 9},
                  "tokenizer_config.json": {"do_lower_case": True, "strip_accents": False, "model_max_length": 512,
                                            "mask_token": {"content": "[MASK]"}}},
        "sentence": {"config.json": bert, "tokenizer.json": tokenizer, "modules.json": modules,
                     "1_Pooling/config.json": {"pooling_mode": ["mean", "max"], "include_prompt": False},
                     "2_Normalize/config.json": {"module_input_name": "sentence_embedding"},
                     "sentence_bert_config.json": {"max_seq_length": 12, "do_lower_case": False},
                     "config_sentence_transformers.json": {"default_prompt_name": "query", "prompts": {"query": "query: "}}}}
    write_folders("sentence_folder", seeds)


def write_folders(target, seeds):
    """Several files in one seed, as the targets that read folders take them apart."""
    for name, files in seeds.items():
        seed = b""
        for file, content in files.items():
            if not isinstance(content, (str, bytes)):
                content = json.dumps(content)
            seed += f"==> {file} <==\n".encode() + (content if isinstance(content, bytes) else content.encode() + b"\n")
        (folder(target) / name).write_bytes(seed)


def tower_tokenizers():
    """Those that the tests of the text towers compare with other libraries, and one in lists."""
    golden = pathlib.Path(__file__).resolve().parents[1] / "unit/plugins/text/towers"
    clip = json.loads((golden / "golden_clip_tokenizer.json").read_text())
    lists = {"vocab.json": clip["model"]["vocab"],
             "merges.txt": "#version: 0.2\n" + "".join((one if isinstance(one, str) else " ".join(one)) + "\n"
                                                       for one in clip["model"]["merges"])}
    write_folders("tower_tokenizer", {
        "clip": {"tokenizer.json": clip}, "clip_lists": lists,
        "gemma": {"tokenizer.json": json.loads((golden / "golden_gemma_tokenizer.json").read_text())},
        "siglip": {"tokenizer_config.json": {"do_lower_case": True, "eos_token": "</s>", "pad_token": {"content": "</s>"}},
                   "spiece.model": (golden / "golden_spiece.model").read_bytes()}})


def conditions():
    for name, text in {"compared": "make = 'BMW' AND year >= 2010",
                       "listed": "class_name IN ('cup', 'it''s') OR (label BETWEEN 1 AND 2 AND NOT price > 1.5e0)",
                       "called": "lower(substr(make, 1, 3)) LIKE 'b%' ESCAPE '!' OR length(trim(path)) = 13",
                       "cases": "CASE WHEN \"odd name\" IS NULL THEN year % 2 ELSE instr(id, '7') END <> 0",
                       "bytes": "id > x'6974656d' AND path GLOB '/photos/[0-4].jpg' COLLATE NOCASE",
                       "dates": "strftime('%Y', date('2010-02-03', '+1 year')) = year || ''"}.items():
        (folder("where") / f"{name}.sql").write_text(text)


def requests():
    form = ('fmultipart/form-data; boundary="a b"\nwho?\r\n--a b\r\nContent-Disposition: form-data; name="k"\r\n\r\n3\r\n'
            '--a b \r\ncontent-type: image/png\r\nContent-Disposition: form-data; name=x; filename="a \\"b\\".png"\r\n\r\n'
            '\x89PNG\r\n--a\r\n--a b--\r\n')
    for name, text in {"form": form, "base64": "bAAECAwQFBgcICQo-_w==", "bare": "bQUJDRA",
                       "target": "t/items/a%20b?k=3&where=make+%3D+%27BMW%27&flag&&x=%c3%a4"}.items():
        (folder("http_form") / f"{name}.bin").write_bytes(text.encode("latin-1"))
    picture = base64.b64encode(b"\x89PNG\r\n\x1a\n and more").decode()
    for name, body in {"texts": {"inputs": ["one", {"text": "two", "weight": 2.5}, {"id": "photos/a.jpg"}]},
                       "pictures": {"inputs": [{"image": picture}, f"data:image/png;base64,{picture}"], "dimensions": 64},
                       "vectors": {"inputs": {"vector": [1, -2.5, 3e-7]}, "encoding_format": "base64"}}.items():
        (folder("request") / f"{name}.bin").write_text("application/json\n" + json.dumps(body))
    (folder("request") / "form.bin").write_bytes(form[1:].replace('"a b"', "b").replace("a b", "b").encode("latin-1"))
    (folder("request") / "picture.bin").write_bytes(b"image/jpeg\n\xff\xd8\xff\xe0 and more")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plugin")
    options = parser.parse_args()
    arrays()
    checkpoints()
    pipelines()
    manifests()
    tars()
    lists()
    conditions()
    requests()
    tables()
    image_headers()
    sentence_folders()
    tower_tokenizers()
    faiss_files()
    if options.plugin:
        shutil.copy(options.plugin, folder("plugin_notes") / "plugin.so")


if __name__ == "__main__":
    main()
