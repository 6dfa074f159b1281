"""What FastAPI cannot see by itself: the plan in a body that is JSON or TOML, and problem responses."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastapi import FastAPI
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from webui.analysis.document import RowPart
from webui.api.models import Changes, StatusChange
from webui.api.problems import MEDIA_TYPE, ProblemDetails
from webui.plan.model import Plan

_REF: Final = "#/components/schemas/{model}"
# What is sent here is described as it is read, what is sent from here as it is written.
_DESCRIBED: Final[Sequence[tuple[type[BaseModel], JsonSchemaMode]]] = (
    (Plan, "validation"),
    (Changes, "validation"),
    (ProblemDetails, "serialization"),
    (RowPart, "serialization"),
    (StatusChange, "serialization"),
)
_MEANING: Final = {
    403: "The target policy does not allow it, or whoever asks may not.",
    404: "There is nothing of this id, token or name.",
    405: "This address does not answer that method.",
    409: "The run is in no state for this.",
    413: "The body is too large.",
    415: "The body is of a type that is not taken here.",
    422: "The request is not valid; `errors` names each field.",
    429: "As many tests wait as may wait; try again later.",
    503: "The database, the load generator or a practice target is not available; try again later.",
}
_EXAMPLE_PLAN: Final = {
    "schema": "katydid.plan/1",
    "name": "Items",
    "base_url": "http://127.0.0.1:8000",
    "requests": [{"method": "GET", "path": "/items"}],
    "load": {"shape": "constant-users", "users": 50, "duration_s": 30},
    "thresholds": ["p95<200ms"],
}


def schema_ref(model: type[BaseModel]) -> dict[str, str]:
    """A reference to a model's schema in the document."""
    return {"$ref": _REF.format(model=model.__name__)}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problem responses of an operation, for `responses`; 422 and 503 can come from any."""
    return {
        status: {
            "description": _MEANING[status],
            "content": {MEDIA_TYPE: {"schema": schema_ref(ProblemDetails)}},
        }
        for status in sorted({*statuses, 422, 503})
    }


PLAN_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "The plan, as JSON or with the same keys as TOML.",
        "content": {
            "application/json": {"schema": schema_ref(Plan), "example": _EXAMPLE_PLAN},
            "application/toml": {"schema": {"type": "string"}},
        },
    }
}

CHANGES_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "What to change; what is left out or null stays as it is.",
        "content": {"application/json": {"schema": schema_ref(Changes), "example": {"users": 140}}},
    }
}

# As FastAPI describes event streams of its own.
EVENTS: Final[dict[str, Any]] = {
    "description": "Server-sent events.",
    "content": {
        "text/event-stream": {
            "itemSchema": {
                "type": "object",
                "required": ["event", "data"],
                "properties": {
                    "event": {"enum": ["snapshot", "status", "finished"]},
                    "id": {"type": "string"},
                    "data": {
                        "type": "string",
                        "contentMediaType": "application/json",
                        "contentSchema": {"anyOf": [schema_ref(RowPart), schema_ref(StatusChange)]},
                    },
                },
            }
        }
    },
}


def install(app: FastAPI) -> None:
    """Adds the schemas that responses and bodies refer to."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        document = generate()
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        schemas.update({name: each for name, each in _schemas().items() if name not in schemas})
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # the way FastAPI documents


def _schemas() -> Mapping[str, Any]:
    _, found = models_json_schema(_DESCRIBED, by_alias=True, ref_template=_REF)
    definitions: Mapping[str, Any] = found["$defs"]
    return definitions
