"""The one way to reach a running engine from another thread."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

ChangeKind = Literal["users", "rate", "pause", "resume", "add_time"]
_KINDS = frozenset(get_args(ChangeKind))
_WITH_VALUE = frozenset({"users", "rate", "add_time"})


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be different from now on. `number` counts the run's changes.

    `value`: the users or the starts per second of the whole run, or the seconds that it goes on for longer.
    """

    number: int
    kind: ChangeKind
    value: float | None = None


class Control:
    """Thread-safe. `stop` ends the load: answers may still come for half a second, then the rest is cut off.

    A stop or a change that comes before the engine listens is not lost; neither counts twice.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stopped = False
        self._changes: list[Change] = []  # every one that was asked for
        self._on_stop: Callable[[], object] | None = None
        self._on_change: Callable[[Change], object] | None = None

    @property
    def stopped(self) -> bool:
        """Whether a stop was asked for."""
        return self._stopped

    def stop(self) -> None:
        """Asks the engine to end. Asking again does nothing."""
        with self._lock:
            first, self._stopped = not self._stopped, True
            if first and self._on_stop is not None:
                self._on_stop()

    def change(self, number: int, kind: str, value: float | None = None) -> None:
        """Asks the engine for a change. The same number again does nothing; nor does it once the load ends.

        Raises ValueError for an unknown kind, and for a value that is missing or below zero.
        """
        if kind not in _KINDS:
            raise ValueError(f"not a kind of change: {kind!r}")
        if (kind in _WITH_VALUE) != (value is not None) or (value is not None and not 0 <= value < 1e12):
            raise ValueError(f"not a value for {kind!r}: {value!r}")
        change = Change(number, kind, value)  # type: ignore[arg-type]  # checked above
        with self._lock:
            if any(seen.number == number for seen in self._changes):
                return
            self._changes.append(change)
            if self._on_change is not None:
                self._on_change(change)

    def listen(
        self,
        on_stop: Callable[[], object] | None,
        on_change: Callable[[Change], object] | None = None,
    ) -> None:
        """Engine side: each is called from the asking thread; at once for what was asked for before.

        `on_stop` is called once. None ends the listening; after that nothing calls again.
        """
        with self._lock:
            self._on_stop, self._on_change = on_stop, on_change
            if on_change is not None:
                for change in self._changes:
                    on_change(change)
            if on_stop is not None and self._stopped:
                on_stop()
