"""The canary: a cheap route, asked at a low rate beside the load, in books of its own.

It tells what else waits when the load does. It has its own connections, its own recorder and its own users,
who know nothing of the load's: nothing of it is in the run's totals. A question that finds all of its
connections busy is not asked, so that a target that stands still is not flooded.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import cast

from webui.engine.origin import Origins
from webui.engine.recorder import Recorder
from webui.engine.schedule import NEVER
from webui.engine.surroundings import Surroundings
from webui.engine.tapped import TappedUser
from webui.engine.template import Template
from webui.engine.user import User
from webui.metrics.histogram import Histogram
from webui.metrics.probing import ProbeStats
from webui.metrics.snapshot import Health
from webui.plan.model import HttpOptions
from webui.units import NS_PER_MS, NS_PER_S

EVERY_NS = 20 * NS_PER_MS
CONNECTIONS = 4


class Canary:
    """Asks `templates`; which of them it probes with, `start` says. Times are the clock's."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        templates: list[Template],
        origins: Origins,
        http: HttpOptions,
        *,
        chosen_by_user: bool,
    ) -> None:
        self.templates = templates
        self.chosen_by_user = chosen_by_user
        self.recorder = Recorder([len(template.data) for template in templates], 0, open_model=True)
        self.around = Surroundings(
            loop=loop,
            recorder=self.recorder,
            origins=origins,
            take=lambda: None,
            pause=None,
            wake_at=lambda due_ns, user: None,  # in the open model nobody pauses
            idle=self._idle,
            retired=lambda user: None,
            catch_up=lambda: None,
            keepalive=http.keepalive,
            timeout_ns=round(http.timeout_s * NS_PER_S),
            open=True,
        )
        self.closing = not http.keepalive  # every answer ends its connection: none is made ahead
        self.paused = False
        self._users: list[TappedUser] = []
        self._free: deque[TappedUser] = deque()
        self._template: Template | None = None  # that it probes with
        self._next_ns = NEVER
        self._look_ns = 0

    # -- probing

    @property
    def probing(self) -> bool:
        """Whether it asks by itself."""
        return self._template is not None

    def start(self, template: Template, now: int) -> None:
        """Probes with it from now on."""
        if self._template is not template:
            self._template, self._next_ns = template, now

    def stop(self) -> None:
        """Probes no more, and leaves no connection open; what is under way is given up."""
        self._template, self._next_ns = None, NEVER
        for user in self._users:
            user.retire()
        self._users.clear()
        self._free.clear()

    def advance(self, now: int) -> int:
        """Asks when it is time to; when it goes on."""
        if now >= self._look_ns:
            self._look_ns = now + EVERY_NS
            for user in self._users:
                user.check_timeout(now)
        if self._template is None:
            return NEVER
        if now >= self._next_ns:
            self._next_ns = max(self._next_ns + EVERY_NS, now + EVERY_NS // 2)
            if not self.paused:
                self._probe(self._template)
        return self._next_ns

    def _probe(self, template: Template) -> None:
        if self._free:
            self._free.popleft().begin(template)
        elif len(self._users) < CONNECTIONS:
            self.hire().begin(template)

    # -- questions one by one

    @property
    def status(self) -> int | None:
        """Of its last full answer through a user that it still has."""
        return next((user.status for user in self._users if user.status), None)

    @property
    def size(self) -> int:
        """How many users there are."""
        return len(self._users)

    @property
    def at_rest(self) -> bool:
        """Whether nothing is under way."""
        return len(self._free) == len(self._users)

    def hire(self) -> TappedUser:
        """One more user, who is not free until it has ended something."""
        user = TappedUser(self.around)
        self._users.append(user)
        return user

    def ask(self, template: Template) -> TappedUser:
        """Asks once, through whoever is free; who does."""
        user = self._free.popleft() if self._free else self.hire()
        user.begin(template)
        return user

    def dismiss(self, user: TappedUser) -> None:
        """Gives up what the user has under way, and the user."""
        user.retire()
        self._users.remove(user)

    def connect(self, template: Template, number: int) -> int:
        """Has one more user connect until there are that many; how many are missing."""
        missing = number - len(self._users)
        if missing > 0:
            user = self.hire()
            if self.closing:
                self._free.append(user)
            else:
                user.connect_ahead(template)
        return max(0, missing - 1)

    def volley(self, template: Template, tap: Callable[[bool, int], None]) -> None:
        """All users ask at once; each outcome is told to `tap`. Only at rest."""
        self.around.tap = tap
        users = list(self._free)
        self._free.clear()
        for user in users:
            user.begin(template)

    def _idle(self, user: User) -> None:
        self._free.append(cast(TappedUser, user))

    # -- its books

    def begin_step(self) -> None:
        """What it is answered from now on belongs to a step."""
        self.recorder.begin_step()

    def end_step(self) -> tuple[Histogram, int]:
        """The times of the step's answers, and its failures."""
        stats = self.recorder.end_step()
        return stats.service, stats.totals.failures

    def take(self, now: int) -> dict[str, ProbeStats]:
        """What was asked since the last `take`, by name."""
        snapshot = self.recorder.take(now, 0, Health())
        return {
            name_of(template): ProbeStats(
                stats.totals.sent, stats.totals.successes, stats.totals.failures, stats.service
            )
            for template, stats in zip(self.templates, snapshot.endpoints, strict=True)
            if stats.totals.sent or stats.totals.successes or stats.totals.failures
        }


def name_of(template: Template) -> str:
    """What its requests are counted under."""
    return f"canary GET {template.request.target.path}"
