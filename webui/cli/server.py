"""The dashboard's server: its life from start to Ctrl-C."""

import asyncio
import contextlib
import gc
import signal
import socket
from collections.abc import Callable, Iterator

import uvicorn
import uvloop
from fastapi import FastAPI

from webui.app import create_app
from webui.cli.console import say
from webui.cli.interrupts import interrupts
from webui.cli.listening import reachable_at
from webui.cli.patience import Patience
from webui.lab.practice import practice_targets
from webui.settings import Settings
from webui.streams import end_all

_GRACE_S = 1  # how long open streams and requests have to end


def serve_dashboard(settings: Settings, sock: socket.socket, token: str | None = None) -> None:
    """Serves on a bound socket until SIGINT or SIGTERM. `token`: a new one, which has to be shown.

    Raises what the app's start raises.
    """
    with contextlib.closing(sock):
        uvloop.run(_serve(create_app(settings), sock, token))


async def _serve(app: FastAPI, sock: socket.socket, token: str | None) -> None:
    # The lifespan is entered here and not by uvicorn, which would print a traceback where its start fails
    # and hand Ctrl-C on before its end is through.
    settings: Settings = app.state.settings
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        http=Patience,
        timeout_graceful_shutdown=_GRACE_S,
        ssl_certfile=settings.tls_cert,
        ssl_keyfile=settings.tls_key,
    )
    server = _Server(config, lambda: _announce(app, sock, token))
    task = asyncio.current_task()
    assert task is not None
    started = False
    with interrupts(task.cancel) as handler, contextlib.suppress(asyncio.CancelledError):
        try:
            async with app.router.lifespan_context(app):
                started = True
                # What is there by now stays: looking through it for garbage held up the pages for 0.1 s.
                gc.freeze()
                handler.on_first = lambda: _leave(app, server)
                if not handler.asked:
                    await server.serve(sockets=[sock])
        except Exception:
            # What falls over where the start is cut short in its midst is no news to who cut it short.
            if started or not handler.asked:
                raise


def _leave(app: FastAPI, server: uvicorn.Server) -> None:
    # The server waits for open streams before the lifespan ends: they have to be told first.
    end_all(app)
    server.handle_exit(signal.SIGINT, None)


class _Server(uvicorn.Server):
    """uvicorn's server that says when it answers, with signals left to this command."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _announce(app: FastAPI, sock: socket.socket, token: str | None) -> None:
    address, port = sock.getsockname()[:2]
    host = reachable_at(address)
    scheme = "https" if app.state.settings.tls_cert else "http"
    way_in = f"/login?token={token}" if token else "/login" if app.state.entrance.access.controlled else ""
    say(f"Katydid is ready: {scheme}://{f'[{host}]' if ':' in host else host}:{port}{way_in}")
    if token:
        say("Who has this link can do everything here, until Katydid is started anew.")
    for practice in practice_targets(app.state.lab):
        say(f"The practice target {practice.name} is on {practice.url}")
    say("Press Ctrl-C to end.")
