"""The real application behind a real socket, with runs that end at once and send no load."""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from tests.api.fake_lab import FakeLab
from tests.api.fakes import FakeFleet
from webui.app import create_app
from webui.experiments import ExperimentManager
from webui.observability import Watch
from webui.runs.manager import RunManager
from webui.settings import Settings
from webui.store import Store


def application(folder: Path) -> FastAPI:
    """The real application, but its runs end at once without any load."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.store = await Store.open(app.state.settings.store_url)
        app.state.manager = RunManager(app.state.store, FakeFleet(quick=True), app.state.settings)  # type: ignore[arg-type]
        await app.state.manager.start()
        app.state.lab = FakeLab()
        app.state.experiments = ExperimentManager(app.state.store, app.state.manager, app.state.lab)
        async with Watch(app.state.manager, app.state.store, app.state.settings) as app.state.watch:
            yield
        await app.state.experiments.close()
        await app.state.lab.close()
        await app.state.manager.close()
        await app.state.store.close()

    app = create_app(Settings(data_dir=folder, practice_target=False))
    app.router.lifespan_context = lifespan
    return app


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serves it with its data in `folder`; gives its address."""
    config = uvicorn.Config(application(folder), host="127.0.0.1", port=0, log_level="error")
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run)
    thread.start()
    while not running.started:
        assert thread.is_alive()
        time.sleep(0.01)
    yield f"http://127.0.0.1:{running.servers[0].sockets[0].getsockname()[1]}"
    running.should_exit = True
    thread.join()
