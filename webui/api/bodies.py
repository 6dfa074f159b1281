"""Plans in request bodies: JSON or TOML, read up to a limit."""

from http import HTTPStatus

from fastapi import Request

from webui.api.problems import Refused
from webui.errors import InvalidInput
from webui.plan.documents import MAX_DOCUMENT_BYTES, plan_from_json, plan_from_toml
from webui.plan.model import Plan

JSON = "application/json"
TOML = "application/toml"


async def read_plan(request: Request) -> Plan:
    """The plan in the body, JSON unless the Content-Type says TOML.

    Raises InvalidInput for a document that is no plan, Refused when it is too large or of another type.
    """
    kind = request.headers.get("content-type", JSON).partition(";")[0].strip().lower()
    if kind not in (JSON, TOML):
        raise Refused(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Send a plan as {JSON} or {TOML}, not {kind[:80]!r}."
        )
    body = await _read(request, MAX_DOCUMENT_BYTES)
    return plan_from_toml(_text(body)) if kind == TOML else plan_from_json(body)


async def _read(request: Request, limit: int) -> bytes:
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
    raise Refused(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A plan is {limit / 1e6:.0f} MB at most, its bodies included."
    )


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise InvalidInput.at("", f"the plan is not valid TOML: it is not UTF-8 ({error.reason})") from error
