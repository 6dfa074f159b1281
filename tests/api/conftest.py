"""The application with a real store and a real run manager, and a fleet that sends no load."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from tests.api.fake_lab import FakeLab
from tests.api.fakes import FakeFleet, FakeLaunch
from tests.databases import put_database
from webui.app import create_app
from webui.experiments import ExperimentManager
from webui.runs.manager import RunManager
from webui.settings import Settings
from webui.store import Store

PLAN = {
    "base_url": "http://127.0.0.1:9",
    "name": "Items",
    "tags": ["nightly"],
    "requests": [{"path": "/items"}],
    "load": {"shape": "constant-users", "users": 2, "duration_s": 60},
    "thresholds": ["p95<200ms"],
}


@dataclass
class Service:
    """The application, a client of it, and what stands behind it."""

    app: FastAPI
    client: httpx.AsyncClient
    fleet: FakeFleet
    store: Store
    manager: RunManager
    lab: FakeLab

    async def start(self, **changes: Any) -> str:
        """The id of a new run of PLAN."""
        response = await self.client.post("/api/v1/runs", json={**PLAN, **changes})
        assert response.status_code == 201, response.text
        run_id: str = response.json()["id"]
        return run_id

    async def started(self, **changes: Any) -> FakeLaunch:
        """A new run, when its engines have been started."""
        run_id = await self.start(**changes)
        live = self.manager.get_live(run_id)
        assert live is not None
        if run_id not in self.fleet.launches:
            async with live.channel.subscribe() as events:
                async for _ in events:
                    if run_id in self.fleet.launches:
                        break
        return self.fleet.launches[run_id]

    async def ended(self, launch: FakeLaunch, seconds: int = 3) -> str:
        """The id of a run, when it has reported so many seconds and has ended."""
        live = self.manager.get_live(launch.run_id)
        assert live is not None
        async with live.channel.subscribe() as events:
            for _ in range(seconds):
                launch.second_passes()
            launch.finish()
            async for _ in events:
                pass
        return launch.run_id


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[Service]:
    """The application with these settings."""
    app = create_app(settings)
    fleet = FakeFleet()
    store = await Store.open(settings.store_url)
    manager = RunManager(store, fleet, settings)  # type: ignore[arg-type]
    await manager.start()
    lab = FakeLab()
    app.state.store, app.state.manager, app.state.lab = store, manager, lab
    experiments = app.state.experiments = ExperimentManager(store, manager, lab)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8090") as client:
        yield Service(app, client, fleet, store, manager, lab)
    await experiments.close()
    await lab.close()
    await manager.close()
    await store.close()


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    """One at a time runs, two may wait."""
    settings = Settings(data_dir=tmp_path, max_running=1, max_queued=2, practice_target=False)
    put_database(tmp_path / "katydid.db")
    async with serving(settings) as started:
        yield started
