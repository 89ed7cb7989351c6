"""Writes the golden files beside it from transformers, tokenizers and SentencePiece.

    pip install torch==2.13.0 transformers==5.24.0 tokenizers==0.23.3 sentencepiece==0.2.3 protobuf safetensors numpy
    HF_HUB_OFFLINE=1 python3 make_golden.py

No published vocabulary is needed: small ones are trained here with the settings of CLIP's, SigLIP's and Gemma's.
golden_clip_tokenizer.json, golden_gemma_tokenizer.json, golden_spiece.model: these tokenizers as Hugging Face
stores them. golden_tokens.json: 500 texts and what the tokenizers make of them. golden_towers.json: text towers of
two layers whose weights are filled by a formula (value_of of tests/support/filled_tensors.py), and their embeddings.
"""

import json
import pathlib
import random
import re
import sys
import tempfile
import unicodedata

import sentencepiece
import torch
import transformers as tf
from safetensors.torch import load_file, save_file
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[3] / "support"))
from filled_tensors import rounded, value_of  # noqa: E402

START, END = "<|startoftext|>", "<|endoftext|>"

# ------------------------------------------------------------------------------------------------ texts

CAPTIONS = """a photo of a red car parked on the street
two dogs running across a green field with a ball
the old wooden chair stands beside the kitchen table
a woman riding a bicycle through the city at night
three yellow cups on a white shelf
an aerial view of the river and the bridge
black and white picture of a train station
a child's drawing of the sun, the moon and stars
close-up photograph of a blue butterfly on a flower
people don't walk on the beach when it's raining
the mountain's peak is covered with snow, isn't it?
we're looking at the airplane's wing; they've landed
a bowl of soup, bread and 2 spoons for $12.50
the cat sat on the mat and the bat sat on the hat
fashion model wearing a long dress, size 38, in silk
un café à Zürich, déjà vu: naïve façade en été
кошка сидит на окне и смотрит на улицу
一只红色的汽车停在街道上
赤い車が道路に駐車している
빨간 자동차가 거리에 주차되어 있다
η γάτα κάθεται στο χαλί ΣΊΣΥΦΟΣ
""".splitlines()

BY_HAND = [
    "", " ", "\t\n\r ", "a", "!", "a photo of a cat", "A PHOTO OF A CAT!", "the cat's mat", "It's, they've, I'm, we'll, he'd, can't, we're",
    "IT'S THEY'VE", "'s", "''s''", "don''t", "d'd'd", "’s curly ’ve", "Héllo wörld, ça va? Ångström naïve façade", "e\u0301 e\u0300\u0323 a\u0323\u0307 composed é",
    "ＦＵＬＬＷＩＤＴＨ ｔｅｘｔ １２３", "中文句子没有空格", "日本語のテキスト、カタカナ。", "한국어 문장입니다.", "ᄒ\u1161\u11ab한 Hangul jamo", "ภาษาไทยไม่มีช่องว่าง",
    "हिन्दी में एक वाक्य", "العربية نص مع تَشْكِيل", "עִבְרִית עם ניקוד", "Русский текст с ё и й", "Ελληνικά ΣΊΣΥΦΟΣ ΟΔΥΣΣΕΥΣ ς Σ ΑΣ. ΑΣ'Β Σ.", "İstanbul'da IŞIK ı",
    "ﬁne ﬂow ﬃ", "😀 😃😄 👩‍👩‍👧‍👦 🇩🇪 👍🏽", "🤯🥰🫠 new emoji 🫨", "™ © ® € £ ¥ ¢ 20€", "½ ¼ ² ³ x² H₂O Ⅷ ⅷ ① ٣ ३", "12345 3.14 1,000,000 v2.0-rc1",
    START, END, START + "a photo" + END + " of it", "<|STARTOFTEXT|> <|EndOfText|>", END + END, "  " + END + "  cat  ", "<|startoftext", "a<|endoftext|>b",
    "</s>", "a </s> b", "</s></s>", "cat</s>", " </s> ", "<unk>", "a <unk> b <unk>", "</S>", "<pad> <eos> <bos> <mask> <start_of_turn>", "a<eos>b", "<0x41> <0xE4>",
    "▁", "▁▁ cat ▁ dog", "▁cat", "cat▁", "\n\n", "a\n\nb\n\n\nc", "  two  blanks   three ", " leading", "trailing ", "null\u0000byte", "\u0007bell\u001bescape\u001cfs\u001fus",
    "zero\u200bwidth\u200djoiner\ufeffbom", "soft\u00adhyphen", "\ufffd replacement \ufffd", "non\u00a0breaking\u2009thin\u3000ideographic", "line\u2028separator\u2029paragraph",
    "\u0085next\u000bline\u000cfeed", "a" * 100, "é" * 100, "!!!???...---***", "he said: \"don't—won't\" (maybe) [or] {not} <tag>", "a_b-c/d\\e|f", "$100 + 5% = #1 @home ^ ~ `tick`",
    "“curly” ‘quotes’ «guillemets» „low“", "、。「」『』・", "Z̷̢͝a̶l̴g̵o̷ text", "ẞ ß straße STRASSE", "Ǆ ǅ ǆ Ⓐ ⓐ", "𝕳𝖊𝖑𝖑𝖔 𝟙𝟚𝟛", "𠀀𠀁𪛖", "豈更車 compat", "ㄅㄆㄇ 〇 々",
    "CamelCaseWordsAndHTTPRequests", "user@example.com https://example.org/a?b=c&d=e#f", "\u0300\u0301\u0302", "ꙮ 𐌰𐌱 𓀀", "ᏣᎳᎩ Cherokee", "𐐀𐐁 𐐨 Deseret", "\u212a \u212b \u1e9e", "\ue000private\uf8ff",
    "\u061c\u2066bidi\u2069", "· • ∙", "A\u0345Σ\u0345 aΣ1 1Σ Σa", "ΑΣ\u0301Β ΑΣ\u0301", "\u1f88\u1fbc \u01c5",
]  # fmt: skip
LONG = [("a photo of a cat ", 200), ("word ", 600), ("the ", 75), ("the ", 76), ("dog", 300), ("中", 600), ("é, ", 400), ("😀", 120), ("une phrase ", 300),
        ("x1", 200), ("cat </s> ", 90), ("\u2581 ", 90)]  # fmt: skip
