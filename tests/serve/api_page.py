#!/usr/bin/env python3
"""Writes docs/api.md from the OpenAPI document of a server, which the server makes of its table of routes.

    api_page.py HOST PLUGIN_FOLDER PAGE

The target `api_page` of the build calls it; serve_test.py fails where the page is not what it would write.
"""
import pathlib
import sys

BEGIN = """# The HTTP interface

This page is the reference of what a client sends to [`host serve`](how-to/serve.md) and gets from it. It is written from the server's
own table of routes, by `cmake --build --preset release --target api_page`; `/docs` and `/openapi.json` of a running server say the
same. Routes of searches and items are there where the server has an index.

Errors come as `{"error": {"message": ...}}`. Where the server has keys, a request needs `Authorization: Bearer KEY`, unless its route
says that it needs none.
"""


def name_of(schema):
    """A schema in words: `a list of numbers`."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return f"[{name}](api.md#{name.lower()})"
    if "oneOf" in schema:
        return " or ".join(name_of(one) for one in schema["oneOf"])
    if "enum" in schema:
        return " or ".join(f"`{one}`" for one in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {name_of(schema['items'])}"
    return schema.get("type", "anything")


def cell(text):
    return text.replace("|", "\\|").replace("\n", " ")


def properties(schema, indent=""):
    """Rows of a table; those of objects in lists follow the list."""
    rows = []
    for key, value in schema.get("properties", {}).items():
        notes = [value["description"]] if value.get("description") else []
        if "default" in value:
            notes.append(f"It is `{value['default']}` where it is not given.")
        if key in schema.get("required", []):
            notes.append("It must be given.")
        rows.append(f"| `{indent}{key}` | {name_of(value)} | {cell(' '.join(notes))} |")
        if value.get("type") == "array":
            rows += properties(value["items"], f"{indent}{key}[].")
    return rows


def content_of(part):
    """What a body may be, one line per type."""
    return [f"`{kind}`" + (f": {name_of(what['schema'])}" if what.get("schema") else "")
            for kind, what in part.get("content", {}).items()]


def route(method, path, operation):
    lines = [f"## {method.upper()} {path}", "", operation["summary"], ""]
    if operation.get("description"):
        lines += [operation["description"], ""]
    if operation.get("security") == []:
        lines += ["It needs no key.", ""]
    if operation.get("parameters"):
        lines += ["| parameter | where | type | what |", "|---|---|---|---|"]
        lines += [f"| `{one['name']}` | {one['in']} | {name_of(one.get('schema', {}))} | {cell(one.get('description', ''))} |"
                  for one in operation["parameters"]] + [""]
    if "requestBody" in operation:
        lines += ["The body is one of:", ""] + [f"- {one}" for one in content_of(operation["requestBody"])] + [""]
    lines += ["| status | answer |", "|---|---|"]
    for status, answer in operation["responses"].items():
        what = " ".join([answer.get("description", ""), *content_of(answer)])
        lines.append(f"| {status} | {cell(what)} |")
    return lines + [""]


def page(document):
    lines = BEGIN.splitlines() + [""]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            lines += route(method, path, operation)
    for name, schema in document["components"]["schemas"].items():
        lines += [f"## {name}", ""]
        if "oneOf" in schema:
            lines += ["It is one of:", ""]
            for one in schema["oneOf"]:
                lines.append(f"- {name_of(one)}: {one['description']}" if one.get("description") else f"- {name_of(one)}, with:")
            lines.append("")
            schema = next((one for one in schema["oneOf"] if "properties" in one), {})
        if rows := properties(schema):
            lines += ["| key | type | what |", "|---|---|---|", *rows, ""]
    return "\n".join(lines).rstrip() + "\n"


def main(host, plugins, output):
    from served import Server, ServedTest
    ServedTest.HOST, ServedTest.PLUGINS = host, plugins
    ServedTest.setUpClass()
    try:
        with Server(ServedTest, "--index", "i") as server:
            pathlib.Path(output).write_text(page(server.get("/openapi.json")[2]))
    finally:
        ServedTest.tearDownClass()


if __name__ == "__main__":
    main(*sys.argv[1:])
