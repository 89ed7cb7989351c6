#!/usr/bin/env python3
"""Reads the scripts of `host completion` into the shells that they are for and asks what these complete.

    completion_test.py HOST

Bash completes in any case; zsh and fish are asked where they are found.
"""
import os
import pathlib
import pty
import select
import shutil
import subprocess
import sys
import tempfile
import unittest

HOST = sys.argv[1]


def script(shell):
    return subprocess.run([HOST, "completion", shell], check=True, capture_output=True, text=True).stdout


class Completion(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "my cars.json").touch()
        (self.folder / "folder").mkdir()

    def shell(self, command, text):
        result = subprocess.run(command, input=text, cwd=self.folder, capture_output=True, text=True)
        self.assertEqual(result.stderr, "")
        self.assertEqual(result.returncode, 0, result.stdout)
        return result.stdout.splitlines()

    def bash(self, *words):
        """What bash offers for the last of the words."""
        given = " ".join(f"'{word}'" for word in words)
        return self.shell(["bash", "--norc"], script("bash") + f"COMP_WORDS=({given}); COMP_CWORD={len(words) - 1}\n"
                          "_kindred\n(( ${#COMPREPLY[@]} )) && printf '%s\\n' \"${COMPREPLY[@]}\"\ntrue\n")

    def fish(self, line):
        return [one.split("\t")[0] for one in
                self.shell(["fish", "--no-config"], script("fish") + f"complete -C '{line}'\n")]

    def test_bash_completes_commands(self):
        self.assertEqual(self.bash("host", "ca"), ["cache"])
        self.assertIn("search", self.bash("host", ""))
        self.assertIn("doctor", self.bash("kindred", "help", "d"))
        self.assertEqual(self.bash("host", "nothing", ""), [])

    def test_bash_completes_options_and_what_they_take(self):
        self.assertEqual(self.bash("host", "search", "--gr"), ["--group-by"])
        self.assertEqual(self.bash("host", "search", "--plug"), ["--plugins"])
        self.assertEqual(self.bash("host", "list", "--kind", "tr"), ["transform", "tracker"])
        self.assertEqual(self.bash("host", "embed", "--model", ""), ["folder"])
        self.assertEqual(self.bash("host", "search", "--html", "my"), ["my cars.json"])
        self.assertEqual(self.bash("host", "search", "--html", "=", "my"), ["my cars.json"])
        self.assertEqual(self.bash("host", "search", "--model", "="), ["folder"])
        self.assertEqual(self.bash("host", "search", "-k", ""), [])

    def test_bash_completes_arguments(self):
        self.assertEqual(self.bash("host", "cache", "ver"), ["verify"])
        self.assertEqual(sorted(self.bash("host", "run", "")), ["folder", "my cars.json"])
        self.assertEqual(sorted(self.bash("host", "index", "add", "")), ["folder", "my cars.json"])
        self.assertEqual(self.bash("host", "describe", ""), [])
        self.assertEqual(self.bash("host", "doctor", ""), [])

    @unittest.skipUnless(shutil.which("fish"), "fish is not installed")
    def test_fish_completes_all_of_it(self):
        self.assertEqual(self.fish("host ca"), ["cache"])
        self.assertEqual(self.fish("kindred ca"), ["cache"])
        self.assertEqual(self.fish("host search --gr"), ["--group-by"])
        self.assertEqual(self.fish("host list --kind tr"), ["tracker", "transform"])
        self.assertEqual(self.fish("host embed --model "), ["folder/"])
        self.assertEqual(self.fish("host search --html m"), ["my cars.json"])
        self.assertEqual(self.fish("host cache ver"), ["verify"])
        self.assertEqual(self.fish("host run m"), ["my cars.json"])
        self.assertEqual(self.fish("host index "), sorted(
            "build add update remove info verify compact merge outliers export import".split()))
        self.assertEqual(self.fish("host index add m"), ["my cars.json"])
        self.assertEqual(self.fish("host describe "), [])

    @unittest.skipUnless(shutil.which("zsh"), "zsh is not installed")
    def test_zsh_completes_in_a_terminal(self):
        self.shell(["zsh", "-f", "-n"], script("zsh"))
        (self.folder / "_kindred").write_text(script("zsh"))
        # The program is a function here that prints the line that Tab has completed.
        begin = (b"unset zle_bracketed_paste; PS1=; fpath=($PWD $fpath); autoload -U compinit; compinit -u -d ./dump; "
                 b"host() { print -r -- \"<\"$*\">\" }\n")
        typed = {b"host cac\t": b"<cache>", b"host cache ver\t": b"<cache verify>",
                 b"host search --gr\tx": b"<search --group-by=x>", b"host list --kind trac\t": b"<list --kind tracker>",
                 b"host run m\t": b"<run my cars.json>", b"host search --html m\t": b"<search --html my cars.json>"}
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self.folder)
            os.execvpe("zsh", ["zsh", "-f", "-i"], {**os.environ, "TERM": "dumb"})
        os.write(terminal, begin)
        for line, printed in typed.items():
            os.write(terminal, line + b"\n")
            seen = b""
            while b"<" not in seen or b">\r\n" not in seen[seen.rindex(b"<"):]:
                self.assertTrue(select.select([terminal], [], [], 60)[0], seen)
                seen += os.read(terminal, 4096)
            self.assertIn(printed, seen)
        os.write(terminal, b"exit\n")
        os.close(terminal)
        os.waitpid(pid, 0)

    def test_another_shell_is_refused_by_a_sentence(self):
        result = subprocess.run([HOST, "completion", "csh"], capture_output=True, text=True)
        self.assertEqual(result.returncode, 2)
        self.assertIn("there is for bash, zsh and fish", result.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
