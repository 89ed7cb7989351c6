#!/usr/bin/env python3
"""What commands cost that compute nothing, and how much of it is LibTorch's own loading.

    tests/benchmarks/startup.py [--host HOST] [--plugin FILE.kindred.so] [--repeats 20]

`host list` is timed with a folder of 40 plugins: copies of a plugin (by default of the fixture `second` of the tests)
whose ids are rewritten in place. Each command runs REPEATS times; the median is printed, and whether LibTorch was
mapped. LibTorch's own load time is that of a program that is linked with it and returns at once.
"""
import argparse
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


def copies(plugin, folder, count):
    text = plugin.read_bytes()
    for i in range(count):
        # "second" becomes "plug07": as many letters, so that nothing in the file moves.
        (folder / f"plugin_{i:02}.kindred.so").write_bytes(text.replace(b"second", f"plug{i:02}".encode()))


def bare_program(host, folder):
    """main() { return 0; }, linked with the LibTorch of the host's engine."""
    engine = host.parent.parent / "lib/kindred/libkindred_engine.so"
    lines = subprocess.run(["ldd", engine], check=True, capture_output=True, text=True).stdout.splitlines()
    library = next(line.split()[2] for line in lines if "libtorch_cpu.so" in line)
    (folder / "bare.cpp").write_text("int main() { return 0; }\n")
    subprocess.run(["c++", folder / "bare.cpp", "-o", folder / "bare", "-Wl,--no-as-needed", library,
                    f"-Wl,-rpath,{os.path.dirname(library)}", "-Wl,--allow-shlib-undefined"], check=True)
    return folder / "bare"


def milliseconds(command, repeats):
    times = []
    for _ in range(repeats + 1):  # the first fills the page cache
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times[1:])


def uses_torch(command):
    traced = subprocess.run(command, env={**os.environ, "LD_DEBUG": "files"}, capture_output=True, text=True)
    return "libtorch_cpu.so" in traced.stderr


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", type=pathlib.Path, default=ROOT / "build/release/bin/host")
    parser.add_argument("--plugin", type=pathlib.Path,
                        default=ROOT / "build/release/tests/plugins/second/fixture_second.kindred.so")
    parser.add_argument("--repeats", type=int, default=20)
    options = parser.parse_args()
    host = options.host.resolve()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        plugins = folder / "plugins"
        plugins.mkdir()
        copies(options.plugin, plugins, 40)
        found = subprocess.run([host, "list", "--plugins", plugins], check=True, capture_output=True, text=True).stdout
        assert found.count("plug") >= 40, found
        pipeline = ROOT / "datasets/toy_cars/pipeline.json"
        rows = {"a program that only loads LibTorch": [bare_program(host, folder)],
                "host --help": [host, "--help"],
                "host run --help": [host, "run", "--help"],
                "host list, own plugins and 40 more": [host, "list", "--plugins", plugins],
                "host inspect FILE": [host, "inspect", options.plugin],
                "host describe kindred.triplet (loads the plugins)": [host, "describe", "kindred.triplet"],
                "host validate datasets/toy_cars/pipeline.json": [host, "validate", pipeline]}
        print(f"{'':<56}{'median':>10}  LibTorch")
        for label, command in rows.items():
            print(f"{label:<56}{milliseconds(command, options.repeats):>7.1f} ms  {'yes' if uses_torch(command) else 'no'}")


if __name__ == "__main__":
    main()
