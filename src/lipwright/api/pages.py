"""The service's own pages for people and for machines that watch it."""

from __future__ import annotations

import html
import json
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from lipwright.api.context import WithContext
from lipwright.api.envelope import success
from lipwright.api.problems import Problem, ProblemKind

router = APIRouter()

_PAGE_POLICY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}


@router.get("/healthz", tags=["service"], summary="Health")
async def health(request: Request, context: WithContext) -> Response:
    """Say whether the database answers, how many workers live, and how many tasks wait."""
    try:
        found = await context.lanes.quick.run(context.service.health)
    except Exception as error:
        raise Problem(ProblemKind.UNAVAILABLE, "The database cannot be reached") from error
    return success(
        request.scope, {"status": "ok", "workers": found.workers, "waiting": found.waiting}
    )


@router.get("/docs", include_in_schema=False)
async def docs(request: Request) -> HTMLResponse:
    """Show the API, made from the OpenAPI document; loads nothing from anywhere else."""
    app: FastAPI = request.app
    return HTMLResponse(_page(app.openapi()), headers=_PAGE_POLICY)


def _page(document: dict[str, Any]) -> str:
    info = document["info"]
    sections = [
        _operation(document, path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    return (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width,initial-scale=1'>"
        f"<title>{html.escape(info['title'])}</title><style>{_STYLE}</style>"
        f"<h1>{html.escape(info['title'])} <small>{html.escape(info['version'])}</small></h1>"
        f"<p>{html.escape(info.get('description', ''))} "
        "<a href=/openapi.json>OpenAPI document</a></p>" + "".join(sections)
    )


def _operation(document: dict[str, Any], path: str, method: str, operation: dict[str, Any]) -> str:
    parts = [
        f"<section><h2>{html.escape(operation.get('summary', ''))}</h2>",
        f"<p><code><b>{method.upper()}</b> {html.escape(path)}</code></p>",
        f"<p>{html.escape(operation.get('description', ''))}</p>",
    ]
    fields = [
        (parameter["name"], parameter["in"], parameter.get("description", ""))
        for parameter in operation.get("parameters", [])
    ]
    if fields:
        parts.append("<h3>Parameters</h3>" + _table(fields))
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        rows = _rows(document, content["schema"])
        parts.append(f"<h3>Body <small>{html.escape(media_type)}</small></h3>" + _table(rows))
    for status, answer in operation.get("responses", {}).items():
        for content in answer.get("content", {}).values():
            rows = _rows(document, content.get("schema", {}))
            if rows and status.startswith("2"):
                parts.append("<h3>Answer</h3>" + _table(rows))
    return "".join(parts) + "</section>"


def _rows(
    document: dict[str, Any], schema: dict[str, Any], path: str = ""
) -> list[tuple[str, str, str]]:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        schema = {**document["components"]["schemas"][name], **schema}
        del schema["$ref"]
    if schema.get("type") == "array":
        return _rows(document, schema["items"], f"{path}[]")
    if "properties" not in schema:
        return [(path, _type(schema), schema.get("description", ""))] if path else []
    required = schema.get("required", ())
    rows: list[tuple[str, str, str]] = []
    for name, field in schema["properties"].items():
        below = _rows(document, field, f"{path}.{name}" if path else name)
        if name not in required and below:
            first = below[0]
            below[0] = (first[0], f"{first[1]}, optional", first[2])
        rows += below
    return rows


def _type(schema: dict[str, Any]) -> str:
    words = str(schema.get("type", ""))
    if "enum" in schema:
        words = " | ".join(json.dumps(value) for value in schema["enum"])
    if "minimum" in schema:
        words += f", {schema['minimum']} to {schema['maximum']}"
    return words


def _table(rows: list[tuple[str, str, str]]) -> str:
    lines = "".join(
        f"<tr><td><code>{html.escape(name)}</code><td>{html.escape(kind)}<td>{html.escape(words)}"
        for name, kind, words in rows
    )
    return f"<table>{lines}</table>"


_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;
color:#1c2330;background:#fbfbfc}
section{border-top:1px solid #d5d9e0;margin-top:2rem}
table{border-collapse:collapse;width:100%}
td{border-bottom:1px solid #e4e7ec;padding:.3rem .8rem .3rem 0;vertical-align:top}
code{background:#eef0f4;border-radius:3px;padding:.1rem .3rem}
small{color:#68707f;font-weight:normal}
@media(prefers-color-scheme:dark){body{color:#dfe3ea;background:#14171c}
code{background:#252a33}td,section{border-color:#333a45}a{color:#8ab4f8}}
"""
