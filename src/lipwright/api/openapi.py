"""What the OpenAPI document says beside what FastAPI finds out by itself."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Refusal(BaseModel):
    """The envelope of an error: never any data."""

    code: int = Field(description="not 0; says what kind of error it is")
    message: str = Field(description="says what is wrong, and names the field")
    request_id: str = Field(description="made by the system, to trace a request")
    reason: str = Field(description="stable word for programs; docs/errors.md lists them all")
    field: str = Field(default="", description="the field that is wrong, where it is one")


class UploadedFile(BaseModel):
    """A file that was kept."""

    file_id: str
    url: str = Field(description="accepted as video_url and sound_file; fetched without a header")
    file_name: str
    size: int = Field(description="bytes")
    expires_at: int = Field(description="Unix time in ms")


class Uploaded(BaseModel):
    """The answer to an upload."""

    model_config = ConfigDict(title="Uploaded")

    code: int = Field(description="0 on success")
    message: str
    request_id: str = Field(description="made by the system, to trace a request")
    data: UploadedFile


ANSWERS_OF_FAILURE: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": Refusal, "description": "The request is refused"},
    "5XX": {"model": Refusal, "description": "The service failed"},
}

AUTHORIZATION: dict[str, Any] = {
    "name": "Authorization",
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "example": "Bearer {{YOUR_API_KEY}}",
    "description": "Needed as soon as a key exists or the service listens beyond loopback.",
}

_BYTES: dict[str, Any] = {"type": "string", "format": "binary"}

UPLOAD_BODY: dict[str, Any] = {
    "parameters": [AUTHORIZATION],
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": _BYTES},
                }
            },
            "application/octet-stream": {"schema": _BYTES},
        },
    },
}


def json_body(model: type[BaseModel]) -> dict[str, Any]:
    """Describe a body that a route reads by itself: the model's schema, nested ones inlined."""
    schema = model.model_json_schema()
    definitions: dict[str, Any] = schema.pop("$defs", {})

    def inlined(node: Any) -> Any:
        if isinstance(node, dict):
            if "$ref" in node:
                return inlined(definitions[node["$ref"].rpartition("/")[2]])
            return {key: inlined(value) for key, value in node.items()}
        return [inlined(item) for item in node] if isinstance(node, list) else node

    return {"required": True, "content": {"application/json": {"schema": inlined(schema)}}}
