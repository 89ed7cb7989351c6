#!/usr/bin/env python3
"""Holds the files of docs/deploy/ to the tree: what they copy is there, and the options that they give exist.

    deploy_test.py SOURCE HOST
"""
import configparser
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE, HOST = pathlib.Path(sys.argv[1]), sys.argv[2]
DEPLOY = SOURCE / "docs/deploy"


def known_options():
    text = subprocess.run([HOST, "serve", "--help"], check=True, capture_output=True, text=True).stdout
    return set(re.findall(r"--[a-z][a-z-]*", text))


class Deploy(unittest.TestCase):
    def test_what_the_container_copies_is_there(self):
        lines = (DEPLOY / "Containerfile").read_text().replace("\\\n", " ").splitlines()
        copies = [line.split()[1:-1] for line in lines if line.startswith("COPY ") and "--from" not in line]
        self.assertTrue(copies)
        for name in sum(copies, []):
            self.assertTrue((SOURCE / name).exists(), name)
        self.assertIn("USER kindred", lines)
        given = [line for line in lines if line.startswith(("ENTRYPOINT", "CMD"))]
        self.assertEqual(len(given), 2)
        self.assertLessEqual(set(re.findall(r'"(--[a-z-]+)"', " ".join(given))), known_options())

    def test_the_unit_gives_options_that_exist(self):
        unit = configparser.ConfigParser(strict=True, interpolation=None, delimiters=("=",), comment_prefixes=("#",))
        unit.optionxform = str
        unit.read_string((DEPLOY / "kindred-serve.service").read_text().replace("\\\n", " "))
        self.assertEqual(set(unit.sections()), {"Unit", "Service", "Install"})
        options = set(re.findall(r"--[a-z][a-z-]*", unit["Service"]["ExecStart"]))
        self.assertIn("--model", options)
        self.assertLessEqual(options, known_options())
        self.assertEqual(unit["Service"]["DynamicUser"], "yes")

    @unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is not installed")
    def test_systemd_understands_the_unit(self):
        with tempfile.TemporaryDirectory() as folder:
            # The program stands elsewhere here than where it is installed.
            text = (DEPLOY / "kindred-serve.service").read_text().replace("/opt/kindred/bin/host", HOST)
            path = pathlib.Path(folder) / "kindred-serve.service"
            path.write_text(text)
            said = subprocess.run(["systemd-analyze", "verify", path], capture_output=True, text=True)
            about_it = [line for line in said.stderr.splitlines() if "kindred-serve" in line]
            self.assertEqual(about_it, [])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
