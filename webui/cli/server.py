"""The dashboard's server: its socket, its life from start to Ctrl-C."""

import asyncio
import contextlib
import errno
import ipaddress
import signal
import socket
from collections.abc import Iterator

import uvicorn
import uvloop
from fastapi import FastAPI

from webui.app import create_app
from webui.cli.console import say
from webui.cli.interrupts import interrupts
from webui.errors import AddressInUse, InvalidInput
from webui.lab.server import AnnouncingServer
from webui.settings import Settings

_GRACE_S = 1  # how long open streams and requests have to end


def serve_dashboard(settings: Settings) -> None:
    """Serves until SIGINT or SIGTERM. Raises InvalidInput, AddressInUse and what the app's start raises."""
    check_host(settings.host)
    sock = bind(settings.host, settings.port)
    with contextlib.closing(sock):
        uvloop.run(_serve(create_app(settings), sock))


async def _serve(app: FastAPI, sock: socket.socket) -> None:
    # The lifespan is entered here and not by uvicorn, which would print a traceback where its start fails
    # and hand Ctrl-C on before its end is through.
    config = uvicorn.Config(
        app, lifespan="off", log_level="warning", access_log=False, timeout_graceful_shutdown=_GRACE_S
    )
    server = _Server(config, lambda: _announce(app, sock))
    task = asyncio.current_task()
    assert task is not None
    with interrupts(task.cancel) as handler, contextlib.suppress(asyncio.CancelledError):
        async with app.router.lifespan_context(app):
            handler.on_first = lambda: server.handle_exit(signal.SIGINT, None)
            if not handler.asked:
                await server.serve(sockets=[sock])


class _Server(AnnouncingServer):
    """uvicorn's server with signals left to this command."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _announce(app: FastAPI, sock: socket.socket) -> None:
    host, port = sock.getsockname()[:2]
    say(f"Katydid is ready: http://{f'[{host}]' if ':' in host else host}:{port}")
    practice = getattr(app.state, "practice", None)
    if practice is not None:
        say(f"The practice target is on {practice.url}")
    say("Press Ctrl-C to end.")


def check_host(host: str) -> None:
    """Raises InvalidInput for all but loopback: whoever reaches the dashboard can use it."""
    if host == "localhost":
        return
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise InvalidInput.at(
            "--host",
            f"the dashboard has no login yet, so it listens on this machine only: 127.0.0.1, not {host!r}",
        )


def bind(host: str, port: int) -> socket.socket:
    """A bound socket. Raises AddressInUse, and InvalidInput where there is no such address."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
    except OSError as error:
        sock.close()
        raise _bind_error(host, port, error) from error
    return sock


def _bind_error(host: str, port: int, error: OSError) -> AddressInUse | InvalidInput:
    if error.errno == errno.EADDRINUSE:
        return AddressInUse(f"port {port} is in use; end what uses it or choose another with --port")
    if error.errno == errno.EACCES:
        return InvalidInput.at("--port", f"this user may not listen on port {port}; choose one from 1024 on")
    reason = (error.strerror or str(error)).lower()
    return InvalidInput.at("--host", f"cannot listen on {host}: {reason}")
