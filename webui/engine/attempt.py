"""One attempt at a connection of its own for one request: address after address, until one answers."""

from collections.abc import Callable

from webui.engine.origin import Origin, failure_of
from webui.engine.protocol import Connection
from webui.engine.sockets import Channel, Sockets


class Attempt:
    """Connects `connection` to an origin whose addresses are known. If none of them answers, `failed` is
    called with the kind of failure and a sentence, never before this returns."""

    __slots__ = ("_address", "_channel", "_connection", "_failed", "_left", "_origin", "_sockets")

    def __init__(
        self,
        origin: Origin,
        sockets: Sockets,
        connection: Connection,
        failed: Callable[[str, str], None],
    ) -> None:
        self._origin = origin
        self._sockets = sockets
        self._connection = connection
        self._failed: Callable[[str, str], None] | None = failed
        self._left = iter(origin.addresses)
        self._channel: Channel | None = None
        self._address = next(self._left)
        self._dial()

    def made(self) -> None:
        """The connection is made: that is all."""
        self._channel = None  # which knows this attempt
        if self._address != self._origin.addresses[0]:
            self._origin.prefer(self._address)

    def cancel(self) -> None:
        """Gives it up; nobody is told."""
        channel, self._channel, self._failed = self._channel, None, None
        if channel is not None:
            channel.cancel()

    def _dial(self) -> None:
        port = self._origin.target.port
        try:
            self._channel = self._sockets.dial(self._address, port, self._connection, self._refused)
        except OSError as error:
            self._sockets.loop.call_soon(self._refused, error)

    def _refused(self, error: OSError) -> None:
        self._channel = None
        if self._failed is None:
            return
        another = next(self._left, None)
        if another is None:
            failure = failure_of(error, self._address, self._origin.target.port)
            self._failed(failure.kind, str(failure))
        else:
            self._address = another
            self._dial()
