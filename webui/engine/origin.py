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

    `fresh`: the name is looked up for every connection. Without addresses every connection fails with
    `dns_error`, of which `dns_detail` says more.
    """

    target: Target
    context: ssl.SSLContext | None = None
    fresh: bool = False
    addresses: list[str] = field(default_factory=list)
    dns_detail: str = ""
    _lookup: asyncio.Task[None] | None = None

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
        if self.fresh:
            await self.look_up()
        elif not self.addresses:
            await self.look_up_once()
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

    async def look_up_once(self) -> None:
        """Finds the addresses, unless that was tried before. All who ask meanwhile wait for one lookup."""
        if self._lookup is None:
            self._lookup = asyncio.ensure_future(self.look_up())
        await asyncio.shield(self._lookup)  # one user's timeout doesn't take it from the others

    async def look_up(self) -> None:
        """Finds the addresses, or the reason why there are none."""
        host, port = self.target.host, self.target.port
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            self.addresses = []
            self.dns_detail = f"{host} could not be resolved: {getattr(error, 'strerror', None) or error}"
        else:
            self.addresses = list(dict.fromkeys(str(address[0]) for *_, address in found))

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


class Origins:
    """The origins by their number, in the order of `targets`, a list that grows where redirects lead on.

    Those that redirects lead to are not shown the client's certificate. Raises InvalidInput for certificates
    that can't be used.
    """

    def __init__(
        self, targets: list[Target], options: HttpOptions, given: dict[str, list[str]] | None
    ) -> None:
        self._targets = targets
        self._options = options
        self._given = given or {}
        own = foreign = None
        if options.needs_httpx or any(target.scheme == "https" for target in targets):
            own = tls_context(options)
        if options.needs_httpx or options.follow_redirects:
            foreign = tls_context(options, identify=False)
        self._contexts = own, foreign
        self._own = len(targets)
        self._known: list[Origin] = []
        for target in targets:
            self._known.append(self._origin(target))

    def __len__(self) -> int:
        return len(self._targets)

    def __getitem__(self, number: int) -> Origin:
        while number >= len(self._known):
            self._known.append(self._origin(self._targets[len(self._known)]))
        return self._known[number]

    @property
    def addresses(self) -> dict[str, list[str]]:
        """The hosts whose addresses are known, but those that are looked up for every connection."""
        return {
            origin.target.host: list(origin.addresses)
            for origin in self._known
            if origin.addresses and not origin.fresh
        }

    def _origin(self, target: Target) -> Origin:
        given = self._given.get(target.host)
        fresh = given is None and self._options.dns == "per-connection"
        own, foreign = self._contexts
        context = own if len(self._known) < self._own else foreign
        if self._options.needs_httpx:
            # Not before it is needed: httpx takes long to import.
            from webui.engine.through_httpx import HttpxOrigin

            return HttpxOrigin(
                target, context, fresh, list(given or []), options=self._options, proxy_context=foreign
            )
        return Origin(target, context if target.scheme == "https" else None, fresh, list(given or []))

    async def resolve(self, stopped: asyncio.Event) -> None:
        """Looks up the hosts' addresses, all at a time, but those that are given or looked up later.

        Behind a proxy names are the proxy's business. A name that hangs does not hold up a stop: once
        `stopped` is set, what is known must do.
        """
        proxied = self._options.proxy is not None
        unknown = [origin for origin in self._known if not (origin.addresses or origin.fresh or proxied)]
        lookups = asyncio.gather(*(_look_up(origin, self._options.timeout_s) for origin in unknown))
        stop = asyncio.ensure_future(stopped.wait())
        await asyncio.wait((lookups, stop), return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if lookups.done():
            lookups.result()
        else:
            lookups.cancel()


async def _look_up(origin: Origin, timeout_s: float) -> None:
    try:
        await asyncio.wait_for(origin.look_up_once(), timeout_s)
    except TimeoutError:
        origin.dns_detail = f"{origin.target.host} could not be resolved within {timeout_s:g} s"
