"""Fixtures of the tests that run everything for real."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.runs.real import Harness
from tests.runs.target import Target, target
from webui.fleet import Fleet
from webui.runs.manager import RunManager
from webui.settings import Settings
from webui.store import Store


@pytest.fixture
async def h(tmp_path: Path) -> AsyncIterator[Harness]:
    store = await Store.open(f"sqlite:///{tmp_path}/katydid.db")
    fleet = await Fleet.start()
    manager = RunManager(store, fleet, Settings())
    await manager.start()
    yield Harness(store, fleet, manager)
    await manager.close()
    await fleet.close()
    await store.close()


@pytest.fixture
async def server() -> AsyncIterator[Target]:
    async with target() as counted:
        yield counted
