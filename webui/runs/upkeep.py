"""What the dashboard does to its store in the background: purges what was deleted long ago, and fills in what
older versions did not keep."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from webui.errors import StoreUnavailable
from webui.plan.identity import key_of_data
from webui.runs.live import utc_now
from webui.runs.stored import KEEP_DELETED
from webui.runs.summary import spark_p95_of
from webui.store import RunRecord, Store

EVERY_S = 600.0
BATCH = 50  # runs at a time, with a pause between: whoever uses the dashboard goes first
PAUSE_S = 0.05

log = logging.getLogger(__name__)


class Upkeep:
    """Runs until it is closed. What it cannot do now it tries again after `EVERY_S`."""

    def __init__(self, store: Store, now: Callable[[], datetime] = utc_now) -> None:
        self._store = store
        self._now = now
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins in the background."""
        self._task = asyncio.ensure_future(self._forever())

    async def close(self) -> None:
        """Ends it; the statement under way is finished by the store."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _forever(self) -> None:
        while True:
            try:
                await self.once()
            except StoreUnavailable as error:
                log.warning("Nothing is tidied up for now: %s", error)
            except Exception:  # such as a run that cannot be read: what was deleted goes all the same
                log.exception("Not everything could be tidied up")
            await asyncio.sleep(EVERY_S)

    async def once(self) -> None:
        """Everything that there is to do now. Raises StoreUnavailable."""
        purged = 1
        while purged:
            purged = await self._store.purge(self._now() - KEEP_DELETED)
            await asyncio.sleep(PAUSE_S)
        while found := await self._store.without_plan_key(BATCH):
            await self._store.fill_in(await asyncio.to_thread(_all_filled_in, found))
            await asyncio.sleep(PAUSE_S)


def _all_filled_in(found: list[RunRecord]) -> list[tuple[str, dict[str, Any]]]:
    return [(record.id, filled_in(record)) for record in found]


def filled_in(record: RunRecord) -> dict[str, Any]:
    """The fields that the first version did not keep, from plan and result. Pure."""
    result = record.result or {}
    times: Mapping[str, Any] = result.get("response_time_ms") or {}
    return {
        "plan_key": key_of_data(record.plan),
        "p50_ms": times.get("p50"),
        "p99_ms": times.get("p99"),
        "spark_p95": spark_p95_of(row.get("p95_ms") for row in result.get("snapshots") or ()),
        "pattern": (result.get("diagnosis") or {}).get("pattern"),
    }
