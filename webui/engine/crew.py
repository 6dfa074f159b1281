"""The users of one shard, and what a load shape needs to put them to work."""

from collections.abc import Callable
from random import Random
from typing import Any, Protocol

from webui.engine.health import HealthMeter
from webui.engine.messages import Reason, ShardSpec
from webui.engine.recorder import Recorder
from webui.engine.schedule import Timetable
from webui.engine.surroundings import Surroundings
from webui.engine.template import Template
from webui.engine.user import User
from webui.plan.load import split_evenly
from webui.units import NS_PER_MS

_LONGEST_SWEEP_NS = 250 * NS_PER_MS


def share_of_a_tick(timeout_ns: int, tick_ns: int) -> float:
    """The share of the users that is looked at in a tick, so that all are within a twentieth of the
    timeout."""
    return tick_ns / min(max(timeout_ns // 20, tick_ns), _LONGEST_SWEEP_NS)


class Host(Protocol):
    """The shard, as shapes see it. Times of shapes stand still while the load is paused."""

    origin_ns: int  # the clock's time at which a shape's time is 0

    def finish(self, reason: Reason) -> None:
        """The shape is done: no more requests are begun."""

    def now_ns(self) -> int:
        """The present time of the shape."""

    def ring_soon(self) -> None:
        """The shape wants to go on, for something has happened."""


class Crew:
    """Hires users and knows them until they retire."""

    def __init__(
        self,
        around: Surroundings,
        make: Callable[[], User],
        choose: Callable[[], Template | None],
        spec: ShardSpec,
        random: Random,
        health: HealthMeter,
        host: Host,
    ) -> None:
        self.around = around
        self.recorder: Recorder = around.recorder
        self.health = health
        self.random = random
        self.shard, self.shards = spec.shard, spec.shards
        self.host = host
        self.choose = choose
        self.paused = False
        self.users: list[User] = []
        self.active = 0  # hired and not retired
        self.resting: Timetable[User] = Timetable()  # users by the time at which they go on
        self._make = make
        self._swept = 0

    def choose_any(self) -> Template:
        """The next request of a plan that has no end of them."""
        template = self.choose()
        assert template is not None
        return template

    def share(self, total: int) -> int:
        """This shard's part of so many."""
        return split_evenly(total, self.shards)[self.shard]

    def hire(self) -> User:
        """A new user, who rests."""
        user = self._make()
        self.users.append(user)
        self.active += 1
        return user

    def hold(self) -> None:
        """Users who ask for work get none."""
        self.around.take = _nothing

    def release(self) -> None:
        """They get work again."""
        self.around.take = self.choose

    def draw_anew(self, choose: Callable[[], Template | None]) -> None:
        """From now on users get their work from there, and count it where the recorder counts now."""
        held = self.around.take is not self.choose
        self.choose = choose
        if not held:
            self.release()
        for user in self.users:
            user.count_anew()

    def note_retired(self) -> None:
        """One of the users has retired."""
        self.active -= 1

    def sweep(self, now: int, share: float) -> None:
        """Looks for timeouts at that share of the users, in turn."""
        end = self._swept + int(len(self.users) * share) + 1
        for user in self.users[self._swept : end]:
            user.check_timeout(now)
        self._swept = end
        if end >= len(self.users):
            self._swept = 0
            if self.active * 2 < len(self.users):
                self.users = [user for user in self.users if not user.is_retired]

    def end_all(self, *, finish_connecting: bool) -> None:
        """Retires whoever has nothing under way; the others do when they are done."""
        self.hold()
        self.resting.clear()
        self.around.ended = True
        for user in self.users:
            user.end(finish_connecting=finish_connecting)

    def cut_off_all(self) -> None:
        """Retires everybody at once."""
        for user in self.users:
            user.cut_off()


def _nothing() -> Any:
    return None
