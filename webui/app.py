"""The web application: wires store, fleet, runs and routers together."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware

from webui import __version__, api, pages, streams
from webui.api.head import Head
from webui.experiments import ExperimentManager
from webui.fleet import Fleet
from webui.lab.manager import LabManager
from webui.lab.practice import start_practice_targets
from webui.observability import OtlpExport, Watch
from webui.runs.manager import RunManager
from webui.runs.upkeep import Upkeep
from webui.security.bodies import BodyLimits
from webui.security.entrance import Entrance
from webui.security.gate import Gate
from webui.security.guard import Guard
from webui.settings import Settings, without_tokens
from webui.store import Store

_DESCRIPTION = "Load testing you open in a browser: start runs, watch them live, read and share results."


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application for these settings. Nothing runs before its lifespan starts.

    Raises InvalidInput where others could reach it and nothing guards it, see `webui.security.access`.
    """
    settings = settings or Settings()
    app = FastAPI(
        title="Katydid",
        version=__version__,
        description=_DESCRIPTION,
        lifespan=_lifespan,
        docs_url=None,  # these load scripts from elsewhere
        redoc_url=None,
    )
    host_name = socket.gethostname()
    entrance = Entrance.of(settings, (host_name, f"{host_name}.local"))
    app.state.entrance, app.state.settings = entrance, without_tokens(settings)
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=4)  # leaves event streams alone
    app.add_middleware(Head)
    app.add_middleware(pages.busy.Busy)
    app.add_middleware(BodyLimits, answer=api.problems.answer)
    app.add_middleware(Guard, entrance=entrance, answer=api.problems.answer)  # the outermost
    api.install(app)
    pages.install(app)
    streams.install(app)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Store first: without it nothing starts. Closing goes the other way round."""
    settings: Settings = app.state.settings
    async with AsyncExitStack() as stack:
        store = await Store.open(settings.store_url)
        stack.push_async_callback(store.close)
        fleet, lab = await _start_processes(stack, settings)
        gate = _gate(settings, lab)
        manager = RunManager(store, fleet, settings, gate=gate, silent_s=settings.owner_silent_s)
        await manager.start()
        stack.push_async_callback(manager.close)
        app.state.watch = await _observe(stack, Watch(manager, store, settings), settings)
        upkeep = Upkeep(store)
        upkeep.start()
        stack.push_async_callback(upkeep.close)
        experiments = ExperimentManager(store, manager, lab)
        stack.push_async_callback(experiments.close)
        app.state.store, app.state.manager, app.state.lab = store, manager, lab
        app.state.experiments = experiments
        yield


async def _observe(stack: AsyncExitStack, watch: Watch, settings: Settings) -> Watch:
    """Metrics of all runs, sent to a collector where there is one. Raises InvalidInput for its address."""
    await stack.enter_async_context(watch)
    if settings.otlp_endpoint is not None:
        export = OtlpExport(watch, settings.otlp_endpoint, settings.otlp_interval)
        export.start()
        stack.push_async_callback(export.close)
    return watch


def _gate(settings: Settings, lab: LabManager) -> Gate:
    return Gate.of(settings, lambda: frozenset(each.port for each in lab.running()))


async def _start_processes(stack: AsyncExitStack, settings: Settings) -> tuple[Fleet, LabManager]:
    """Engines and practice targets, started side by side; each is closed even if the other fails."""
    lab = LabManager()
    stack.push_async_callback(lab.close)

    async def start_fleet() -> Fleet:
        fleet = await Fleet.start()
        stack.push_async_callback(fleet.close)
        return fleet

    try:
        async with asyncio.TaskGroup() as group:
            fleet = group.create_task(start_fleet())
            group.create_task(start_practice_targets(lab, settings))
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return fleet.result(), lab
