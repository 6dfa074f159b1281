"""Views of ended runs, kept while they are asked for: thousands of histograms take long to unpack."""

import asyncio
from collections import OrderedDict
from datetime import datetime
from typing import NamedTuple

from webui.runs.model import RunView
from webui.runs.state import RunStatus
from webui.runs.stored import missing, stored_view
from webui.store import RunRecord, Store

MAX_ROWS = 1500  # of all kept views together, up to 100 kB each; the one asked for last is always kept


class _Kept(NamedTuple):
    record: RunRecord  # what the view was made from, without the result document
    view: RunView


class Shelf:
    """The views last asked for. They never differ from the store: each is held against its record first."""

    def __init__(self, store: Store, max_rows: int = MAX_ROWS) -> None:
        self._store = store
        self._max_rows = max_rows
        self._kept: OrderedDict[str, _Kept] = OrderedDict()  # the one asked for last is last
        self._unpacking = asyncio.Lock()  # one at a time: whoever asks for the same run finds it ready

    async def view(self, run_id: str, now: datetime) -> RunView:
        """The run as it is in the store. Raises NotFound, StoreUnavailable."""
        record = await self._store.get_run(run_id, with_result=False)
        if record is None:
            self._kept.pop(run_id, None)
            raise await missing(self._store, run_id)
        if RunStatus(record.status).live:
            return await stored_view(self._store, run_id, now)
        async with self._unpacking:
            kept = self._kept.get(run_id)
            if kept is None or kept.record != record:
                kept = _Kept(record, await stored_view(self._store, run_id, now))
                self._kept[run_id] = kept
            self._kept.move_to_end(run_id)
            self._clear_out()
        return kept.view

    def _clear_out(self) -> None:
        rows = sum(len(kept.view.snapshots) for kept in self._kept.values())
        while rows > self._max_rows and len(self._kept) > 1:
            _, oldest = self._kept.popitem(last=False)
            rows -= len(oldest.view.snapshots)
