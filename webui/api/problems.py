"""Errors as responses: RFC 9457 problem documents for the API, and a hook for pages of their own.

Everything that goes wrong in the application ends here: Katydid's own errors, requests that FastAPI
refuses, addresses that there are not, and faults. `describe` turns each into a `ProblemDetails`; under
`/api/` that is the response. Elsewhere `app.state.error_page`, where it is set, renders a page from it.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.routing import Match

from webui import errors

MEDIA_TYPE = "application/problem+json"
ErrorPage = Callable[[Request, "ProblemDetails"], Awaitable[Response]]

_log = logging.getLogger(__name__)


class FieldProblem(BaseModel):
    """One thing that is wrong with what was sent."""

    field: Annotated[
        str, Field(description="Dotted path such as load.users; empty: the whole.", examples=["load.users"])
    ]
    message: Annotated[str, Field(description="What would be right.", examples=["must be 1 or more, not 0"])]


class ProblemDetails(BaseModel):
    """What went wrong (RFC 9457). `errors` has an entry for each field that is wrong."""

    model_config = ConfigDict(frozen=True)

    type: Annotated[
        str, Field(description="Names the kind of problem; it never changes.", examples=["about:blank"])
    ] = "about:blank"
    title: Annotated[str, Field(description="The kind of problem in words.")]
    status: Annotated[int, Field(description="The HTTP status of the response.", ge=400, le=599)]
    detail: Annotated[str, Field(description="A sentence about this occurrence.")]
    errors: tuple[FieldProblem, ...] = ()


class Refused(Exception):
    """A request that cannot be taken, for a reason of HTTP's own: too large, of the wrong type."""

    def __init__(self, status: HTTPStatus, detail: str) -> None:
        self.status = status
        super().__init__(detail)


# Katydid's error -> (status, kind)
_KINDS: Mapping[type[errors.KatydidError], tuple[int, str]] = {
    errors.InvalidInput: (422, "invalid-input"),
    errors.TargetRefused: (403, "target-refused"),
    errors.Unconfirmed: (422, "unconfirmed"),
    errors.NotFound: (404, "not-found"),
    errors.Forbidden: (403, "forbidden"),
    errors.LoginNeeded: (401, "login-needed"),
    errors.TooManyAttempts: (429, "too-many-attempts"),
    errors.Conflict: (409, "conflict"),
    errors.QueueFull: (429, "queue-full"),
    errors.OwnerSilent: (503, "owner-silent"),
    errors.StoreUnavailable: (503, "store-unavailable"),
    errors.GeneratorFailed: (503, "generator-failed"),
    errors.AddressInUse: (409, "address-in-use"),
    errors.TargetFailed: (503, "target-failed"),
}
_TITLES = {
    "invalid-input": "The request is not valid",
    "target-refused": "The target is not allowed",
    "unconfirmed": "A confirmation is missing",
    "not-found": "Not found",
    "forbidden": "Not allowed",
    "login-needed": "Log in first",
    "too-many-attempts": "Too many wrong tokens",
    "conflict": "Not possible in the present state",
    "queue-full": "Too many tests are waiting",
    "owner-silent": "The test's own dashboard does not answer",
    "store-unavailable": "The database is not available",
    "generator-failed": "The load generator failed",
    "address-in-use": "The port is in use",
    "target-failed": "The practice target did not start",
}
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_UNREADABLE = "There was an error parsing the body"  # FastAPI's, with status 400
_RETRY_AFTER_S = {"queue-full": "10", "store-unavailable": "5", "owner-silent": "2", "generator-failed": "5"}


def install(app: FastAPI) -> None:
    """Makes every error of `app` a problem response, or a page where one is wanted."""
    for kind in (errors.KatydidError, Refused, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, answer)


