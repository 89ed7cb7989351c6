"""Writes unicode_tables.cpp: what the fast tokenizers of Hugging Face remove, split at and strip.

They carry tables of an old Unicode, which no library of a current one gives; so every code point is put to them.

    pip install tokenizers==0.23.3
    python3 make_tables.py > unicode_tables.cpp && clang-format -i unicode_tables.cpp
"""

from tokenizers import normalizers, pre_tokenizers

POINTS = [c for c in range(1, 0x110000) if not 0xD800 <= c < 0xE000]


def normalizer(**on):
    off = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    return normalizers.BertNormalizer(**{**off, **on}).normalize_str


def table(name, points):
    runs = []
    for c in points:
        if runs and runs[-1][1] == c - 1:
            runs[-1][1] = c
        else:
            runs.append([c, c])
    print(f"constexpr CodeRange k{name}Ranges[] = {{")
    print(", ".join(f"{{{a:#x}, {b:#x}}}" for a, b in runs))
    print("};")


clean, marks = normalizer(clean_text=True), normalizer(strip_accents=True)
split = pre_tokenizers.BertPreTokenizer().pre_tokenize_str

print("// Made by make_tables.py.")
print('#include "unicode_tables.hpp"\n')
print("namespace kindred {\nnamespace {\n")
table("Removed", [c for c in POINTS if clean(chr(c)) == ""])
table("Punctuation", [c for c in POINTS if len(split(f"a{chr(c)}b")) == 3])
table("NonspacingMark", [c for c in POINTS if marks(chr(c)) == ""])
print("\n}  // namespace\n")
for name, table_name in (("Removed", "removed"), ("Punctuation", "punctuation"), ("NonspacingMark", "nonspacing_mark")):
    print(f"bool is_{table_name}(char32_t c) {{ return is_in(c, k{name}Ranges); }}")
print("\n}  // namespace kindred")
