"""The dashboard's server: its life from start to Ctrl-C."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Iterator

import uvicorn
import uvloop
from fastapi import FastAPI

from webui.app import create_app
from webui.cli.console import say
from webui.cli.interrupts import interrupts
from webui.lab.server import AnnouncingServer
from webui.settings import Settings
from webui.streams import end_all

_GRACE_S = 1  # how long open streams and requests have to end


def serve_dashboard(settings: Settings, sock: socket.socket) -> None:
    """Serves on a bound socket until SIGINT or SIGTERM. Raises what the app's start raises."""
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
            handler.on_first = lambda: _leave(app, server)
            if not handler.asked:
                await server.serve(sockets=[sock])


def _leave(app: FastAPI, server: uvicorn.Server) -> None:
    # The server waits for open streams before the lifespan ends: they have to be told first.
    end_all(app)
    server.handle_exit(signal.SIGINT, None)


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
