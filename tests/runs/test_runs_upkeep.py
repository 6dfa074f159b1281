"""The work in the background, which one run that cannot be read does not end."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any, cast

import pytest

from webui.runs import upkeep
from webui.runs.upkeep import Upkeep
from webui.store import Store

pytestmark = pytest.mark.anyio


class _Damaged:
    """A store with a run that cannot be read."""

    def __init__(self) -> None:
        self.purges = 0
        self.twice = asyncio.Event()

    async def purge(self, before: datetime) -> int:
        self.purges += 1
        if self.purges == 2:
            self.twice.set()
        return 0

    async def without_plan_key(self, limit: int) -> Any:
        raise ValueError("damaged")


async def test_a_run_that_cannot_be_read_keeps_nothing_from_being_purged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(upkeep, "EVERY_S", 0.0)
    monkeypatch.setattr(upkeep, "PAUSE_S", 0.0)
    store = _Damaged()
    work = Upkeep(cast(Store, store))
    work.start()
    async with asyncio.timeout(5):
        await store.twice.wait()
    await work.close()
    assert "Not everything could be tidied up" in caplog.text
