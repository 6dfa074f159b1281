"""Python's garbage collector, kept out of the way while load runs.

Left to itself it stops the engine for tens of milliseconds at 10,000 users. A run makes next to no
reference cycles, so it is enough to look at young objects between intervals.
"""

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_paced = 0  # engines that run in this process
_enabled_before = True


@contextmanager
def paced_collection() -> Iterator[None]:
    """Inside, collection is by `collect_young` alone; afterwards everything is as before."""
    _begin()
    try:
        yield
    finally:
        _end()


def collect_young() -> None:
    """Collects what was made lately; some microseconds for each object that is still alive."""
    gc.collect(1)


def _begin() -> None:
    global _paced, _enabled_before  # the collector is the process's, so this is too
    with _lock:
        _paced += 1
        if _paced == 1:
            _enabled_before = gc.isenabled()
            gc.disable()
            gc.collect()
            gc.freeze()


def _end() -> None:
    global _paced
    with _lock:
        _paced -= 1
        if _paced == 0:
            gc.unfreeze()
            if _enabled_before:
                gc.enable()
