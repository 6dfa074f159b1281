"""Counting how often share links are opened, with few writes: at most one a second for each link."""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime

from webui.errors import StoreUnavailable
from webui.store import Store

log = logging.getLogger(__name__)

EVERY_S = 1.0
MOST_LINKS = 1000  # that are remembered; the others' next view is written at once


class ViewCounts:
    """The views that are not written yet, by token. A burst's last ones wait for the next view, or for
    whoever looks at the count; they are lost when the dashboard ends before."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._waiting: dict[str, int] = {}
        self._written: dict[str, float] = {}

    async def seen(self, token: str, store: Store) -> None:
        """Counts one view of an open link. A database that cannot be written costs the count, no more."""
        self._waiting[token] = self._waiting.get(token, 0) + 1
        last = self._written.get(token)
        if last is not None and self._clock() - last < EVERY_S:
            return
        if len(self._written) >= MOST_LINKS:
            self._written.clear()
        self._written[token] = self._clock()
        await self._write(token, store)

    async def written(self, token: str, store: Store) -> None:
        """Writes what is waiting of that link."""
        if self._waiting.get(token):
            await self._write(token, store)

    async def _write(self, token: str, store: Store) -> None:
        count = self._waiting.pop(token, 0)
        try:
            await store.note_view(token, datetime.now(UTC), count)
        except StoreUnavailable as error:
            log.warning("%d views of a link were not counted: %s", count, error)
