"""Answers that do not change any more, with their ETags."""

from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import Header, Response
from pydantic import BaseModel

from webui.api.openapi import problems
from webui.exports.tags import etag, matches

IfNoneMatch = Annotated[
    str | None, Header(description="The `ETag` of an answer that the client has.", max_length=1000)
]
_DESCRIBED: Final = {"ETag": {"description": "Of what has ended.", "schema": {"type": "string"}}}


def with_etag(*statuses: int, ok: dict[str, Any] | None = None) -> dict[int | str, dict[str, Any]]:
    """The responses of an operation that gives what has ended an ETag, for `responses`: those, `ok`, and the
    problems of these statuses."""
    return {
        200: {**(ok or {}), "headers": _DESCRIBED},
        304: {"description": "The client has this already."},
        **problems(*statuses),
    }


def finished(document: BaseModel, if_none_match: str | None) -> Response:
    """The answer with a document that stays as it is, or that the client has it already. Takes a while for a
    large one."""
    body = document.model_dump_json(by_alias=True).encode()
    return tagged(Response(body, media_type="application/json"), if_none_match)


def answered(document: BaseModel, if_none_match: str | None, *, live: bool) -> Response:
    """The same, of what has ended alone; what is `live` has no tag."""
    if live:
        return Response(document.model_dump_json(by_alias=True), media_type="application/json")
    return finished(document, if_none_match)


def tagged(response: Response, if_none_match: str | None) -> Response:
    """The response with its ETag, or that the client has it already."""
    tag = etag(bytes(response.body))
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if matches(tag, if_none_match):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    response.headers.update(headers)
    return response
