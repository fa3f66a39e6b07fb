"""The page with every field of the HTTP API, made from the OpenAPI document."""

from __future__ import annotations

import json
import re
from typing import Any, cast

from lipwright.api.app import create_app
from lipwright.settings import Settings

Json = dict[str, Any]

HEAD = """\
# Every field

Made from the OpenAPI document, which [this site](openapi.json) and `/openapi.json` of a running
service have for machines. Paths under `/klingai` also work without that prefix and under `/kling`
and `/proxy/kling`. Errors are the same everywhere: [Errors](errors.md).
"""

_SAME_EVERYWHERE = ("Authorization",)


def openapi_document() -> Json:
    """The document as a service with default settings gives it."""
    nobody = cast(Any, None)  # the document says nothing of the service behind it
    return create_app(Settings(), nobody).openapi()


def reference_page(document: Json) -> str:
    """The page as Markdown: a part for each tag, a section for each operation."""
    parts: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            tag = operation.get("tags", ["service"])[0]
            parts.setdefault(tag, []).append(section(document, path, method, operation))
    return HEAD + "".join(
        f"\n## {tag.capitalize()}\n" + "".join(sections) for tag, sections in parts.items()
    )


def section(document: Json, path: str, method: str, operation: Json) -> str:
    """One operation."""
    text: str = f"\n### {operation['summary']}\n\n`{method.upper()} {path}`\n\n"
    text += operation.get("description", "") + "\n"
    parameters = [
        (parameter["name"], f"{parameter['in']}, {kind(parameter['schema'])}", told(parameter))
        for parameter in operation.get("parameters", [])
        if parameter["name"] not in _SAME_EVERYWHERE
    ]
    text += table("Parameters", parameters)
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        text += table(f"Body, `{media_type}`", rows(document, content["schema"]))
    for status, answer in operation.get("responses", {}).items():
        for content in answer.get("content", {}).values():
            found = rows(document, content.get("schema", {}))
            if status.startswith("2"):
                text += table("Answer", found)
    return text


def rows(document: Json, schema: Json, path: str = "") -> list[tuple[str, str, str]]:
    """Name, type and meaning of every field below a schema."""
    schema = resolved(document, schema)
    if schema.get("type") == "array":
        return rows(document, schema["items"], f"{path}[]")
    if "properties" not in schema:
        return [(path, kind(schema), told(schema))] if path else []
    required = schema.get("required", ())
    found: list[tuple[str, str, str]] = []
    for name, field in schema["properties"].items():
        full = f"{path}.{name}" if path else name
        described = resolved(document, field)
        below = rows(document, field, full)
        if not below or below[0][0] != full:
            below.insert(0, (full, kind(described), told(described)))
        if name not in required:
            below[0] = (full, f"{below[0][1]}, optional", below[0][2])
        found += below
    return found


def resolved(document: Json, schema: Json) -> Json:
    """The schema itself where it is a reference, or something or nothing."""
    choices = [choice for choice in schema.get("anyOf", ()) if choice.get("type") != "null"]
    if len(choices) == 1:
        rest = {key: value for key, value in schema.items() if key != "anyOf"}
        return {**resolved(document, choices[0]), **rest, "nullable": True}
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        return {**document["components"]["schemas"][name], **rest}
    return schema


def kind(schema: Json) -> str:
    """The type in a few words."""
    if "anyOf" in schema:
        words = " or ".join(kind(choice) for choice in schema["anyOf"])
    elif "enum" in schema:
        words = " or ".join(f"`{json.dumps(value)}`" for value in schema["enum"])
    else:
        words = str(schema.get("type", "any"))
    if "minimum" in schema and "maximum" in schema:
        words += f", {schema['minimum']} to {schema['maximum']}"
    return words + (" or null" if schema.get("nullable") else "")


def told(schema: Json) -> str:
    """The description on one line, safe inside a table."""
    return re.sub(r"\s+", " ", str(schema.get("description", ""))).replace("|", "\\|")


def table(title: str, found: list[tuple[str, str, str]]) -> str:
    """A titled table, or nothing where there are no rows."""
    if not found:
        return ""
    lines = "".join(f"| `{name}` | {of} | {words} |\n" for name, of, words in found)
    return f"\n**{title}**\n\n| field | type | meaning |\n|---|---|---|\n{lines}"
