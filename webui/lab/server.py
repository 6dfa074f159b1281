"""Serving the practice targets on loopback with uvicorn, in this process."""

import errno
import os
import socket
import sys
import threading
from collections.abc import Callable, Sequence

import uvicorn

from webui.errors import AddressInUse
from webui.lab.app import create_lab_app
from webui.lab.registry import PracticeTarget

HOST = "127.0.0.1"
_BACKLOG = 4096  # thousands of users may connect within one tick of the event loop


def serve(
    targets: Sequence[PracticeTarget], port: int, on_ready: Callable[[str], None], *, or_any: bool = False
) -> None:
    """Serves until SIGINT or SIGTERM; `on_ready` gets the URL once requests are answered.

    Port 0 is any free port; `or_any` takes a free one where `port` is taken. Raises AddressInUse.
    """
    sock = _bind(port, or_any=or_any)
    url = f"http://{HOST}:{sock.getsockname()[1]}"
    config = uvicorn.Config(
        create_lab_app(targets),
        log_level="warning",
        access_log=False,
        backlog=_BACKLOG,
        timeout_graceful_shutdown=1,
    )
    AnnouncingServer(config, lambda: on_ready(url)).run(sockets=[sock])


class AnnouncingServer(uvicorn.Server):
    """A server that says when it answers."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()


def exit_with_parent() -> None:
    """Ends this process when standard input closes: the parent holds its other end, and a parent that
    was killed holds nothing any more. There is no state here that would need a graceful end."""

    def watch() -> None:
        sys.stdin.buffer.read()
        os._exit(0)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


def _bind(port: int, *, or_any: bool) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        _bind_to(sock, port, or_any=or_any)
    except OSError as error:
        sock.close()
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        raise AddressInUse(f"port {port} is taken or not allowed; choose another with --port") from error
    return sock


def _bind_to(sock: socket.socket, port: int, *, or_any: bool) -> None:
    try:
        sock.bind((HOST, port))
    except OSError:
        if not or_any:
            raise
        sock.bind((HOST, 0))
