"""The OpenAPI document of the control API, made from the table of routes."""

from typing import Any, Final

import msgspec

from nautilus_bot.control.routes import ROUTES, Route
from nautilus_bot.core.control import Refusal

REFUSALS: Final = {
    "400": "The request cannot be understood.",
    "401": "The bearer token is missing or wrong.",
    "429": "Too many requests; see Retry-After.",
}


def build_openapi() -> dict[str, Any]:
    """Return the document, OpenAPI 3.1."""
    types = [Refusal]
    for route in ROUTES:
        types.append(route.answer)  # type: ignore[arg-type]
        if route.body is not None:
            types.append(route.body)  # type: ignore[arg-type]
    _, components = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "nautilus-bot control API",
            "version": "1",
            "description": "Local only. Every command is recorded with its author in the event catalog.",
        },
        "security": [{"token": []}],
        "paths": {route.path: {route.method.lower(): _operation(route)} for route in ROUTES},
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.handler.__name__,
        "summary": route.summary,
        "responses": {
            "200": _content("Served.", route.answer),
            **{code: _content(text, Refusal) for code, text in REFUSALS.items()},
        },
    }
    if route.parameters:
        operation["parameters"] = [
            {
                "name": name,
                "in": "query",
                "description": text,
                "schema": {"type": "integer", "minimum": 1},
            }
            for name, text in route.parameters
        ]
    if route.body is not None:
        operation["requestBody"] = {"required": True, **_content("", route.body)}
        del operation["requestBody"]["description"]
        operation["responses"]["409"] = _content("The command is refused.", route.answer)
    return operation


def _content(text: str, answer: type[msgspec.Struct]) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{answer.__name__}"}
    return {"description": text, "content": {"application/json": {"schema": schema}}}