POOLS = [
    "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJ", "  \t\n", ".,;:!?-'\"()", "0123456789", "éèêëàâäïîôöùûüçñÅØæœß", "абвгдеёжзий", "αβγδεζάέήσςΣ",
    "中文字漢語日本", "あいうアイウ", "가나다라", "\u0300\u0301\u0308\u0323\u0327", "😀🤯🥰🇩🇪", "\u200b\u200d\ufeff\u00ad\u0007", "ابجد\u064b\u064e", "हिनदी\u093f\u094d",
]  # fmt: skip


def texts():
    """Strings, and pairs of a string and how often it stands in the text."""
    draw = random.Random(11)
    words = [word for caption in CAPTIONS for word in caption.split()]
    made = list(BY_HAND) + list(LONG)
    while len(made) < 500:
        kind = len(made) % 3
        if kind == 0:
            made.append("".join(draw.choice(draw.choice(POOLS)) for _ in range(draw.randint(5, 60))))
        elif kind == 1:
            made.append(" ".join(draw.choice(words) for _ in range(draw.randint(3, 16))))
        else:
            made.append("".join(draw.choice(words) + draw.choice([" ", "", ", ", "-", "'s "]) for _ in range(draw.randint(3, 12))))
    return made


def written_out(text):
    return text if isinstance(text, str) else text[0] * text[1]


def fnv1a(data, state=14695981039346656037):
    for byte in data:
        state = ((state ^ byte) * 1099511628211) & ((1 << 64) - 1)
    return state


# ------------------------------------------------------------------------------------------------ tokenizers


def train_clip(folder):
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    made = tf.CLIPTokenizer()
    trained = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    trained.normalizer, trained.pre_tokenizer = made.backend_tokenizer.normalizer, made.backend_tokenizer.pre_tokenizer
    trainer = trainers.BpeTrainer(
        vocab_size=760, initial_alphabet=alphabet, end_of_word_suffix="</w>", show_progress=False, special_tokens=[]
    )
    trained.train_from_iterator(CAPTIONS * 4, trainer)
    merges = [tuple(merge) for merge in json.loads(trained.to_str())["model"]["merges"]]
    pieces = alphabet + [c + "</w>" for c in alphabet] + [a + b for a, b in merges]
    pieces = list(dict.fromkeys(pieces)) + [START, END]
    made = tf.CLIPTokenizer(vocab={piece: i for i, piece in enumerate(pieces)}, merges=merges, model_max_length=77)
    made.save_pretrained(folder)
    return made


RULES = {"\u00a0": " ", "\u3000": " ", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "½": "1⁄2", "²": "2", "³": "3", "™": "tm", "\u0007": "", "\u200b": " "}


