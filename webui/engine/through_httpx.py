"""HTTP/2 and proxies, through httpx: a transport of its own for each user, with the face of a connection.

Slower than the engine's own protocol by far, and counted in the same books. What differs: a connection is
made inside the request that needs it first, and is part of its time; a body never waits for the server to
ask for it; HTTP/2 is spoken where TLS negotiates it. The bytes are those on the wire, above TLS.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from time import perf_counter_ns as clock
from typing import Any

import httpx

from webui.engine.httpx_failures import UNREACHED, failure_of
from webui.engine.origin import ConnectFailed, Origin
from webui.engine.protocol import _HEAD, Connection, Handler
from webui.engine.response import HEAD_LIMIT, Head, Violation, body_too_large
from webui.engine.template import Template
from webui.plan.model import HttpOptions
from webui.plan.target import parse_url

_COOKIE = b"Cookie: "


@dataclass(slots=True, eq=False)
class HttpxOrigin(Origin):
    """An origin that is reached through httpx, and through `proxy` where there is one."""

    options: HttpOptions = field(kw_only=True)
    proxy: Origin | None = None
    proxy_context: ssl.SSLContext | None = None

    @property
    def dialable(self) -> bool:
        return False

    def connection(self, handler: Handler) -> Connection:
        return HttpxConnection(handler, self)

    async def connect(self, loop: asyncio.AbstractEventLoop, connection: Connection) -> None:
        """Opens what will make its TCP connection with the first request."""
        assert isinstance(connection, HttpxConnection)
        if self.proxy is None:
            if not self.addresses and not self.fresh:
                await self.look_up_once()
        elif (why := self.policy.why_not_proxied(self.target.host, self.target.port)) is not None:
            raise ConnectFailed("connect_error", f"not allowed: {why}")
        connection.open()


@dataclass(frozen=True, slots=True)
class _Answer:
    """One full response."""

    head: Head
    first_ns: int
    end_ns: int
    body: bytearray
    body_size: int


class HttpxConnection(Connection):
    """One user's way to one origin. It stays usable while connections below it come and go."""

    __slots__ = ("_client", "_exchange", "_wire", "connect_ns")

    def __init__(self, handler: Handler, origin: HttpxOrigin) -> None:
        super().__init__(handler)
        self._wire = Wire(self, origin)
        self._client = _Transport(origin, self._wire)
        self._exchange: asyncio.Task[_Answer] | None = None

    def open(self) -> None:
        """Ready for the first request."""
        self.made = self.usable = True
        self.handler.on_ready(self)

    @property
    def received(self) -> int:
        return self._wire.bytes_read

    def send(self, template: Template) -> None:
        self.send_with(template, template.data)

    def send_with(self, template: Template, data: bytes) -> None:
        """`data` is the line of cookies, or nothing: httpx builds the bytes."""
        self._template = template
        self._stage = _HEAD
        self._wire.bytes_read = 0
        self._wire.bytes_written = -len(data)  # its sender has counted them
        request = self._request(template, data)
        self._exchange = asyncio.get_running_loop().create_task(self._ask(request))
        self._exchange.add_done_callback(self._answered)

    def close(self) -> None:
        self.usable = False
        self._reset()
        exchange, self._exchange = self._exchange, None
        self._wire.hang_up()
        _in_background(_close(exchange, self._client))

    def _request(self, template: Template, cookies: bytes) -> httpx.Request:
        outgoing, options = template.request, self._wire.origin.options
        headers = list(outgoing.headers)
        if cookies:
            headers.append(("Cookie", cookies[len(_COOKIE) : -2].decode("latin-1")))
        if not options.keepalive and not options.http2:
            headers.append(("Connection", "close"))
        return httpx.Request(
            outgoing.method,
            outgoing.target.origin + outgoing.target.path,
            headers=[(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers],
            content=_stream(outgoing.body) if outgoing.chunked and outgoing.body else outgoing.body,
            extensions={"timeout": {"connect": options.timeout_s}},
        )

    async def _ask(self, request: httpx.Request) -> _Answer:
        response = await self._client.handle_async_request(request)
        first_ns = clock()
        try:
            self.head = self._head_of(response)
            body, size = await self._read_all(response)
        finally:
            await response.aclose()
        return _Answer(self.head, first_ns, clock(), body, size)

    def _head_of(self, response: httpx.Response) -> Head:
        raw = [
            (name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in response.headers.raw
        ]
        if sum(len(name) + len(value) + 4 for name, value in raw) > HEAD_LIMIT:  # httpx takes more
            raise Violation(f"the head is over {HEAD_LIMIT:,} bytes")
        cookies = tuple(value for name, value in raw if name == "set-cookie")
        if not 200 <= response.status_code < 1000:
            raise Violation(f"not a response to this request: status {response.status_code}")
        kept = cookies if self._wire.origin.options.cookies else ()
        return Head(response.status_code, 0, keep=True, span=-1, fields=dict(reversed(raw)), cookies=kept)

    async def _read_all(self, response: httpx.Response) -> tuple[bytearray, int]:
        """As much of the body as is wanted, and its whole size."""
        template, body, size = self._template, bytearray(), 0
        keep, limit = self._worth_keeping(template.verdicts[self.head.status]), template.heads.body_limit
        assert isinstance(response.stream, httpx.AsyncByteStream)
        async for part in response.stream:
            size += len(part)
            if size > limit:
                raise body_too_large(limit)
            if len(body) < keep:
                body += part[: keep - len(body)]
        return body, size

    def _answered(self, exchange: "asyncio.Task[_Answer]") -> None:
        """In a callback of its own, where what goes wrong in the engine itself is heard of."""
        if exchange is not self._exchange:  # it was given up
            return
        self._exchange = None
        handler, wire, error = self.handler, self._wire, exchange.exception()
        handler.on_body_sent(wire.bytes_written)
        if error is not None:
            kind, detail = failure_of(error)
            self.close()
            self._tell_failure(handler, kind, detail)
            return
        handler.on_reached()
        self._reset()
        answer = exchange.result()
        self.body, self.body_size = answer.body, answer.body_size
        if answer.head.cookies:
            handler.on_cookies(answer.head)
        status = answer.head.status
        verdict = self._template.verdicts[status]
        handler.on_response(status, verdict, answer.first_ns, answer.end_ns, wire.bytes_read)

    def _tell_failure(self, handler: Handler, kind: str, detail: str) -> None:
        wire = self._wire
        if kind in UNREACHED:
            handler.on_unreached(kind, wire.blame(kind, detail), wire.bytes_read)
        else:
            handler.on_reached()
            handler.on_failure(kind, detail, wire.bytes_read)


class Wire:
    """What goes over the TCP connections of one `HttpxConnection`, counted as it goes."""

    def __init__(self, connection: HttpxConnection, origin: HttpxOrigin) -> None:
        self.origin = origin
        self.bytes_read = self.bytes_written = 0
        self._connection = connection
        self._open: set[_Stream] = set()
        self._secure = False  # whether the last connection got as far as TLS
        self._ended = False

    def connected(self, stream: "_Stream", took_ns: int) -> None:
        """A TCP connection was made."""
        if not self._ended:
            self._open.add(stream)
            self._secure = False
            self._connection.connect_ns = took_ns
            self._connection.handler.on_connect(self._connection)

    def secured(self, before: "_Stream", after: "_Stream", took_ns: int) -> None:
        """TLS goes over it now."""
        if before in self._open:
            self._open.remove(before)
            self._open.add(after)
            self._secure = True
            self._connection.handler.on_tls(took_ns)

    def closed(self, stream: "_Stream") -> None:
        """It is gone, or given up."""
        if stream in self._open:
            self._open.remove(stream)
            self._connection.handler.on_close(self._connection)

    def blame(self, kind: str, detail: str) -> str:
        """Why it was not made. With a proxy, all that connects to the target is the TLS inside its tunnel."""
        proxy = self.origin.options.proxy
        if proxy is None:
            return detail
        through = parse_url(proxy)
        if kind == "tls_error" and (through.scheme == "http" or self._secure):
            return detail
        return f"the proxy {through.origin}: {detail}"

    def hang_up(self) -> None:
        """Nothing of it counts any more."""
        self._ended = True
        for stream in tuple(self._open):
            self.closed(stream)


class _Stream:
    """httpcore's stream of bytes, with what goes through it counted."""

    def __init__(self, stream: Any, wire: Wire) -> None:
        self._stream = stream
        self._wire = wire

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data: bytes = await self._stream.read(max_bytes, timeout)
        self._wire.bytes_read += len(data)
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._stream.write(buffer, timeout)
        self._wire.bytes_written += len(buffer)

    async def aclose(self) -> None:
        self._wire.closed(self)
        await self._stream.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> "_Stream":
        began = clock()
        try:
            secured = _Stream(await self._stream.start_tls(ssl_context, server_hostname, timeout), self._wire)
        except BaseException:
            self._wire.closed(self)
            raise
        self._wire.secured(self, secured, clock() - began)
        return secured

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Backend:
    """httpcore's network, with connections counted, and made to addresses that were checked, never to a name:
    the proxy's where there is one, else the target's."""

    def __init__(self, backend: Any, wire: Wire) -> None:
        self._backend = backend
        self._wire = wire

    async def connect_tcp(self, host: str, port: int, *args: Any, **options: Any) -> _Stream:
        began, origin = clock(), self._wire.origin
        reached = origin.proxy or origin
        known = await reached.known()
        if not known:
            raise ConnectFailed(*reached.trouble)
        for address in known[:-1]:
            try:
                return await self._connect(address, port, began, *args, **options)
            except Exception:  # noqa: BLE001, S112  # the last address decides
                continue
        return await self._connect(known[-1], port, began, *args, **options)

    async def _connect(self, host: str, port: int, began: int, *args: Any, **options: Any) -> _Stream:
        stream = _Stream(await self._backend.connect_tcp(host, port, *args, **options), self._wire)
        self._wire.connected(stream, clock() - began)
        return stream

    async def sleep(self, seconds: float) -> None:
        await self._backend.sleep(seconds)


class _Transport(httpx.AsyncHTTPTransport):
    """httpx's transport over a network that counts. httpx passes no network on to httpcore, which takes one:
    so it is put in its place afterwards."""

    def __init__(self, origin: HttpxOrigin, wire: Wire) -> None:
        options = origin.options
        assert origin.context is not None
        proxy = None
        if options.proxy is not None:
            secure = options.proxy.lower().startswith("https:")
            proxy = httpx.Proxy(options.proxy, ssl_context=origin.proxy_context if secure else None)
        super().__init__(
            verify=origin.context,
            trust_env=False,
            http2=options.http2,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=None),
            proxy=proxy,
        )
        pool: Any = self._pool
        pool._network_backend = _Backend(pool._network_backend, wire)


async def _stream(body: bytes) -> AsyncIterator[bytes]:
    yield body


_background: set[asyncio.Task[None]] = set()  # the event loop alone would let go of them


def _in_background(coroutine: Any) -> None:
    task = asyncio.get_running_loop().create_task(coroutine)
    _background.add(task)
    task.add_done_callback(_background.discard)


async def _close(exchange: "asyncio.Task[_Answer] | None", client: httpx.AsyncHTTPTransport) -> None:
    if exchange is not None:
        exchange.cancel()
        await asyncio.wait((exchange,))
    await client.aclose()
