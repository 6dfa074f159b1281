"""A user whose every outcome is counted and told, for measurements that look at single answers."""

from webui.engine.protocol import Connection
from webui.engine.redirects import REDIRECTS
from webui.engine.surroundings import Surroundings
from webui.engine.user import User


class TappedUser(User):
    """Counts what it has ended, tells `around.tap` of each outcome, and after a failure pauses for
    `around.retry_ns`. Where the target closes a connection, the recorder hears of it."""

    __slots__ = ("ended", "size", "status", "successes")

    def __init__(self, around: Surroundings) -> None:
        super().__init__(around)
        self.begin_counting()
        self.status = self.size = 0  # of the last full response

    @property
    def redirected_to(self) -> str | None:
        """The Location of its last full response where that is a redirect and header fields are read."""
        return self._connection.head.fields.get("location") if self.status in REDIRECTS else None

    def begin_counting(self) -> None:
        """Counts from now on."""
        self.ended = self.successes = 0

    def on_response(self, status: int, kind: str | None, first_ns: int, end_ns: int, size: int) -> None:
        self.status, self.size = status, size
        super().on_response(status, kind, first_ns, end_ns, size)

    def _succeed(self, service_ns: int) -> None:
        self.ended += 1
        self.successes += 1
        super()._succeed(service_ns)
        tap = self._around.tap
        if tap is not None:
            tap(True, service_ns)

    def on_usual(self, connection: Connection, end_ns: int) -> None:
        self.ended += 1
        self.successes += 1
        tap = self._around.tap
        if tap is not None:
            tap(True, end_ns - self._begun_ns)
        super().on_usual(connection, end_ns)

    def _fail(self, kind: str, detail: str, pause_ns: int = 0, sample: bytes = b"") -> None:
        self.ended += 1
        around = self._around
        if around.tap is not None:
            around.tap(False, 0)
        super()._fail(kind, detail, max(pause_ns, around.retry_ns), sample)

    def on_close(self, connection: Connection) -> None:
        self._around.recorder.connections_lost += 1
        super().on_close(connection)

    def _give_up(self, connection: Connection) -> None:
        if connection.made and (connection.usable or not self._around.keepalive):
            self._around.recorder.connections_lost -= 1  # it is not the target that closes this one
        super()._give_up(connection)
