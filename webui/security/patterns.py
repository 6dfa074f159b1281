"""Patterns of targets: which hosts, networks and ports they name. Pure.

api.example.com   *.example.com   10.0.0.0/8   10.1.2.3:8000-8010   [fd00::/8]:443   *:443   *
"""

import ipaddress
import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_PORTS = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?")
_HOST = re.compile(r"(\*\.)?[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?")
_NUMBERS = re.compile(r"[\d.]+")
_HINT = (
    "write a host (api.example.com), its subdomains (*.example.com), a network (10.0.0.0/8) or *, "
    "each with ports where you like (:8000 or :8000-8100)"
)


@dataclass(frozen=True, slots=True)
class Pattern:
    """One pattern: a `host` (`*`: any; `*.x`: all below x) or a `network`, on the ports `low` to `high`."""

    text: str
    host: str | None
    network: Network | None
    low: int = 1
    high: int = 65535

    def names_host(self, host: str, port: int) -> bool:
        """Whether it names the host by its name."""
        if self.host is None or not self.low <= port <= self.high:
            return False
        name = plain_host(host)
        if self.host.startswith("*."):
            return name.endswith(self.host[1:])
        return self.host in ("*", name)

    def holds(self, address: Address, port: int) -> bool:
        """Whether the address, or one that it carries, is in its network: reason enough to refuse it."""
        return any(self._names(each, port) for each in forms(address))

    def holds_wholly(self, address: Address, port: int) -> bool:
        """Whether the address itself is, or all that it carries are: what it takes to allow it."""
        reached, *carried = forms(address)
        return self._names(reached, port) or (
            bool(carried) and all(self._names(each, port) for each in carried)
        )

    def _names(self, address: Address, port: int) -> bool:
        if self.network is None or not self.low <= port <= self.high:
            return False
        return address.version == self.network.version and address in self.network


def parse_pattern(text: str) -> Pattern:
    """Raises ValueError with a sentence that says what would be right."""
    cleaned = text.strip().lower()
    place, low, high = _without_ports(cleaned)
    if (network := _network(place)) is not None:
        return Pattern(cleaned, None, network, low, high)
    name = plain_host(place)
    if name != "*" and (not _HOST.fullmatch(name) or _NUMBERS.fullmatch(name)):
        raise ValueError(f"{text.strip()[:80]!r} names no target; {_HINT}")
    return Pattern(cleaned, name, None, low, high)


def _without_ports(text: str) -> tuple[str, int, int]:
    if text.startswith("["):
        place, closed, ports = text[1:].partition("]")
        ports = ports.removeprefix(":") if closed else "?"
    elif text.count(":") == 1:
        place, _, ports = text.partition(":")
    else:
        place, ports = text, ""
    if not ports:
        return place, 1, 65535
    match = _PORTS.fullmatch(ports)
    low, high = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not 1 <= low <= high <= 65535:
        raise ValueError(f"{text[:80]!r} has ports that are none; write :8000 or :8000-8100, from 1 to 65535")
    return place, low, high


def _network(text: str) -> Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        if "/" in text:
            raise ValueError(f"{text[:80]!r} is no network; {_HINT}") from None
        return None


def plain_host(host: str) -> str:
    """The name in lower case, without the full stop that may end it."""
    return host.lower().rstrip(".")


def address_of(text: str) -> Address | None:
    """The IP address that a text is, without its zone; None for a name."""
    try:
        return ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None


# 0.0.0.0 and :: lead to this machine itself.
_SELF: dict[Address, Address] = {
    IPv4Address("0.0.0.0"): IPv4Address("127.0.0.1"),  # noqa: S104  # compared, not listened on
    IPv6Address("::"): IPv6Address("::1"),
}
_COMPATIBLE = IPv6Network("::/96")
_NAT64 = IPv6Network("64:ff9b::/96")
_NAT64_LOCAL = IPv6Network("64:ff9b:1::/48")  # RFC 8215: any of the layouts below may be in use in it
_TRANSLATED = IPv6Network("::ffff:0:0:0/96")  # RFC 2765
_ISATAP = frozenset({0x00005EFE, 0x02005EFE})  # RFC 5214: the half before the IPv4 address, in any network
# RFC 6052, from the lowest bit: where the address lies behind a prefix of 48, 56, 64 and 96 bits. Bits 64 to
# 71 are left out.
_LAYOUTS = (((64, 16), (40, 16)), ((64, 8), (32, 24)), ((24, 32),), ((0, 32),))


def forms(address: Address) -> tuple[Address, ...]:
    """The address as it is reached, and the IPv4 addresses that an IPv6 one carries or may carry: what is
    denied about either is denied about it."""
    reached = _SELF.get(address, address)
    if isinstance(reached, IPv4Address):
        return (reached,)
    return (reached, *(_SELF.get(each, each) for each in _carried(reached)))


def _carried(address: IPv6Address) -> tuple[IPv4Address, ...]:
    """The IPv4 addresses in it: mapped, compatible, translated, 6to4, Teredo (its server and its client),
    ISATAP, NAT64."""
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    if address.sixtofour is not None:
        return (address.sixtofour,)
    if address.teredo is not None:
        return address.teredo
    if address in _NAT64_LOCAL:
        # Which one is in use cannot be seen; those of the layouts that are not begin with zeros.
        found = dict.fromkeys(_spread(address, layout) for layout in _LAYOUTS)
        return tuple(each for each in found if int(each) >> 24) or (IPv4Address(0),)
    lowest = int(address) & 0xFFFFFFFF
    isatap = int(address) >> 32 & 0xFFFFFFFF in _ISATAP
    if isatap or address in _NAT64 or address in _TRANSLATED or (address in _COMPATIBLE and lowest > 0xFFFF):
        return (IPv4Address(lowest),)
    return ()


def _spread(address: IPv6Address, layout: tuple[tuple[int, int], ...]) -> IPv4Address:
    value = 0
    for shift, bits in layout:
        value = value << bits | int(address) >> shift & ((1 << bits) - 1)
    return IPv4Address(value)


def is_public(address: Address) -> bool:
    """Whether it is anybody's on the internet: not of this machine and not of a private network."""
    reached, *carried = forms(address)
    return any(each.is_global for each in carried or [reached])


def is_this_machine(address: Address) -> bool:
    """Whether a connection to it stays on this machine: not one that a translator might bring back."""
    reached = _SELF.get(address, address)
    mapped = reached.ipv4_mapped if isinstance(reached, IPv6Address) else None
    return (mapped or reached).is_loopback
