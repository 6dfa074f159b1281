"""What can be seen of runs, live and stored."""

from collections.abc import Callable
from datetime import datetime

from webui.errors import NotFound
from webui.runs.broadcast import Channel, Subscription
from webui.runs.driving import Driver
from webui.runs.following import FollowedRun
from webui.runs.live import LiveRun
from webui.runs.model import RunView
from webui.runs.others import Others
from webui.runs.shelf import Shelf


class Seen:
    """A part of the run manager: it changes nothing."""

    _shelf: Shelf
    _others: Others
    _now: Callable[[], datetime]
    _drivers: dict[str, Driver]
    _queue: list[Driver]
    _running: dict[str, Driver]
    everywhere: Channel

    async def view(self, run_id: str) -> RunView:
        """The run as it stands, live or stored. Raises NotFound, StoreUnavailable."""
        live = self.get_live(run_id)
        return live.view() if live else await self._shelf.view(run_id, self._now())

    def get_own(self, run_id: str) -> LiveRun | None:
        """The run, when it is this process's and has not ended or is not saved yet."""
        driver = self._drivers.get(run_id)
        return driver.live if driver else None

    def get_live(self, run_id: str) -> LiveRun | FollowedRun | None:
        """The same, and a live run of another process on the same PostgreSQL."""
        return self.get_own(run_id) or self._others.get(run_id)

    def live_runs(self) -> list[RunView]:
        """This process's live runs: those that run in the order of their start, then the queue."""
        lives = [each.live for each in (*self._running.values(), *self._queue)]
        return [live.view() for live in lives if live.status.live]

    def known_runs(self) -> list[RunView]:
        """All runs of which more is known here than in the store: this process's, in the order of their
        creation, until their end is saved, and live ones of other processes on the same PostgreSQL."""
        return [*(driver.live.view() for driver in self._drivers.values()), *self._others.views()]

    @property
    def anything_lives(self) -> bool:
        """Whether there is a live run, of any process; for any thread."""
        own = any(driver.live.status.live for driver in list(self._drivers.values()))
        return own or self._others.any_live

    @property
    def unsaved_count(self) -> int:
        """How many of this process's runs have something that the database does not take at present."""
        return sum(driver.live.unsaved is not None for driver in self._drivers.values())

    def subscribe(self, run_id: str, after_seq: int | None = None) -> Subscription:
        """One live run's events, see `Channel.subscribe`. Raises NotFound when it is not live."""
        live = self.get_live(run_id)
        if live is None:
            raise NotFound(f"There is no live run {run_id}.")
        return live.channel.subscribe(after_seq)

    def subscribe_all(self, after_seq: int | None = None) -> Subscription:
        """The events of all runs, those of other processes included, numbered by a count of their own."""
        return self.everywhere.subscribe(after_seq)
