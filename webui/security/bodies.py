"""How much of a request's body is taken, and how long it is waited for. Plain ASGI, inside of the guard, so
that whoever may not ask is refused before a byte of the body is read.

A body is counted as it arrives, whatever its Content-Length said. Its time grows with what has come, so that
a slow line may send a large file and nobody holds a connection with a byte now and then.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from time import monotonic

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from webui.plan.documents import MAX_DOCUMENT_BYTES
from webui.units import size

Answer = Callable[[Request, Exception], Awaitable[Response]]

MAX_BYTES = 1_000_000  # of any request but these
_LARGER = (
    (re.compile(r"/api/v1/(?:runs|check)"), MAX_DOCUMENT_BYTES),  # plans
    # The form of a test brings its files along, also one that is too large for a plan: the page says so.
    (re.compile(r"/runs(?:/(?:check|request|stage|checks/[^/]+))?"), 64_000_000),
)
PATIENCE_S = 20.0
SLOWEST_BYTES_S = 16_384  # each of these gives a body a further second


def limit_of(path: str) -> int:
    """The most bytes that a request's body may have at this path."""
    return next((limit for pattern, limit in _LARGER if pattern.fullmatch(path)), MAX_BYTES)


class BodyLimits:
    """Middleware: 413 for a body that is too large, 408 for one that does not come. `answer` makes the
    response to an error."""

    def __init__(self, app: ASGIApp, *, answer: Answer) -> None:
        self._app, self._answer = app, answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets the request through, with a body that keeps to the limits."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Body(receive, send, limit_of(scope["path"]))
        try:
            body.announced(Headers(scope=scope).get("content-length", ""))
            await self._app(scope, body.receive, body.send)
        except Exception:
            if body.refusal is None:
                raise
        if body.refusal is not None and not body.answering:
            response = await self._answer(Request(scope), body.refusal)
            await response(scope, receive, send)


@dataclass(slots=True)
class _Body:
    """One request's body on its way in. Once `refusal` is set nothing that the application still says is
    sent, as it was made of half a request."""

    _receive: Receive
    _send: Send
    _limit: int
    refusal: HTTPException | None = None
    answering: bool = False  # the response has begun
    _whole: bool = False
    _taken: int = 0
    _began: float = field(default_factory=lambda: monotonic())

    def announced(self, length: str) -> None:
        """Raises HTTPException for a Content-Length over the limit."""
        if length.isdecimal() and int(length[:20]) > self._limit:
            raise self._too_large()

    async def receive(self) -> Message:
        """The next part. Raises HTTPException for one too many, or one that is late."""
        if self._whole:
            return await self._receive()
        left_s = self._began + PATIENCE_S + self._taken / SLOWEST_BYTES_S - monotonic()
        if left_s <= 0:
            raise self._too_late()
        try:
            async with asyncio.timeout(left_s):
                message = await self._receive()
        except TimeoutError:
            raise self._too_late() from None
        self._taken += len(message.get("body", b""))
        self._whole = message["type"] != "http.request" or not message.get("more_body", False)
        if self._taken > self._limit:
            raise self._too_large()
        return message

    async def send(self, message: Message) -> None:
        """Passes the response on, unless the request was refused before it began."""
        if self.refusal is not None and not self.answering:
            return
        self.answering = True
        await self._send(message)

    def _too_large(self) -> HTTPException:
        detail = f"What is sent here may have {size(self._limit)} at most."
        return self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)

    def _too_late(self) -> HTTPException:
        detail = f"The rest of the request did not come, or too slowly; {size(self._taken)} were there."
        return self._refuse(HTTPStatus.REQUEST_TIMEOUT, detail, {"Connection": "close"})

    def _refuse(
        self, status: HTTPStatus, detail: str, headers: dict[str, str] | None = None
    ) -> HTTPException:
        # A connection with too much on it is left open: closed at once, its sender might never see the
        # answer. The server throws away what still comes, and closes it soon after.
        self.refusal = HTTPException(status, detail, headers)
        return self.refusal
