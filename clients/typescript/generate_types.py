"""Write ``src/api.d.ts``: the service's OpenAPI document as TypeScript, or check that it is fresh.

python clients/typescript/generate_types.py [--check]

Every schema becomes an interface of the same name, every body of a request one by its title.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, cast

from lipwright.api.app import create_app
from lipwright.jobs.service import LipsyncService
from lipwright.settings import Settings

TARGET = Path(__file__).parent / "src" / "api.d.ts"

HEAD = """\
// Made from the service's OpenAPI document by generate_types.py; do not edit.
"""

PLAIN = {
    "string": "string",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "null": "null",
}


def main() -> None:
    """Write the file, or fail if it is stale."""
    # The document is made of the routes alone; no request ever asks for the service.
    settings = Settings(_env_file=None)  # type: ignore[call-arg]
    app = create_app(settings, cast(LipsyncService, None))
    text = declarations(app.openapi())
    if "--check" not in sys.argv:
        TARGET.write_text(text, encoding="utf-8")
    elif not TARGET.exists() or TARGET.read_text(encoding="utf-8") != text:
        sys.exit("src/api.d.ts is stale: run python clients/typescript/generate_types.py")


def declarations(document: dict[str, Any]) -> str:
    """Return all interfaces in the order of their names."""
    schemas: dict[str, Any] = dict(document["components"]["schemas"])
    for methods in document["paths"].values():
        for operation in methods.values():
            content = operation.get("requestBody", {}).get("content", {})
            lift(content.get("application/json", {}).get("schema", {}), schemas)
    parts = [interface(name, schemas[name]) for name in sorted(schemas)]
    return "\n".join([HEAD, *parts])


def lift(schema: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Make a schema that stands inside another one by its title."""
    for inner in schema.get("properties", {}).values():
        lift(inner, schemas)
        lift(inner.get("items", {}), schemas)
    if "properties" in schema:
        schemas.setdefault(schema["title"], schema)


def interface(name: str, schema: dict[str, Any]) -> str:
    """Return one declaration."""
    lines = [f"export interface {name} {{"]
    if words := schema.get("description"):
        lines.insert(0, comment(words, ""))
    required = schema.get("required", ())
    for field, about in schema["properties"].items():
        if words := about.get("description"):
            lines.append(comment(words, "  "))
        mark = "" if field in required else "?"
        lines.append(f"  {field}{mark}: {type_of(about)};")
    return "\n".join([*lines, "}", ""])


def type_of(schema: dict[str, Any]) -> str:
    """Return the type of a field."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "properties" in schema:
        return str(schema["title"])
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema["enum"])
    if "anyOf" in schema:
        return " | ".join(type_of(one) for one in schema["anyOf"])
    kind = schema.get("type")
    if kind == "array":
        items = type_of(schema.get("items", {}))
        return f"({items})[]" if " " in items else f"{items}[]"
    if isinstance(kind, list):
        return " | ".join(PLAIN[one] for one in kind)
    return PLAIN.get(str(kind), "unknown")


def comment(words: str, indent: str) -> str:
    """Return a documentation comment, on one line however the words were broken."""
    return f"{indent}/** {' '.join(words.split()).replace('*/', '* /')} */"


if __name__ == "__main__":
    main()
