"""The target policy: where tests may send to, as rules over names and addresses. Pure; plain data carries it
to the engines.

An address is allowed when no rule denies it and the list of allowed targets names it, by its own address or
by the name that led to it. Cloud metadata services and link-local addresses are denied even so, unless a rule
names just them. What a name leads to is looked up once (`webui.security.resolving`), and a connection is made
to an address that was checked, never to a name.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any

from webui.security.patterns import (
    Address,
    Pattern,
    address_of,
    forms,
    is_public,
    is_this_machine,
    parse_pattern,
    plain_host,
)

METADATA_HOSTS = frozenset(
    {
        "metadata",
        "metadata.google.internal",
        "metadata.goog",
        "instance-data",
        "instance-data.ec2.internal",
        "metadata.tencentyun.com",
        "metadata.platformequinix.com",
    }
)
# Link-local networks hold the metadata services of most clouds; the rest are those of others.
RESERVED = tuple(
    ip_network(text)
    for text in (
        "169.254.0.0/16",
        "fe80::/10",
        "fd00:ec2::/32",  # Amazon
        "fd20:ce::254/128",  # Google
        "100.100.100.200/32",  # Alibaba
        "168.63.129.16/32",  # Azure
        "192.0.0.192/32",  # Oracle
    )
)


@dataclass(frozen=True, slots=True)
class TargetPolicy:
    """`allow`: None allows any target. `confirmed`: somebody said that public addresses may be tested.
    `exposed`: the dashboard listens on more than this machine. `practice`: ports of the practice targets on
    loopback, which are always allowed."""

    allow: tuple[Pattern, ...] | None = None
    deny: tuple[Pattern, ...] = ()
    confirmed: bool = False
    exposed: bool = False
    practice: frozenset[int] = field(default_factory=frozenset)

    def name_refusal(self, host: str, port: int) -> str | None:
        """Why a host may not be asked, as far as its name tells; None where addresses must decide."""
        denied = next((rule for rule in self.deny if rule.names_host(host, port)), None)
        if denied is not None:
            return f"the rule --deny-target {denied.text} refuses {host}"
        if plain_host(host) in METADATA_HOSTS and not self._singles_out(host, port):
            return f"{host} is a cloud's metadata service, which hands out secrets"
        return None

    def refusal(self, host: str, address: Address, port: int) -> str | None:
        """Why that address of `host` may not be connected to; None where it may."""
        shown = _shown(host, address)
        denied = next((rule for rule in self.deny if rule.holds(address, port)), None)
        if denied is not None:
            return f"the rule --deny-target {denied.text} refuses {shown}"
        if (why := self.name_refusal(host, port)) is not None:
            return why
        if _reserved(address) and not self._names_reserved(host, address, port):
            return f"{shown} is a link-local address or a cloud's metadata service, which hands out secrets"
        return None if self._allows(host, address, port) else self._unlisted(shown, port)

    def unknown_refusal(self, host: str, port: int) -> str | None:
        """Why a name that leads nowhere may not be asked; where it may, the test finds out."""
        if (why := self.name_refusal(host, port)) is not None:
            return why
        if self.allow is None or any(rule.names_host(host, port) for rule in self.allow):
            return None
        return self._unlisted(host, port)

    def unconfirmed(self, host: str, address: Address) -> str | None:
        """Why that address needs somebody's word first; None where it needs none, or was given it."""
        if self.confirmed or not is_public(address):
            return None
        return f"{_shown(host, address)} is a public address"

    def why_not(self, host: str, address: Address, port: int) -> str | None:
        """Either of both: why no connection may be made."""
        return self.refusal(host, address, port) or _unsaid(self.unconfirmed(host, address))

    def proxied_refusal(self, host: str, port: int) -> str | None:
        """Why a proxy may not be asked for `host`. It looks names up itself, so a name is allowed by rules
        over names alone, but where any target is."""
        address = address_of(host)
        if address is not None:
            return self.refusal(host, address, port)
        if (why := self.name_refusal(host, port)) is not None:
            return why
        if self.allow is None or any(rule.names_host(host, port) for rule in self.allow):
            return None
        return f"a proxy looks up {host} itself, and no rule --allow-target names that host"

    def proxied_unconfirmed(self, host: str) -> str | None:
        """As `unconfirmed`: what a name leads a proxy to cannot be seen from here."""
        address = address_of(host)
        if address is not None:
            return self.unconfirmed(host, address)
        if self.confirmed or plain_host(host) == "localhost":
            return None
        return f"{host} may be a public address, as the proxy looks it up itself"

    def why_not_proxied(self, host: str, port: int) -> str | None:
        """Either of both: why a proxy is not asked for `host`."""
        return self.proxied_refusal(host, port) or _unsaid(self.proxied_unconfirmed(host))

    def allowing(self, addresses: Iterable[str], host: str, port: int) -> tuple[list[str], str]:
        """Those of a host's addresses that may be connected to, and why the first of the others may not."""
        kept, first_why = [], ""
        for text in addresses:
            address = address_of(text)
            why = f"{text} is no address" if address is None else self.why_not(host, address, port)
            if why is None:
                kept.append(text)
            first_why = first_why or why or ""
        return kept, first_why

    def _allows(self, host: str, address: Address, port: int) -> bool:
        if self.allow is None:
            return True
        if port in self.practice and is_this_machine(address):
            return True
        return any(rule.names_host(host, port) or rule.holds_wholly(address, port) for rule in self.allow)

    def _singles_out(self, host: str, port: int) -> bool:
        return any(rule.names_host(host, port) and "*" not in rule.text for rule in self.allow or ())

    def _names_reserved(self, host: str, address: Address, port: int) -> bool:
        """Whether a rule allows a reserved address by itself, not as part of something larger."""
        within = (
            rule
            for rule in self.allow or ()
            if rule.network is not None and any(_inside(rule.network, each) for each in RESERVED)
        )
        return self._singles_out(host, port) or any(rule.holds_wholly(address, port) for rule in within)

    def _unlisted(self, shown: str, port: int) -> str:
        if self.allow:
            return f"no rule --allow-target allows {shown} on port {port}"
        return (
            "this dashboard can be reached from other machines, so it tests only the practice targets until "
            f"its operator lists others; {shown} needs --allow-target"
        )

    def to_data(self) -> dict[str, Any]:
        """As plain values, for an engine."""
        return {
            "allow": None if self.allow is None else [rule.text for rule in self.allow],
            "deny": [rule.text for rule in self.deny],
            "confirmed": self.confirmed,
            "exposed": self.exposed,
            "practice": sorted(self.practice),
        }

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> "TargetPolicy":
        """The inverse of `to_data`."""
        return cls(
            allow=None if data["allow"] is None else parse_patterns(data["allow"]),
            deny=parse_patterns(data["deny"]),
            confirmed=data["confirmed"],
            exposed=data["exposed"],
            practice=frozenset(data["practice"]),
        )


ANYWHERE = TargetPolicy(confirmed=True)


def parse_patterns(texts: Sequence[str]) -> tuple[Pattern, ...]:
    """Raises ValueError for the first that is none."""
    return tuple(parse_pattern(text) for text in texts)


def policy_of(
    allow: Sequence[str], deny: Sequence[str], *, exposed: bool, practice: Iterable[int] = ()
) -> TargetPolicy:
    """The policy of an operator's lists: without any, a dashboard of this machine alone may test whatever is
    not reserved, and an exposed one the practice targets only."""
    listed = parse_patterns(allow) if allow or exposed else None
    return TargetPolicy(listed, parse_patterns(deny), exposed=exposed, practice=frozenset(practice))


def _unsaid(public: str | None) -> str | None:
    return None if public is None else f"{public}, and nobody has confirmed that it may be tested"


def _reserved(address: Address) -> bool:
    return any(each.version == net.version and each in net for each in forms(address) for net in RESERVED)


def _inside(network: Any, outer: Any) -> bool:
    return network.version == outer.version and bool(network.subnet_of(outer))


def _shown(host: str, address: Address) -> str:
    return host if address_of(host) == address else f"{host} ({address})"
