"""Calls back at a time: to the millisecond, or within microseconds by spinning before it.

The event loop's timers are whole milliseconds and up to one late. A precise alarm sleeps until shortly
before its time and then asks the clock in every turn of the loop, so that I/O goes on meanwhile.
"""

import asyncio
from collections.abc import Callable
from time import perf_counter_ns as clock

from webui.units import NS_PER_MS

SPIN_NS = 1_500_000  # how long before its time a precise alarm stops sleeping
_TURN_NS = 5_000  # a turn of the loop with nothing to do takes no longer, until measured


class Alarm:
    """Calls `ring` once for each `set`, never early. `precise` alarms spin; `spun_ns` is the CPU time that
    went into turns of the loop in which there was nothing to do but wait."""

    __slots__ = (
        "_due_ns",
        "_fastest_ns",
        "_handle",
        "_loop",
        "_precise",
        "_ring",
        "_spinning",
        "_turn_ns",
        "spun_ns",
    )

    def __init__(self, loop: asyncio.AbstractEventLoop, ring: Callable[[], None], *, precise: bool) -> None:
        self._loop = loop
        self._ring = ring
        self._precise = precise
        self._handle: asyncio.Handle | None = None
        self._spinning = False  # called in every turn of the loop
        self._due_ns = 0
        self._turn_ns = 0  # the last turn of the spin
        self._fastest_ns = _TURN_NS  # the shortest turn so far
        self.spun_ns = 0

    def set(self, due_ns: int) -> None:
        """Rings then, and not when it was set to before."""
        before_ns, self._due_ns = self._due_ns, due_ns
        wait_ns = due_ns - clock()
        if self._handle is not None:
            if due_ns == before_ns or (self._spinning and wait_ns < SPIN_NS):
                return
            self._handle.cancel()
        self._wait(wait_ns)

    def set_earlier(self, due_ns: int) -> None:
        """Rings then, unless it rings before."""
        if self._handle is None or due_ns < self._due_ns:
            self.set(due_ns)

    def cancel(self) -> None:
        """Doesn't ring."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _wait(self, wait_ns: int) -> None:
        self._spinning = False
        if not self._precise:
            self._handle = self._loop.call_later(max(1, -(-wait_ns // NS_PER_MS)) / 1000, self._wake)
        elif wait_ns > SPIN_NS + NS_PER_MS:
            self._handle = self._loop.call_later((wait_ns - SPIN_NS) // NS_PER_MS / 1000, self._spin)
        else:
            self._spinning = True
            self._handle = self._loop.call_soon(self._spin)

    def _wake(self) -> None:
        """The loop's timers may be a fraction of a millisecond early."""
        wait_ns = self._due_ns - clock()
        if wait_ns > 0:
            self._wait(wait_ns)
        else:
            self._handle = None
            self._ring()

    def _spin(self) -> None:
        now = clock()
        if now < self._due_ns:
            self._spinning = True
            self._handle = self._loop.call_soon(self._spin)
            self._count_turn(now - self._turn_ns)
            self._turn_ns = now
        else:
            self._handle = None
            self._ring()

    def _count_turn(self, turn_ns: int) -> None:
        """Of a turn in which something else was done too, only the shortest turn's time was idle."""
        fastest = self._fastest_ns
        if turn_ns < 2 * fastest:
            self.spun_ns += turn_ns
            if turn_ns < fastest:
                self._fastest_ns = turn_ns
        else:
            self.spun_ns += fastest
