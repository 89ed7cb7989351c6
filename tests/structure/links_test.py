#!/usr/bin/env python3
"""Usage: links_test.py PROJECT_SOURCE_DIR. Checks the documentation in Markdown with the standard library alone.

- Every relative link leads to a file that exists, and its anchor to a heading of that file.
- Every page below docs/ can be reached by links from README.md.
- Every path of the tree that a page names in `code` exists, where the page is listed in PAGES_THAT_NAME_PATHS: those pages send
  a reader to files, so a file that was moved without them is an error. A `*` or a `<word>` in a path stands for anything.
- Every test that a page names as `prefix.Suite` or `prefix.Suite.case` exists below tests/.

Prints one line per mistake (file, line, what is wrong, what to do) and ends with 1 when there is one.
"""
import pathlib
import re
import sys

PAGES_THAT_NAME_PATHS = ["docs/architecture.md", "docs/plugins.md", "docs/style.md"]
PATH_IN_CODE = re.compile(r"`((?:host|sdk|plugins|python|tests|docs|datasets|\.ci)/[^`\s]*)`")
TEST_IN_CODE = re.compile(r"`((?:[a-z]+\.)+)([A-Z]\w*)(?:\.(\w+))?`")
TEST_CASE = re.compile(r"^TEST(?:_F|_P)?\((\w+),\s*(\w+)\)", re.MULTILINE)
TEST_PROGRAM = re.compile(r"\bkindred_add_test\((\w+?)_test\b(?:[^)]*?\bCASES_APART\s+([\w.]+))?")
LINK = re.compile(r"!?\[[^\]]*\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)")
HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*\s*$")
OUTSIDE = re.compile(r"^(?:[a-z][a-z0-9+.-]*:|//)", re.IGNORECASE)  # http:, https:, mailto:
FENCE = re.compile(r"^\s*(```+|~~~+)")


def lines_outside_code(text):
    """(number, line) of all lines that are not in a fenced block."""
    fence = None
    for number, line in enumerate(text.splitlines(), 1):
        mark = FENCE.match(line)
        if mark:
            if fence is None:
                fence = mark.group(1)
            elif mark.group(1).startswith(fence):
                fence = None
            continue
        if fence is None:
            yield number, line


def anchors(text):
    """The anchors that GitHub gives to the headings of a page."""
    seen, found = {}, set()
    for _, line in lines_outside_code(text):
        heading = HEADING.match(line)
        if not heading:
            continue
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading.group(2)).replace("`", "")
        slug = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
        count = seen.get(slug, 0)
        seen[slug] = count + 1
        found.add(slug if count == 0 else f"{slug}-{count}")
    return found


def named_paths(line):
    for path in PATH_IN_CODE.findall(line):
        yield path, re.sub(r"<[^>]*>", "*", path).rstrip("/").replace("**", "*")


class Tests:
    """The cases of GoogleTest below tests/, and their prefixes: that which ctest has, else the name of the program, `core.` for
    `core_test`."""

    def __init__(self, folder):
        self.cases = {case for file in folder.rglob("*.cpp") for case in TEST_CASE.findall(file.read_text(encoding="utf-8"))}
        self.suites = {suite for suite, _ in self.cases}
        self.prefixes = {apart or f"{program}." for file in folder.rglob("CMakeLists.txt")
                         for program, apart in TEST_PROGRAM.findall(file.read_text(encoding="utf-8"))}

    def missing_in(self, line):
        """Names of tests in a line that are no tests, with what to do."""
        for prefix, suite, case in TEST_IN_CODE.findall(line):
            name = f"{prefix}{suite}" + (f".{case}" if case else "")
            if prefix not in self.prefixes:
                yield f"{name} begins with no prefix of tests; there are: {', '.join(sorted(self.prefixes))}"
            elif suite not in self.suites or (case and (suite, case) not in self.cases):
                yield f"there is no test {name}; name the one that holds this now"


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    pages = [root / "README.md", *sorted((root / "docs").rglob("*.md"))]
    texts = {page: page.read_text(encoding="utf-8") for page in pages}
    known_anchors = {page: anchors(text) for page, text in texts.items()}
    tests = Tests(root / "tests")
    links_of = {page: set() for page in pages}
    mistakes = []
    for page, text in texts.items():
        name = page.relative_to(root).as_posix()
        for number, line in lines_outside_code(text):
            place = f"{name}:{number}"
            for target in LINK.findall(re.sub(r"`[^`]*`", "", line)):
                if OUTSIDE.match(target):
                    continue
                path, _, anchor = target.partition("#")
                linked = (page.parent / path).resolve() if path else page
                if not linked.exists():
                    mistakes.append(f"{place}: the link to {target} leads to nothing; correct the path or remove the link")
                    continue
                links_of[page].add(linked)
                if anchor and linked in known_anchors and anchor not in known_anchors[linked]:
                    there = ", ".join(sorted(known_anchors[linked]))
                    mistakes.append(f"{place}: {target} names a heading that is not there; there are: {there}")
            mistakes.extend(f"{place}: {missing}" for missing in tests.missing_in(line))
            if name in PAGES_THAT_NAME_PATHS:
                for path, pattern in named_paths(line):
                    if not any(root.glob(pattern)):
                        mistakes.append(f"{place}: {path} does not exist; name the file or folder where it is now")
    reached, waiting = set(), [root / "README.md"]
    while waiting:
        page = waiting.pop()
        if page not in reached and page in links_of:
            reached.add(page)
            waiting.extend(links_of[page])
    for page in pages:
        if page not in reached:
            mistakes.append(f"{page.relative_to(root).as_posix()}: no link leads here from README.md; "
                            "link it from docs/index.md")
    for mistake in mistakes:
        print(mistake)
    if not mistakes:
        print(f"{len(pages)} pages, no broken link")
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main())
