"""A live run of another process on the same database, read as it is written: each row once."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from webui.metrics import codec
from webui.metrics.snapshot import Snapshot, merge_time
from webui.plan.documents import plan_from_data
from webui.plan.model import Plan
from webui.runs.broadcast import Channel, Kind, RunEvent
from webui.runs.changes import RunChange, of_marks
from webui.runs.live import Listener, utc_now
from webui.runs.model import RunView
from webui.runs.state import RunStatus
from webui.runs.stored import assembled, missing, stored_view
from webui.store import RunNotice, RunRecord, Store
from webui.units import NS_PER_S


@dataclass(frozen=True, slots=True)
class _Measured:
    """Rows by position, and what they add up to: `before` is the sum of those before position `last`."""

    rows: Mapping[int, Snapshot]
    last: int = 0
    before: Snapshot | None = None
    total: Snapshot | None = None


_NOTHING = _Measured({})


def _with(known: _Measured, encoded: Sequence[tuple[int, bytes]]) -> _Measured:
    """With further rows, which may replace known ones. Only what is new is decoded and summed up."""
    new = {position: codec.decode(data) for position, data in encoded}
    rows = {**known.rows, **new}
    reusable = min(new) >= known.last
    start, before = (known.last, known.before) if reusable else (0, None)
    last = max(rows)
    complete = [rows[position] for position in sorted(rows) if start <= position < last]
    before = _sum([before, *complete])
    return _Measured(rows, last, before, _sum([before, rows[last]]))


def _sum(parts: Sequence[Snapshot | None]) -> Snapshot | None:
    known = [part for part in parts if part is not None]
    return merge_time(known) if known else None


class FollowedRun:
    """What others see of it, as of a `LiveRun`. For the event loop's thread; `news` is set when there is
    something to read."""

    def __init__(
        self,
        store: Store,
        run_id: str,
        on_event: Listener,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        # fixed
        self.id = run_id
        self.news = asyncio.Event()
        self.channel = Channel()
        self._store = store
        self._on_event = on_event
        self._clock = clock
        self._now = now
        # read
        self._record: RunRecord | None = None
        self._plan: Plan | None = None
        self._measured = _NOTHING
        self._asked: Sequence[RunChange] = ()  # what its owner confirmed, applied or not
        self._fresh_at = 0.0  # when the newest row came or its load began, by this process's clock
        self._ended: RunView | None = None
        # to read
        self._first: int | None = 0
        self._whole = True

    @property
    def ready(self) -> bool:
        """Whether it has been read and had not ended."""
        return self._record is not None

    @property
    def owner(self) -> str:
        """Who runs it. It is ready."""
        assert self._record is not None
        return self._record.owner

    @property
    def status(self) -> RunStatus:
        """Where it stands. It is ready."""
        assert self._record is not None
        return self._ended.status if self._ended is not None else RunStatus(self._record.status)

    @property
    def reason(self) -> str:
        """Why it stands there; may be empty. It is ready."""
        assert self._record is not None
        return self._ended.status_reason if self._ended is not None else self._record.status_reason

    # -- what its owner tells --------------------------------------------------------------------------

    def heard(self, notice: RunNotice) -> None:
        """Something of it was written."""
        if notice.first is not None:
            self._first = notice.first if self._first is None else min(self._first, notice.first)
        self._whole = self._whole or notice.whole
        self.news.set()

    def look_again(self) -> None:
        """Notices may have been missed: everything is read anew."""
        self._first, self._whole = 0, True
        self.news.set()

    def answered(self, state: Mapping[str, Any]) -> None:
        """Takes over what its owner said about it in an answer, which may not be written yet."""
        if self._record is None or self._ended is not None:
            return
        fields = {name: state[name] for name in ("status", "status_reason", "name", "tags", "note")}
        if RunStatus(fields["status"]).live:
            self._record = replace(self._record, **fields)
            self._asked = [RunChange(**change) for change in state["changes"]]
            self._publish("status")

    async def read(self) -> bool:
        """Reads what is new and tells viewers; True when it has ended, and then nothing more comes.

        Raises NotFound, StoreUnavailable, and ValueError for what cannot be read.
        """
        self.news.clear()
        first, whole = self._first, self._whole
        self._first, self._whole = None, False
        try:
            record = await self._store.get_run(self.id, with_result=False)
            if record is None:
                raise await missing(self._store, self.id)
            if not RunStatus(record.status).live:
                return await self._end()
            rows = [] if first is None else await self._store.snapshots_from(self.id, 0 if whole else first)
        except BaseException:
            self.heard(RunNotice(self.id, first, whole))
            raise
        if rows:
            self._measured = await asyncio.to_thread(_with, _NOTHING if whole else self._measured, rows)
        self._take_record(record, bool(rows))
        return False

    async def _end(self) -> bool:
        view = await stored_view(self._store, self.id, self._now())
        if self.ready:
            self._ended = view
            self._publish("finished")
        self.channel.close()
        return True

    def gone(self) -> None:
        """It was deleted, or cannot be read: viewers' streams end."""
        self.channel.close()

    def _take_record(self, record: RunRecord, new_rows: bool) -> None:
        before = self._record
        if before is None or before.plan != record.plan:
            self._plan = plan_from_data(record.plan)
        if new_rows or before is None or before.started_at != record.started_at:
            self._fresh_at = self._clock()
        self._record = record
        shown = ("status", "status_reason", "name", "tags", "note", "started_at")
        same = before is not None and all(getattr(before, name) == getattr(record, name) for name in shown)
        if new_rows or not same:
            self._publish("snapshot" if same else "status")

    # -- what others see -------------------------------------------------------------------------------

    @property
    def _elapsed_s(self) -> float:
        """By this process's clock since the newest row: its owner's clock may be another machine's."""
        assert self._record is not None
        assert self._plan is not None
        total = self._measured.total
        begun = total is not None or not self._plan.warmup_s
        if self._record.started_at is None or not begun:
            return 0.0
        measured_s = total.end_ns / NS_PER_S if total is not None else 0.0
        return measured_s + max(0.0, self._clock() - self._fresh_at)

    def view(self, seq: int | None = None) -> RunView:
        """The run as it stands, as of event `seq`; the newest one without it. It is ready."""
        number = self.channel.seq if seq is None else seq
        if self._ended is not None:
            return replace(self._ended, seq=number)
        assert self._record is not None
        assert self._plan is not None
        rows = self._measured.rows
        snapshots = [rows[position] for position in sorted(rows)]
        view = assembled(
            self._record, self._plan, snapshots, self._measured.total, self._changes, self._elapsed_s
        )
        return replace(view, seq=number)

    @property
    def _changes(self) -> list[RunChange]:
        """What was asked for, with the engines' marks for what has taken effect."""
        total = self._measured.total
        applied = of_marks(total.marks) if total is not None else []
        known = {change.number: change for change in (*self._asked, *applied)}
        return [known[number] for number in sorted(known)]

    def _publish(self, kind: Kind) -> None:
        seq = self.channel.seq + 1
        event = RunEvent(self.id, seq, kind, self.view(seq))
        self.channel.publish(event)
        self._on_event(event)
