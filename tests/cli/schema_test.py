#!/usr/bin/env python3
"""Checks every shipped pipeline, some broken ones and the examples of `host describe` against `host schema` with the
package jsonschema.

    schema_test.py HOST DATASETS

Exits with 77, which CTest takes as skipped, where the package is not installed.
"""
import copy
import json
import pathlib
import re
import subprocess
import sys

try:
    import jsonschema
except ImportError:
    print("skipped: the Python package jsonschema is not installed")
    sys.exit(77)


def said(host, *arguments):
    return json.loads(subprocess.run([host, *arguments], check=True, capture_output=True, text=True).stdout)


def problems(schema, value):
    errors = jsonschema.Draft202012Validator(schema).iter_errors(value)
    return [f"{error.json_path}: {error.message}" for error in errors]


def components(value):
    """Every object in a pipeline that names its type."""
    if isinstance(value, dict):
        if isinstance(value.get("type"), str):
            yield value
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from components(one)


def check_pipeline(schema, name, pipeline):
    assert not problems(schema, pipeline), f"{name}: {problems(schema, pipeline)}"
    broken = copy.deepcopy(pipeline)
    broken["train"] = {**broken.get("train", {}), "epocs": 3}
    assert problems(schema, broken), f"{name}: a misspelt key was accepted"
    for place in range(len(list(components(pipeline)))):
        broken = copy.deepcopy(pipeline)
        component = list(components(broken))[place]
        component["type"] += "x"
        assert problems(schema, broken), f"{name}: the type {component['type']} was accepted"
        component["type"] = component["type"][:-1]
        component["no_such_parameter"] = 1
        assert problems(schema, broken), f"{name}: an unknown parameter of {component['type']} was accepted"


def shipped(datasets):
    for path in sorted(datasets.rglob("*.json")):
        pipeline = json.loads(path.read_text())
        if "kindred" in pipeline or "extends" in pipeline:
            yield path, pipeline
    readme = datasets.parent / "README.md"
    for block in re.findall(r"^```json\n(.*?)^```", readme.read_text(), re.DOTALL | re.MULTILINE):
        yield readme, json.loads(block)


def check_templates(schema, folder):
    """A template names a component of its own, so that one is added to those known; its parameters are not."""
    paths = sorted(folder.glob("*/pipeline.json"))
    assert paths, folder
    for path in paths:
        kind, pipeline = path.parent.name, json.loads(path.read_text())
        if kind == "decoder":  # bytes choose their decoder, so a pipeline names none
            assert not problems(schema, pipeline), f"{path}: {problems(schema, pipeline)}"
            continue
        assert problems(schema, pipeline), f"{path}: a component that no plugin offers was accepted"
        extended = copy.deepcopy(schema)
        whole = extended["$defs"][kind]["properties"]["type"]
        changed = extended["$defs"]["changes_" + kind]["properties"]["type"]["anyOf"][0]
        for known in (whole, changed):
            known["enum"].append("KINDRED_VENDOR.KINDRED_NAME")
        assert not problems(extended, pipeline), f"{path}: {problems(extended, pipeline)}"
    return len(paths)


def check_examples(schema, described):
    offered = {one["then"]["properties"]["type"]["enum"][0]
               for kind in {one["kind"] for one in described} for one in schema["$defs"][kind]["allOf"]}
    assert {one["id"] for one in described} == offered, "`host describe` and `host schema` know other components"
    for one in described:
        of_kind = {"$ref": "#/$defs/" + one["kind"], "$defs": schema["$defs"]}
        assert not problems(of_kind, one["example"]), f"{one['example']}: {problems(of_kind, one['example'])}"


def main(host, datasets):
    datasets = pathlib.Path(datasets)
    schema = said(host, "schema")
    jsonschema.Draft202012Validator.check_schema(schema)
    pipelines = list(shipped(datasets))
    assert len(pipelines) >= 7, pipelines
    for name, pipeline in pipelines:
        check_pipeline(schema, name, pipeline)
    assert problems(schema, {"kindred": 1}), "a pipeline without data was accepted"
    templates = check_templates(schema, datasets.parent / "sdk" / "templates")
    described = said(host, "describe", "--json")
    check_examples(schema, described)
    print(f"{len(pipelines)} pipelines, {templates} templates and {len(described)} examples conform")


if __name__ == "__main__":
    main(*sys.argv[1:])
