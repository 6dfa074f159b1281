"""What comes in request bodies: plans as JSON or TOML, changes as JSON; read up to a limit."""

from http import HTTPStatus

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from webui.api.models import Changes
from webui.api.problems import Refused
from webui.errors import InvalidInput
from webui.plan.documents import MAX_DOCUMENT_BYTES, plan_from_json, plan_from_toml
from webui.plan.model import Plan

JSON = "application/json"
TOML = "application/toml"
MAX_CHANGES_BYTES = 100_000


async def read_plan(request: Request) -> Plan:
    """The plan in the body, JSON unless the Content-Type says TOML.

    Raises InvalidInput for a document that is no plan, Refused when it is too large or of another type.
    """
    kind = _kind(request)
    if kind not in (JSON, TOML):
        raise Refused(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Send a plan as {JSON} or {TOML}, not {kind[:80]!r}."
        )
    too_large = f"A plan is {MAX_DOCUMENT_BYTES / 1e6:.0f} MB at most, its bodies included."
    body = await _read(request, MAX_DOCUMENT_BYTES, too_large)
    # A large one takes seconds.
    return await run_in_threadpool(
        lambda: plan_from_toml(_text(body)) if kind == TOML else plan_from_json(body)
    )


async def read_changes(request: Request) -> Changes:
    """What is to be changed of a run. Raises RequestValidationError, Refused."""
    kind = _kind(request)
    if kind != JSON:
        raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Send changes as {JSON}, not {kind[:80]!r}.")
    body = await _read(request, MAX_CHANGES_BYTES, f"Changes are {MAX_CHANGES_BYTES:,} bytes at most.")
    try:
        return Changes.model_validate_json(body)
    except ValidationError as error:
        found = [{**item, "loc": ("body", *item["loc"])} for item in error.errors(include_url=False)]
        raise RequestValidationError(found) from error


def _kind(request: Request) -> str:
    return request.headers.get("content-type", JSON).partition(";")[0].strip().lower()


async def _read(request: Request, limit: int, too_large: str) -> bytes:
    """The whole body. What was announced or has come beyond `limit` bytes is not waited for."""
    announced = request.headers.get("content-length", "0")
    body = bytearray()
    if not announced.isdecimal() or int(announced) <= limit:
        async for chunk in request.stream():
            body += chunk
            if len(body) > limit:
                break
        else:
            return bytes(body)
    raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, too_large)


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise InvalidInput.at("", f"the plan is not valid TOML: it is not UTF-8 ({error.reason})") from error
