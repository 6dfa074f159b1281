"""Where connections go: a name resolved once, its addresses tried in order, one boundary for all errors."""

import asyncio
import socket
import ssl
from dataclasses import dataclass, field

from webui.engine.protocol import Connection, Handler
from webui.engine.tls import TlsConnection, tls_context
from webui.plan.model import HttpOptions
from webui.plan.target import Target


class ConnectFailed(Exception):
    """No connection could be made. `kind` is the request's kind of failure."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind


@dataclass(slots=True, eq=False)
class Origin:
    """A scheme, host and port, and the host's IP addresses; the first is the one that worked last.

    Without addresses every connection fails with `dns_error`, of which `dns_detail` says more.
    """

    target: Target
    context: ssl.SSLContext | None = None
    addresses: list[str] = field(default_factory=list)
    dns_detail: str = ""

    def connection(self, handler: Handler) -> Connection:
        """A connection that is still to be made, reporting to `handler`."""
        if self.context is None:
            return Connection(handler)
        return TlsConnection(handler, self.context, self.target.host)

    async def connect(self, loop: asyncio.AbstractEventLoop, connection: Connection) -> None:
        """Makes the TCP connection. Raises ConnectFailed.

        A host with several addresses (`localhost` has two) is tried at the next where one refuses.
        """
        port, failure = self.target.port, None
        for address in self.addresses:
            try:
                await loop.create_connection(lambda: connection, address, port)
            except OSError as error:
                failure = _failure(error, address, port)
            else:
                if failure is not None:
                    self._prefer(address)
                return
        raise failure or ConnectFailed("dns_error", self.dns_detail)

    def _prefer(self, address: str) -> None:
        """A new list, for others may be going through the present one."""
        self.addresses = [address, *(other for other in self.addresses if other != address)]


def _failure(error: OSError, address: str, port: int) -> ConnectFailed:
    where = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    if isinstance(error, ConnectionRefusedError):
        return ConnectFailed("connect_refused", f"{where} refused the connection")
    if isinstance(error, TimeoutError):
        return ConnectFailed("connect_timeout", f"{where} did not answer")
    return ConnectFailed("connect_error", f"{where}: {error.strerror or error}")


async def resolve(
    targets: list[Target],
    options: HttpOptions,
    given: dict[str, list[str]] | None,
    stopped: asyncio.Event,
) -> list[Origin]:
    """The targets with their hosts' addresses, those `given` or else looked up, all at a time.

    A name that hangs does not hold up a stop: once `stopped` is set, what is known is returned.
    """
    context = None
    if any(target.scheme == "https" for target in targets):
        context = tls_context(verify=options.verify_tls)
    origins = [Origin(target, context if target.scheme == "https" else None) for target in targets]
    lookups = asyncio.gather(*(_look_up(origin, options.timeout_s, given or {}) for origin in origins))
    stop = asyncio.ensure_future(stopped.wait())
    await asyncio.wait((lookups, stop), return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    if lookups.done():
        lookups.result()
    else:
        lookups.cancel()
    return origins


async def _look_up(origin: Origin, timeout_s: float, given: dict[str, list[str]]) -> None:
    host, port = origin.target.host, origin.target.port
    if host in given:
        origin.addresses = list(given[host])
        return
    lookup = asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    try:
        found = await asyncio.wait_for(lookup, timeout_s)
    except TimeoutError:
        origin.dns_detail = f"{host} could not be resolved within {timeout_s:g} s"
    except OSError as error:
        origin.dns_detail = f"{host} could not be resolved: {error.strerror or error}"
    else:
        origin.addresses = list(dict.fromkeys(str(address[0]) for *_, address in found))
