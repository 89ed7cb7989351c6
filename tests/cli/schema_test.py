#!/usr/bin/env python3
"""Checks every shipped pipeline, and some broken ones, against `host schema` with the package jsonschema.

    schema_test.py HOST FOLDER

Exits with 77, which CTest takes as skipped, where the package is not installed.
"""
import json
import pathlib
import subprocess
import sys

try:
    import jsonschema
except ImportError:
    print("skipped: the Python package jsonschema is not installed")
    sys.exit(77)


def main(host, folder):
    schema = json.loads(subprocess.run([host, "schema"], check=True, capture_output=True, text=True).stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    files = sorted(path for path in pathlib.Path(folder).rglob("*.json") if "kindred" in json.loads(path.read_text())
                   or "extends" in json.loads(path.read_text()))
    assert len(files) >= 6, files
    for path in files:
        pipeline = json.loads(path.read_text())
        errors = [f"{path}: {error.json_path}: {error.message}" for error in validator.iter_errors(pipeline)]
        assert not errors, "\n".join(errors)
        pipeline["train"] = {**pipeline.get("train", {}), "epocs": 3}
        assert not validator.is_valid(pipeline), f"{path}: a misspelt key was accepted"
    assert not validator.is_valid({"kindred": 1}), "a pipeline without data was accepted"
    print(f"{len(files)} pipelines conform")


if __name__ == "__main__":
    main(*sys.argv[1:])
