"""The application's outermost layer: nobody gets past it unasked, no response leaves without its headers.

Plain ASGI, so that event streams pass through as they are. A stream ends when its session does.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from urllib.parse import quote

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from webui.errors import KatydidError, LoginNeeded
from webui.security.entrance import NOBODY, Caller, Entrance, current_caller
from webui.security.headers import secure
from webui.security.origin import parts_of

Answer = Callable[[Request, Exception], Awaitable[Response]]

_LOOK_EVERY_S = 5.0  # how soon a stream ends after its session


class Guard:
    """Middleware. `answer` makes the response to an error; `entrance` decides who is let in."""

    def __init__(self, app: ASGIApp, *, entrance: Entrance, answer: Answer) -> None:
        self._app, self._entrance, self._answer = app, entrance, answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets the request through, or answers it."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":  # there are none
            await send({"type": "websocket.close", "code": 1008})
        else:
            await self._app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        exchange = _Exchange(send)
        try:
            caller = self._entrance.admit(request.method, scope["path"], request)
        except (KatydidError, HTTPException) as refusal:
            with _asked_by(NOBODY if isinstance(refusal, LoginNeeded) else self._entrance.by_cookie(request)):
                response = await self._refused(request, refusal)
                await response(scope, receive, exchange.send)
            return
        scope.setdefault("state", {})["role"] = caller.role
        with _asked_by(caller):
            await self._let_in(request, self._until_session_ends(caller, request, receive), exchange)

    async def _let_in(self, request: Request, receive: Receive, exchange: "_Exchange") -> None:
        try:
            await self._app(request.scope, receive, exchange.send)
        except Exception as error:
            # Starlette would answer outside of this layer, without the headers. It still logs the fault.
            if not exchange.started:
                response = await self._answer(request, error)
                await response(request.scope, receive, exchange.send)
            raise
        await exchange.close()

    async def _refused(self, request: Request, refusal: KatydidError | HTTPException) -> Response:
        """To the login for who opens a page; else the error, with the way there for htmx."""
        if not isinstance(refusal, LoginNeeded):
            return await self._answer(request, refusal)
        if request.method in ("GET", "HEAD") and _opens_page(request):
            return RedirectResponse(_login(request.url.path, request.url.query), 303)
        response = await self._answer(request, refusal)
        if "hx-request" in request.headers:
            shown = parts_of(request.headers.get("hx-current-url", ""))
            response.headers["HX-Redirect"] = _login(shown.path or "/", shown.query)
        return response

    def _until_session_ends(self, caller: Caller, request: Request, receive: Receive) -> Receive:
        """`receive` that tells of a disconnection when the session is over, which ends streams in order."""
        session = caller.session
        if session is None or request.method != "GET":
            return receive

        async def receiving() -> Message:
            while self._entrance.sessions.lasts(session):
                try:
                    async with asyncio.timeout(_LOOK_EVERY_S):
                        return await receive()
                except TimeoutError:
                    continue
            return {"type": "http.disconnect"}

        return receiving


class _Exchange:
    """One response on its way out: adds the headers, and knows how far it is."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.started = self._ended = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            secure(MutableHeaders(scope=message))
        elif message["type"] == "http.response.body":
            self._ended = not message.get("more_body", False)
        await self._send(message)

    async def close(self) -> None:
        """Ends a response that was broken off, as a stream whose session is over."""
        if self.started and not self._ended:
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})


@contextmanager
def _asked_by(caller: Caller) -> Iterator[None]:
    """Makes `caller` the current one, for templates."""
    token = current_caller.set(caller)
    try:
        yield
    finally:
        current_caller.reset(token)


def _opens_page(request: Request) -> bool:
    """Whether a browser navigates there, as told by what it wants to have."""
    wants_html = "text/html" in request.headers.get("accept", "")
    return wants_html and "hx-request" not in request.headers and not request.url.path.startswith("/api/")


def _login(path: str, query: str) -> str:
    wanted = f"{path}?{query}" if query else path
    return "/login" if wanted == "/" else f"/login?next={quote(wanted, safe='')}"
