"""The one way to reach a running engine from another thread."""

import threading
from collections.abc import Callable


class Control:
    """Thread-safe. `stop` ends the load: answers may still come for half a second, then the rest is cut off.

    A stop that comes before the engine listens is not lost.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stopped = False
        self._on_stop: Callable[[], object] | None = None

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

    def listen(self, on_stop: Callable[[], object] | None) -> None:
        """Engine side: `on_stop` is called once, from the thread that stops; at once when it is too late.

        None ends the listening; after that `stop` never calls again.
        """
        with self._lock:
            self._on_stop = on_stop
            if on_stop is not None and self._stopped:
                on_stop()
