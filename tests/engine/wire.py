"""A connection without a network: a fake transport to feed bytes into, and a handler that notes down."""

from __future__ import annotations

import asyncio
from typing import Any

from webui.engine.protocol import Connection, Handler
from webui.engine.template import Template, prepare
from webui.plan.documents import plan_from_data


class FakeTransport(asyncio.Transport):
    """Takes what is written; like a real one it reports the loss of the connection once, later."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.unsent = 0
        self.aborted = False

    def write(self, data: Any) -> None:
        self.written += bytes(data)

    def abort(self) -> None:
        self.aborted = True

    def close(self) -> None:
        self.aborted = True

    def is_closing(self) -> bool:
        return self.aborted

    def get_write_buffer_size(self) -> int:
        return self.unsent


class Notes(Handler):
    """Everything that a connection reported: outcomes, and events by name."""

    def __init__(self) -> None:
        self.outcomes: list[tuple[Any, ...]] = []
        self.events: list[str] = []
        self.detail = ""

    def on_connect(self, connection: Connection) -> None:
        self.events.append("connect")

    def on_open(self, connection: Connection) -> None:
        self.events.append("open")

    def on_open_failed(self, connection: Connection, kind: str, detail: str) -> None:
        self.events.append(kind)

    def on_close(self, connection: Connection) -> None:
        self.events.append("close")

    def on_body_sent(self, size: int) -> None:
        self.events.append(f"{size} more sent")

    def on_response(self, status: int, kind: str | None, first_ns: int, end_ns: int, size: int) -> None:
        assert first_ns <= end_ns
        self.outcomes.append((status, kind, size))

    def on_failure(self, kind: str, detail: str, size: int) -> None:
        self.outcomes.append((kind, size))
        self.detail = detail


def template(method: str = "GET", **request: Any) -> Template:
    """The template of one request."""
    plan = plan_from_data(
        {
            "base_url": "http://target.test",
            "requests": [{"method": method, "path": "/", **request}],
            "load": {"shape": "constant-users", "users": 1, "duration_s": 1},
        }
    )
    return prepare(plan)[0][0]


class Wire:
    """An open connection with one request under way; `feed` gives it a piece of the response."""

    def __init__(self, method: str = "GET", **request: Any) -> None:
        self.notes = Notes()
        self.transport = FakeTransport()
        self.connection = Connection(self.notes)
        self.connection.connection_made(self.transport)
        self.template = template(method, **request)
        self._send()

    def _send(self) -> None:
        if self.template.held:
            self.connection.send_with(self.template, self.template.data)
        else:
            self.connection.send(self.template)

    @property
    def outcomes(self) -> list[tuple[Any, ...]]:
        return self.notes.outcomes

    def again(self) -> None:
        """Sends the request once more."""
        assert self.connection.usable
        self._send()

    def feed(self, *pieces: bytes) -> None:
        """Pieces as they come; nothing comes after the transport was closed."""
        for piece in pieces:
            if not self.transport.aborted:
                self.connection.data_received(piece)

    def end(self, error: Exception | None = None) -> None:
        """The other side closes, or resets."""
        if error is None and not self.transport.aborted:
            self.connection.eof_received()
        self.connection.connection_lost(error)