def describe(error: Exception) -> ProblemDetails:
    """What to tell about an error. The text of an unforeseen one is for the log and not shown."""
    if isinstance(error, errors.InvalidInput):
        found = tuple(FieldProblem(field=item.field, message=item.message) for item in error.problems)
        return _of_kind(error, found)
    if isinstance(error, errors.KatydidError):
        return _of_kind(error)
    if isinstance(error, RequestValidationError):
        return describe(errors.InvalidInput([_problem(item) for item in error.errors()]))
    if isinstance(error, Refused):
        return _plain(error.status, str(error))
    if isinstance(error, HTTPException) and error.detail == _UNREADABLE:
        return describe(errors.InvalidInput.at("", "the body is not valid JSON in UTF-8"))
    if isinstance(error, HTTPException):
        return _plain(error.status_code, _detail(error))
    return _plain(500, "Katydid made a mistake; its log says more.")


def respond(problem: ProblemDetails, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """The problem as the API's response."""
    content = problem.model_dump(mode="json", exclude={"errors"} if not problem.errors else None)
    return JSONResponse(content, problem.status, {**(headers or {})}, MEDIA_TYPE)


async def answer(request: Request, error: Exception) -> Response:
    """The response to an error: a problem document, or the page for it."""
    if isinstance(error, HTTPException) and error.status_code == 405:
        # The router knows of one route here; there may be others, with other methods.
        error = HTTPException(405, headers={**(error.headers or {}), "Allow": _allowed(request)})
    problem = describe(error)
    if isinstance(error, errors.KatydidError) and problem.status >= 500:
        # Unforeseen errors go on to the server, which logs them with their traceback.
        _log.warning("%s %s: %s", request.method, request.url.path, problem.detail)
    page: ErrorPage | None = getattr(request.app.state, "error_page", None)
    if page is None or request.url.path.startswith("/api/"):
        return respond(problem, _headers(error, problem))
    response = await page(request, problem)
    response.headers.update(_headers(error, problem))
    return response


def _headers(error: Exception, problem: ProblemDetails) -> dict[str, str]:
    given = error.headers if isinstance(error, HTTPException) and error.headers else {}
    wait = _RETRY_AFTER_S.get(problem.type.rpartition(":")[2])
    if isinstance(error, errors.TooManyAttempts):
        wait = str(error.wait_s)
    elif problem.status == 401:
        return {**given, "WWW-Authenticate": "Bearer"}
    return {**given, **({"Retry-After": wait} if wait else {})}


def _allowed(request: Request) -> str:
    """The methods that this address answers, as the header Allow lists them."""
    routes = request.app.routes
    tried = ((method, {**request.scope, "method": method}) for method in _METHODS)
    answered = {method for method, scope in tried if any(r.matches(scope)[0] is Match.FULL for r in routes)}
    return ", ".join(
        method for method in _METHODS if method in answered or (method == "HEAD" and "GET" in answered)
    )


def _of_kind(error: errors.KatydidError, found: tuple[FieldProblem, ...] = ()) -> ProblemDetails:
    status, kind = next((_KINDS[c] for c in type(error).__mro__ if c in _KINDS), (500, ""))
    if not kind:
        return _plain(status, str(error))
    detail = str(error)
    return ProblemDetails(
        type=f"urn:katydid:problem:{kind}", title=_TITLES[kind], status=status, detail=detail, errors=found
    )


def _plain(status: int, detail: str) -> ProblemDetails:
    return ProblemDetails(title=HTTPStatus(status).phrase, status=status, detail=detail)


def _detail(error: HTTPException) -> str:
    if error.status_code == 404 and error.detail == "Not Found":
        return "There is nothing at this address."
    if error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "another method")
        return f"This address answers {allowed} only."
    return str(error.detail)


def _problem(found: Mapping[str, Any]) -> errors.Problem:
    place: Sequence[str | int] = found.get("loc", ())
    # FastAPI puts "query", "path" or "body" before the name, which the sender knows.
    field = ".".join(str(part) for part in place[1:] or place)
    message = str(found.get("msg", "is not valid"))
    return errors.Problem(field, message[:1].lower() + message[1:])
