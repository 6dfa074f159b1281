"""Keeps an eye on the runs of this dashboard, so that metrics can be read at any moment.

A scrape takes pictures of the live runs, which costs the event loop next to nothing; the rest is done in a
thread. The metrics of a run that has ended are worked out once, when it ends.
"""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Self

from webui import __version__
from webui.errors import StoreUnavailable
from webui.observability.model import Family, Kind, Metric, Readings, Samples, Value
from webui.observability.of_runs import RUN_METRICS, readings_of
from webui.runs.broadcast import Channel, RunEvent, Subscription
from webui.runs.manager import RunManager
from webui.runs.model import RunView
from webui.runs.state import RunStatus
from webui.settings import Settings
from webui.store import Store

MAX_LIVE: Final = 8  # running ones first, in the order of their start; the rest are only counted
MAX_ENDED: Final = 4  # those that ended last
STORE_ANSWERS_WITHIN_S: Final = 1.0

_LIVE: Final = tuple(status.value for status in RunStatus if status.live)
_ENDED: Final = tuple(status.value for status in RunStatus if not status.live)
_C, _G = Kind.COUNTER, Kind.GAUGE

OWN_METRICS: Final = (
    Metric("build", Kind.INFO, "The version of this dashboard."),
    Metric("runs", _G, "Live runs of this dashboard by status.", ("status",)),
    Metric("runs_ended", _C, "Runs that have ended since the dashboard's start, by status.", ("status",)),
    Metric("runs_running_limit", _G, "As many run at a time; further ones wait."),
    Metric("runs_queued_limit", _G, "As many may wait; further ones are refused."),
    Metric("runs_unsaved", _G, "Runs of which something is not in the database yet, as it does not take it."),
    Metric("runs_left_off", _G, "Live runs that have no metrics of their own here, as there are too many."),
    Metric("store_up", _G, "1 when the database answers, 0 when not."),
)
ALL_METRICS: Final = (*OWN_METRICS, *(each.metric for each in RUN_METRICS))


class _Ends(Subscription):
    """Hears of every run's end, at once and without a queue that could overflow."""

    def __init__(self, channel: Channel, watch: "Watch") -> None:
        super().__init__(channel, None)
        self._watch = watch

    def push(self, event: RunEvent) -> None:
        if event.kind == "finished":
            self._watch.ended(event.view)


@dataclass(frozen=True, slots=True)
class Picture:
    """All that the metrics of one moment are made from."""

    own: Readings
    live: Sequence[RunView]
    ended: Sequence[Readings]
    kept: dict[str, tuple[int, Readings]]  # of live runs, by their ids: as of which event, and what was read

    def families(self) -> list[Family]:
        """Every metric with its samples; for a thread."""
        runs = [*map(self._of, self.live), *self.ended]
        own = [family_of(metric, [self.own]) for metric in OWN_METRICS]
        return own + [family_of(each.metric, runs) for each in RUN_METRICS]

    def _of(self, view: RunView) -> Readings:
        """Read once for each of the run's events, however often somebody asks."""
        seq, readings = self.kept.get(view.id, (None, {}))
        if seq != view.seq:
            readings = readings_of(view)
            self.kept[view.id] = view.seq, readings
        return readings


def family_of(metric: Metric, readings: Sequence[Readings]) -> Family:
    """The metric with the samples that these have of it."""
    return Family(metric, [each[metric.name] for each in readings if metric.name in each])


class Watch:
    """One for a dashboard; for the event loop's thread. `async with` it while runs may run."""

    def __init__(self, manager: RunManager, store: Store, settings: Settings) -> None:
        # fixed
        self.started_ns = time.time_ns()
        self._manager = manager
        self._store = store
        self._settings = settings
        self._ends = _Ends(manager.channel, self)
        # state
        self._ended: deque[Readings] = deque(maxlen=MAX_ENDED)
        self._kept: dict[str, tuple[int, Readings]] = {}
        self._ended_counts: Counter[str] = Counter(dict.fromkeys(_ENDED, 0))
        self._checking: asyncio.Task[bool] | None = None
        self._working: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self._ends.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._ends.__aexit__(None, None, None)
        for task in self._working:
            task.cancel()

    def ended(self, view: RunView) -> None:
        """A run has ended."""
        self._ended_counts[view.status.value] += 1
        task = asyncio.ensure_future(self._keep(view))
        self._working.add(task)
        task.add_done_callback(self._working.discard)

    async def _keep(self, view: RunView) -> None:
        # Readings and not the view: a long run's rows take much memory.
        self._ended.append(await asyncio.to_thread(readings_of, view))

    async def picture(self) -> Picture:
        """The present state."""
        views = self._manager.live_runs()
        store_up = await self._store_up()
        shown = views[:MAX_LIVE]
        ids = {view.id for view in shown}
        self._kept = {run_id: read for run_id, read in self._kept.items() if run_id in ids}
        return Picture(self._own(views, store_up), shown, tuple(self._ended), self._kept)

    def _own(self, views: Sequence[RunView], store_up: bool) -> Readings:
        by_status = Counter({**dict.fromkeys(_LIVE, 0), **Counter(view.status.value for view in views)})
        plain: dict[str, Value] = {
            "build": {"version": __version__},
            "runs_running_limit": self._settings.max_running,
            "runs_queued_limit": self._settings.max_queued,
            "runs_unsaved": self._manager.unsaved_count,
            "runs_left_off": max(0, len(views) - MAX_LIVE),
            "store_up": float(store_up),
        }
        counted = {"runs": by_status, "runs_ended": self._ended_counts}
        return {
            **{name: Samples([((), value)]) for name, value in plain.items()},
            **{
                name: Samples(((status,), number) for status, number in each.items())
                for name, each in counted.items()
            },
        }

    async def _store_up(self) -> bool:
        """Whether the database answers in time. However often it is asked, one question is under way."""
        if self._checking is None or self._checking.done():
            self._checking = asyncio.ensure_future(self._ask_store())
        done, _ = await asyncio.wait([self._checking], timeout=STORE_ANSWERS_WITHIN_S)
        return bool(done) and self._checking.result()

    async def _ask_store(self) -> bool:
        with suppress(StoreUnavailable):
            await self._store.check()
            return True
        return False
