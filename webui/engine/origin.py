"""Where connections go: a name resolved once, its addresses tried in order, one boundary for all errors."""

import asyncio
import errno
import os
import resource
import socket
import ssl
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from webui.engine.protocol import Connection, Handler
from webui.engine.tls import TlsConnection, tls_context
from webui.metrics.limits import MACHINE_LIMIT
from webui.plan.model import HttpOptions
from webui.plan.target import Target, parse_url
from webui.security.targets import ANYWHERE, TargetPolicy


class ConnectFailed(Exception):
    """No connection could be made. `kind` is the request's kind of failure."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind


@dataclass(slots=True, eq=False)
class Origin:
    """A scheme, host and port, and the host's IP addresses; the first is the one that worked last.

    `fresh`: the name is looked up for every connection. There is no address but those that `policy` lets a
    test connect to. Without addresses every connection fails as `trouble` says: its kind and a sentence.
    """

    target: Target
    fresh: bool = False
    addresses: list[str] = field(default_factory=list)
    context: ssl.SSLContext | None = field(default=None, kw_only=True)
    policy: TargetPolicy = field(default=ANYWHERE, kw_only=True)
    trouble: tuple[str, str] = field(default=("dns_error", ""), kw_only=True)
    _lookup: asyncio.Task[None] | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        if self.addresses:
            self._admit(self.addresses)

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
        for address in await self.known():
            try:
                await loop.create_connection(lambda: connection, address, port)
            except OSError as error:
                failure = failure_of(error, address, port)
            else:
                if failure is not None:
                    self.prefer(address)
                return
        raise failure or ConnectFailed(*self.trouble)

    @property
    def dialable(self) -> bool:
        """Whether a connection can be begun at once, on a plain socket."""
        return bool(self.addresses) and not self.fresh

    async def known(self) -> list[str]:
        """The addresses for a connection that is made now; none where `trouble` says why."""
        if self.fresh:
            await self.look_up()
        elif not self.addresses:
            await self.look_up_once()
        return self.addresses

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
            reason = machine_limit(error) or getattr(error, "strerror", None) or error
            self.trouble = "dns_error", f"{host} could not be resolved: {reason}"
        else:
            self._admit(dict.fromkeys(str(address[0]) for *_, address in found))

    def _admit(self, addresses: Iterable[str]) -> None:
        self.addresses, why = self.policy.allowing(addresses, self.target.host, self.target.port)
        if not self.addresses:
            self.trouble = "connect_error", f"not allowed: {why}"

    def prefer(self, address: str) -> None:
        """From now on that one is tried first. A new list: others may be going through the present one."""
        self.addresses = [address, *(other for other in self.addresses if other != address)]


def failure_of(error: OSError, address: str, port: int) -> ConnectFailed:
    """What a failed attempt at that address counts as."""
    where = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    if isinstance(error, ConnectionRefusedError):
        return ConnectFailed("connect_refused", f"{where} refused the connection")
    if isinstance(error, TimeoutError):
        return ConnectFailed("connect_timeout", f"{where} did not answer")
    return ConnectFailed("connect_error", f"{where}: {machine_limit(error) or error.strerror or error}")


_FILES = frozenset({errno.EMFILE, errno.ENFILE})
_MEMORY = frozenset({errno.ENOBUFS, errno.ENOMEM})


def machine_limit(error: BaseException) -> str | None:
    """What of this machine ran out, and how to have more of it; None for an error that is the target's."""
    number = error.errno if isinstance(error, OSError) else None
    if number in _FILES:
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        return (
            f"{MACHINE_LIMIT}no file descriptor is left of {most:,} ({os.strerror(number)}); "
            "raise it with ulimit -n, or use fewer users"
        )
    if number == errno.EADDRNOTAVAIL:
        return (
            f"{MACHINE_LIMIT}no local port is left{_port_range()}, or no address; keep connections alive, "
            "or widen net.ipv4.ip_local_port_range"
        )
    if number in _MEMORY:
        return f"{MACHINE_LIMIT}{os.strerror(number)}; use fewer users"
    return None


def _port_range() -> str:
    """The ports that connections may begin from, where the system says so."""
    try:
        low, high = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    except (OSError, ValueError):
        return ""
    return f" of {high - low + 1:,} ({low} to {high})"


class Origins:
    """The origins by their number, in the order of `targets`, a list that grows where redirects lead on.

    Those that redirects lead to are not shown the client's certificate. Raises InvalidInput for certificates
    that can't be used.
    """

    def __init__(
        self,
        targets: list[Target],
        options: HttpOptions,
        given: dict[str, list[str]] | None,
        policy: TargetPolicy = ANYWHERE,
    ) -> None:
        self._targets = targets
        self._options = options
        self._given = given or {}
        self._policy = policy
        own = foreign = None
        if options.needs_httpx or any(target.scheme == "https" for target in targets):
            own = tls_context(options)
        if options.needs_httpx or options.follow_redirects:
            foreign = tls_context(options, identify=False)
        self._contexts = own, foreign
        self._own = len(targets)
        self._known: list[Origin] = []
        self._proxy = None if options.proxy is None else self._plain(parse_url(options.proxy), None)
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
        own, foreign = self._contexts
        context = own if len(self._known) < self._own else foreign
        if self._options.needs_httpx:
            # Not before it is needed: httpx takes long to import.
            from webui.engine.through_httpx import HttpxOrigin

            return HttpxOrigin(
                *self._place(target),
                context=context,
                policy=self._policy,
                options=self._options,
                proxy=self._proxy,
                proxy_context=foreign,
            )
        return self._plain(target, context if target.scheme == "https" else None)

    def _plain(self, target: Target, context: ssl.SSLContext | None) -> Origin:
        return Origin(*self._place(target), context=context, policy=self._policy)

    def _place(self, target: Target) -> tuple[Target, bool, list[str]]:
        """The target, whether it is looked up for each connection, and its addresses that are given."""
        given = self._given.get(target.host)
        return target, given is None and self._options.dns == "per-connection", list(given or [])

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
        origin.trouble = "dns_error", f"{origin.target.host} could not be resolved within {timeout_s:g} s"
