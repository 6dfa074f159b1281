"""The users of the open model: who is free for the next start, and who is connected before it comes.

Connections are made ahead of need, because a start that had to make its own would measure that too. At the
start there are as many users as starts come in a twentieth of a second (8 at least); later a quarter more
than are busy, up to the limit. Without keep-alive every request makes its own connection, and none is made
ahead. Where connecting ahead fails, it is tried again a second later; requests that are due try at once.
"""

from collections.abc import Sequence
from time import perf_counter_ns as clock

from webui.engine.crew import Crew
from webui.engine.shapes import AT_ONCE
from webui.engine.template import Template
from webui.engine.user import User
from webui.units import NS_PER_S

FEWEST = 8
AHEAD_S = 0.05
_RETRY_NS = NS_PER_S


class Pool:
    """Up to `limit` users. `firsts`: one request for each origin that is to be connected to."""

    def __init__(self, crew: Crew, limit: int, firsts: Sequence[Template]) -> None:
        self._crew = crew
        self._limit = limit
        self._firsts = firsts if crew.around.keepalive else ()
        self._free: list[User] = []  # rest, connected as far as is known; the last used one comes first
        self._cold: list[User] = []  # rest without a connection
        self._ahead: dict[User, int] = {}  # connecting ahead, to which of `firsts`
        self._retry_ns = 0

    @property
    def connecting(self) -> bool:
        """Whether connections are being made ahead."""
        return bool(self._ahead)

    def take(self, origin: int) -> User | None:
        """A user for a request to that origin: connected, else not, else new; None when all are busy."""
        free = self._free
        while free:
            user = free.pop()
            if user.ready(origin):
                return user
            self._cold.append(user)
        if self._cold:
            return self._cold.pop()
        return self._crew.hire() if self._crew.active < self._limit else None

    def put(self, user: User) -> bool:
        """The user rests again; True after a request, False after it connected ahead."""
        position = self._ahead.pop(user, None)
        if position is None:
            self._free.append(user)
            return True
        if user.ready(self._firsts[position].origin):
            self._connect(user, position + 1)
        else:
            self._cold.append(user)
            self._retry_ns = clock() + _RETRY_NS
        return False

    def _connect(self, user: User, position: int = 0) -> None:
        """Connects to the next origin that it is not connected to."""
        while position < len(self._firsts):
            if not user.ready(self._firsts[position].origin):
                self._ahead[user] = position
                user.connect_ahead(self._firsts[position])
                return
            position += 1
        self._free.append(user)

    def connect_ahead(self, number: int) -> int:
        """Has that many more users connect, at most AT_ONCE; how many do."""
        number = min(number, AT_ONCE, len(self._cold) + self._limit - self._crew.active)
        if not self._firsts or number <= 0:
            return 0
        for _ in range(number):
            self._connect(self._cold.pop() if self._cold else self._crew.hire())
        return number

    def replenish(self) -> None:
        """Keeps a quarter more users connected than are busy."""
        spare = len(self._free) + len(self._ahead)
        busy = self._crew.active - spare - len(self._cold)
        wanted = max(FEWEST, busy >> 2)
        if spare < wanted and clock() >= self._retry_ns:
            self.connect_ahead(wanted - spare)

    def warm(self) -> None:
        """Has all who lost their connection make it again, as far as that is done ahead."""
        for _ in range(len(self._free)):
            user = self._free.pop(0)
            (self._free if all(user.ready(first.origin) for first in self._firsts) else self._cold).append(
                user
            )
        while self._firsts and self._cold:
            self._connect(self._cold.pop())
