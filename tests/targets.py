"""Real local servers for tests: raw asyncio with scripted behaviour, in a thread of their own, that count.

with Target() as target:                       # answers 200 to everything
    ...                                        # target.url, target.requests, target.paths
with Target(respond, tls=True) as target: ...  # `respond` writes what it likes
with Target(on_expect=refuse) as target: ...   # what happens to Expect: 100-continue
"""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import ssl
import threading
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Seen:
    """One request as it came in: the `number`th (from 1) of its connection."""

    method: str
    path: str
    headers: dict[str, str]  # names in lower case
    body: bytes
    number: int


Respond = Callable[[Seen, asyncio.StreamWriter], Awaitable[None]]


OnExpect = Callable[[asyncio.StreamWriter], Awaitable[bool]]


async def go_ahead(writer: asyncio.StreamWriter) -> bool:
    """Asks for the body; True, as it will be read."""
    writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    return True


def reply(body: bytes = b"ok", status: int = 200, headers: str = "") -> bytes:
    """A whole response; `headers` are lines that end with CR LF."""
    return b"HTTP/1.1 %d X\r\n%sContent-Length: %d\r\n\r\n%s" % (status, headers.encode(), len(body), body)


async def ok(seen: Seen, writer: asyncio.StreamWriter) -> None:
    """Answers 200."""
    writer.write(reply())


def always(data: bytes) -> Respond:
    """Answers with these bytes, whatever they are."""

    async def respond(seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(data)

    return respond


def after(seconds: float, respond: Respond = ok) -> Respond:
    """Answers so much later."""

    async def late(seen: Seen, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(seconds)
        await respond(seen, writer)

    return late


class Target:
    """Listens on a free port from `with` on. A `respond` that closes its writer ends the connection."""

    def __init__(
        self,
        respond: Respond = ok,
        *,
        tls: bool | ssl.SSLContext = False,
        host: str = "127.0.0.1",
        backlog: int = 1024,
        on_expect: OnExpect = go_ahead,
    ) -> None:
        self._respond = respond
        self._on_expect = on_expect
        self._tls = tls
        self._host = host
        self._backlog = backlog
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._stop = asyncio.Event()
        self._open: set[asyncio.Task[None]] = set()
        # what it has counted
        self.connections = 0
        self.requests = 0
        self.answered = 0
        self.paths: Counter[str] = Counter()
        self.last: Seen | None = None
        self.port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        assert not self._thread.is_alive()

    @property
    def url(self) -> str:
        """Where it listens, without a slash at the end."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http{'s' if self._tls else ''}://{host}:{self.port}"

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        context = server_context() if self._tls is True else self._tls or None
        server = await asyncio.start_server(
            self._connection, self._host, 0, ssl=context, backlog=self._backlog
        )
        self.port = server.sockets[0].getsockname()[1]
        self._loop.set_exception_handler(lambda loop, context: None)  # clients may break off as they like
        self._ready.set()
        await self._stop.wait()
        server.close()
        for connection in tuple(self._open):
            connection.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            await self._converse(reader, writer)
        finally:
            self._open.discard(task)
            writer.close()
            # TLS waits long for a goodbye from a client that is gone.
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(1):
                    await writer.wait_closed()
            writer.transport.abort()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = 0
        with suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            while not writer.is_closing():
                number += 1
                seen = await self._read(reader, writer, number)
                self._count(seen)
                await self._respond(seen, writer)
                self.answered += 1
                if seen.headers.get("connection") == "close":
                    return

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> Seen:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.split("\r\n")[:-2]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        if headers.get("expect") == "100-continue" and not await self._on_expect(writer):
            body = b""
        elif headers.get("transfer-encoding") == "chunked":
            body = await _read_chunks(reader)
        else:
            body = await reader.readexactly(int(headers.get("content-length", "0")))
        method, path, _ = first.split(" ")
        return Seen(method, path, headers, body, number)

    def _count(self, seen: Seen) -> None:
        self.requests += 1
        self.paths[seen.path] += 1
        self.last = seen


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int(await reader.readuntil(b"\r\n"), 16):
        body += await reader.readexactly(size)
        assert await reader.readexactly(2) == b"\r\n"
    assert await reader.readexactly(2) == b"\r\n"
    return body


@cache
def certificate() -> tuple[bytes, bytes]:
    """A self-signed certificate for localhost and its addresses, and its key; both PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    loopback = [x509.IPAddress(ipaddress.ip_address(address)) for address in ("127.0.0.1", "::1")]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost"), *loopback]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return made.public_bytes(serialization.Encoding.PEM), pem


def server_context() -> ssl.SSLContext:
    """A server's TLS with `certificate`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with TemporaryDirectory() as folder:
        both = Path(folder, "both.pem")
        both.write_bytes(b"".join(certificate()))
        context.load_cert_chain(both)
    return context
