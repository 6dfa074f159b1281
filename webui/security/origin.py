"""Which requests are answered at all: those to a name of this dashboard, and changes only from its own pages
or from programs. Pure.

A page of another site that is open in the same browser could otherwise start tests (cross-site request
forgery), and with a name of its own that it points at this machine also read results (DNS rebinding).
"""

import ipaddress
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from starlette.exceptions import HTTPException

from webui.errors import Forbidden

_ONCE = ("host", "origin", "authorization", "sec-fetch-site")
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Hosts:
    """The values of the header Host that are answered, whatever the port.

    `names` are exact, lower-case; `suffixes` begin with a dot and stand for every name below. With
    `any_address` every literal IP address is answered: what is asked for by its address was not rebound.
    """

    names: frozenset[str] = LOOPBACK_NAMES
    suffixes: tuple[str, ...] = ()
    any_address: bool = False
    anything: bool = False

    @classmethod
    def of(cls, listened_on: str, allowed: Iterable[str] = (), own_names: Iterable[str] = ()) -> "Hosts":
        """Those of a dashboard that listens on an address. `allowed`: an operator's patterns, such as
        `katydid.example`, `*.example` or `*`; `own_names`: the machine's own, known where others reach it."""
        exposed = not is_loopback(listened_on)
        patterns = {pattern.lower().rstrip(".") for pattern in allowed}
        own = {name.lower() for name in own_names if name} if exposed else set()
        exact = {_name(pattern) or pattern for pattern in patterns if not pattern.startswith("*")}
        return cls(
            LOOPBACK_NAMES | {listened_on.lower()} | own | exact,
            tuple(sorted(pattern[1:] for pattern in patterns if pattern.startswith("*."))),
            exposed,
            "*" in patterns,
        )

    def knows(self, host: str) -> bool:
        """Whether a request with this Host header is answered."""
        name = _name(host).rstrip(".")
        if not name:
            return False
        known = self.anything or name in self.names or name.endswith(self.suffixes)
        return known or (self.any_address and _is_address(name))


def check_single(names: Iterable[str]) -> None:
    """Raises HTTPException 400 for a request with one of these headers twice: a proxy before the dashboard
    may have looked at the other one. `names` are in lower case."""
    counted = Counter(names)
    if twice := next((name for name in _ONCE if counted[name] > 1), None):
        raise HTTPException(400, f"The header {twice.title()} is there {counted[twice]} times.")


def check_host(headers: Mapping[str, str], hosts: Hosts) -> None:
    """Raises Forbidden for a name that is not this dashboard's. `headers` has lower-case names."""
    host = headers.get("host", "")
    if not hosts.knows(host):
        raise Forbidden(
            f"This dashboard does not answer for the host {host[:100]!r}; use its address, or start it with "
            "--allowed-host."
        )


def check_change(method: str, headers: Mapping[str, str], *, proof: bool = False) -> None:
    """Raises Forbidden for a change that another site's page asks for.

    Browsers send at least one of the two headers with every change, programs neither. `proof`: one of them is
    demanded, as where a cookie, which browsers send by themselves, is all that speaks for the request.
    """
    if method in SAFE_METHODS:
        return
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    foreign = site not in (None, "same-origin", "none")
    foreign = foreign or (origin is not None and parts_of(origin).netloc != headers.get("host", ""))
    if foreign:
        raise Forbidden("Another site's page asked for this change; only Katydid's own pages may.")
    if proof and site is None and origin is None:
        raise Forbidden("A change needs the header Origin, which browsers send, or an access token.")


def parts_of(address: str) -> SplitResult:
    """The parts of what a browser or somebody else calls an address; none of what is no address."""
    try:
        return urlsplit(address)
    except ValueError:  # such as http://[
        return SplitResult("", "", "", "", "")


def is_loopback(host: str) -> bool:
    """Whether listening on this address (or `localhost`) leaves other machines out."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _name(host: str) -> str:
    """The header's name or address without its port; "" where it is none."""
    try:
        parts = urlsplit(f"//{host}")
        parts.port  # noqa: B018 - raises where it is none
        return (parts.hostname or "") if parts.netloc == host and "@" not in host else ""
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