def train_siglip(folder):
    """As the vocabulary of T5 was trained, but with few rules in place of NFKC, which would be 200 KB."""
    rules = dict(RULES)
    rules.update({chr(0xFF01 + i): chr(0x21 + i) for i in range(94)})
    points = lambda text: " ".join(f"{ord(c):X}" for c in text)  # noqa: E731
    table = folder / "rules.tsv"
    table.write_text("".join(f"{points(a)}\t{points(b)}\n" for a, b in rules.items()))
    corpus = folder / "corpus.txt"
    draw = random.Random(3)
    words = [word for caption in CAPTIONS[:16] for word in re.sub(r"[^\w\s]", "", caption.lower()).split()]
    corpus.write_text("\n".join(" ".join(draw.choice(words) for _ in range(8)) for _ in range(400)))
    sentencepiece.SentencePieceTrainer.train(
        input=str(corpus), model_prefix=str(folder / "spiece"), vocab_size=150, model_type="unigram", pad_id=0, eos_id=1,
        unk_id=2, bos_id=-1, normalization_rule_tsv=str(table), character_coverage=1.0, num_threads=1, minloglevel=2,
    )  # fmt: skip
    return tf.SiglipTokenizer(str(folder / "spiece.model"))


def train_gemma(folder):
    made = tf.Siglip2Tokenizer()
    trained = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    trained.normalizer = made.backend_tokenizer.normalizer
    trained.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")  # so that pieces keep to words while training
    trained.train_from_iterator(CAPTIONS * 4, trainers.BpeTrainer(vocab_size=420, show_progress=False, special_tokens=[]))
    model = json.loads(trained.to_str())["model"]
    special = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    pieces = special + [piece for piece, _ in sorted(model["vocab"].items(), key=lambda one: one[1])]
    merges = [tuple(merge) for merge in model["merges"]]
    made = tf.Siglip2Tokenizer(
        vocab={piece: i for i, piece in enumerate(pieces)}, merges=merges, add_bos_token=False, add_eos_token=True,
        padding_side="right", model_max_length=64,
    )  # fmt: skip
    made.add_tokens([AddedToken(text, normalized=False) for text in ["\n\n", "\n\n\n", "▁▁", "<start_of_turn>"]])
    made.save_pretrained(folder)
    return made


def tokens_of(tokenizer, longest, all_texts):
    """Tokens of the first texts; of all a hash of the tokens, cut to `longest` and whole."""
    rows, hashes = [], []
    for i, text in enumerate(map(written_out, all_texts)):
        cut = tokenizer(text, truncation=True, max_length=longest)["input_ids"]
        whole = tokenizer(text)["input_ids"]
        if i < len(BY_HAND):
            rows.append(cut)
        hashes.append(f"{fnv1a((','.join(map(str, cut)) + ';' + ','.join(map(str, whole))).encode()):016x}")
    return {"ids": rows, "hashes": hashes}


def unicode_blocks(words_of):
    """A hash per 4096 code points of what becomes of each. Planes without letters are left out."""
    blocks = {}
    for block in [*range(0x30), 0xE0, 0xF0, 0x10F]:
        state = 14695981039346656037
        for c in range(block << 12, (block + 1) << 12):
            if not 0xD800 <= c < 0xE000:
                state = fnv1a(("|".join(words_of(chr(c))) + "\n").encode(), state)
        blocks[f"{block:x}"] = f"{state:016x}"
    return blocks


def clip_words(tokenizer):
    """Of a code point between a letter and what is neither letter nor number."""
    normalizer = tokenizer.backend_tokenizer.normalizer
    split = pre_tokenizers.Split(
        Regex(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"), behavior="removed", invert=True
    )
    return lambda c: [word for word, _ in split.pre_tokenize_str(normalizer.normalize_str(f"a{c}!"))]


def canonical(tokenizer):
    """Letters that this Python is too old for are made small by the library tokenizers, as newer ones do it."""
    lower = normalizers.Lowercase().normalize_str
    newer = lambda c: lower(c) if unicodedata.category(c) == "Cn" else c  # noqa: E731
    return lambda c: [tokenizer.canonicalize_text(f"a{newer(c)}b")]


def stored(path):
    return json.loads(path.read_text())


def literally(path, all_texts):
    """The library's own reading of a file whose added tokens are found in normalised text, as CLIP's hub files say."""
    content = stored(path)
    for token in content["added_tokens"]:
        token["normalized"] = True
    tokenizer = Tokenizer.from_str(json.dumps(content))
    return [tokenizer.encode(written_out(text)).ids for text in all_texts[: len(BY_HAND)]]


def tokenizer_golden(folder):
    all_texts = texts()
    golden = {"texts": all_texts}
    places = {name: folder / name for name in ("clip", "siglip", "gemma")}
    for place in places.values():
        place.mkdir()
    made = {"clip": train_clip(places["clip"]), "siglip": train_siglip(places["siglip"]), "gemma": train_gemma(places["gemma"])}
    for name, longest in (("clip", 77), ("siglip", 64), ("gemma", 64)):
        golden[name] = tokens_of(made[name], longest, all_texts)
    golden["clip"]["found_in_normalized"] = literally(places["clip"] / "tokenizer.json", all_texts)
    golden["clip"]["unicode"] = unicode_blocks(clip_words(made["clip"]))
    golden["siglip"]["unicode"] = unicode_blocks(canonical(made["siglip"]))
    for name in ("clip", "gemma"):
        write(f"golden_{name}_tokenizer.json", stored(places[name] / "tokenizer.json"))
    (HERE / "golden_spiece.model").write_bytes((places["siglip"] / "spiece.model").read_bytes())
    write("golden_tokens.json", golden)
    return made


# ------------------------------------------------------------------------------------------------ towers


TEXTS = ["a photo of a red car", "", "two DOGS' balls, one café 中文 😀", "a" + END + "b </s> c <eos> d", "the cat sat on the mat " * 30, "mat"]
TEXT = dict(hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=40)
VISION = dict(TEXT, image_size=8, patch_size=4)


def embedding_of(model, tokenizer, text):
    longest = tokenizer.model_max_length
    ids = tokenizer(text, truncation=True, max_length=longest, padding="max_length", return_tensors="pt")["input_ids"]
    tower = model.text_model if hasattr(model, "text_model") else model
    with torch.no_grad():
        pooled = tower(input_ids=ids).pooler_output
        return model.text_projection(pooled) if hasattr(model, "text_projection") else pooled


def tower_case(name, tokenizer_name, tokenizer, made):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        made.save_pretrained(folder)
        tensors = load_file(folder / "model.safetensors")
        filled = {key: value_of(key, tuple(tensor.shape)) for key, tensor in tensors.items()}
        save_file(filled, folder / "model.safetensors", metadata={"format": "pt"})
        model = type(made).from_pretrained(folder).eval()
        config = stored(folder / "config.json")
        rows = [rounded(embedding_of(model, tokenizer, text)) for text in TEXTS]
        kept = {key: list(tensor.shape) for key, tensor in tensors.items() if "vision" not in key and "visual" not in key}
        return {"name": name, "tokenizer": tokenizer_name, "config": config, "tensors": kept, "embeddings": rows}


def towers(made):
    clip = dict(TEXT, vocab_size=len(made["clip"]), bos_token_id=made["clip"].bos_token_id)
    end = dict(clip, eos_token_id=made["clip"].eos_token_id, pad_token_id=made["clip"].pad_token_id)
    first = dict(clip, eos_token_id=2, pad_token_id=1)
    siglip = dict(TEXT, vocab_size=len(made["siglip"]))
    gemma = dict(TEXT, vocab_size=len(made["gemma"]))
    whole = lambda text: tf.CLIPModel(tf.CLIPConfig(text_config=text, vision_config=VISION, projection_dim=10))  # noqa: E731
    both = lambda text: tf.SiglipModel(tf.SiglipConfig(text_config=text, vision_config=VISION))  # noqa: E731
    cases = [
        ("clip", "clip", whole(end)),
        ("clip_of_first_files", "clip", whole(first)),
        ("clip_gelu", "clip", whole(dict(end, hidden_act="gelu"))),
        ("clip_text", "clip", tf.CLIPTextModel(tf.CLIPTextConfig(**end))),
        ("clip_text_projected", "clip", tf.CLIPTextModelWithProjection(tf.CLIPTextConfig(**end, projection_dim=10))),
        ("siglip", "siglip", both(siglip)),
        ("siglip_text", "siglip", tf.SiglipTextModel(tf.SiglipTextConfig(**siglip, projection_size=14))),
        ("siglip2_of_one_size", "gemma", both(gemma)),
        ("siglip2_text", "gemma", tf.Siglip2TextModel(tf.Siglip2TextConfig(**gemma))),
    ]
    return {"texts": TEXTS, "cases": [tower_case(name, key, made[key], model) for name, key, model in cases]}


def write(name, value):
    (HERE / name).write_text(json.dumps(value, separators=(",", ":"), ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        write("golden_towers.json", towers(tokenizer_golden(pathlib.Path(name))))
