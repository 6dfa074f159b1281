"""Addresses: a typed URL taken apart and checked, and put together again. Pure."""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443}
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)", re.IGNORECASE)
_NUMBER_AT_END = re.compile(r"[\d.]+|(?:.*\.)?(?:\d+|0x[0-9a-f]*)\.?", re.IGNORECASE)
_KEEP_IN_PATH = "/%:@!$&'()*+,;=-._~"
_KEEP_IN_QUERY = _KEEP_IN_PATH + "?[]"


@dataclass(frozen=True, slots=True)
class Target:
    """Where requests go. `host` is ASCII (IDNA), an IPv6 address stands without brackets."""

    scheme: str
    host: str
    port: int
    path: str = "/"  # with the query, percent-encoded

    @property
    def origin(self) -> str:
        """`http://host[:port]`, the port only where it is not the scheme's own."""
        return f"{self.scheme}://{self.authority}"

    @property
    def authority(self) -> str:
        """The value of the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


def parse_url(text: str) -> Target:
    """The target that `text` names. Raises ValueError with a sentence that says what would be right."""
    cleaned = text.strip()
    if not cleaned:
        raise ValueError("enter an address such as http://127.0.0.1:8000/items")
    if any(ord(char) < 33 or ord(char) == 127 for char in cleaned):
        raise ValueError("an address has no spaces or control characters; write a space as %20")
    parts = _split(cleaned)
    if parts.scheme not in DEFAULT_PORTS:
        raise ValueError(_scheme_hint(cleaned, parts.scheme))
    if parts.username is not None or parts.password is not None:
        raise ValueError("leave user and password out of the address; send an Authorization header instead")
    path = quote(parts.path, safe=_KEEP_IN_PATH) or "/"
    query = f"?{quote(parts.query, safe=_KEEP_IN_QUERY)}" if parts.query else ""
    return Target(parts.scheme, _host(parts), _port(parts), path + query)


def _split(text: str) -> SplitResult:
    try:
        return urlsplit(text)
    except ValueError as error:
        raise ValueError(f"this address cannot be read: {error}") from error


def _scheme_hint(text: str, scheme: str) -> str:
    if "://" in text:
        return f"the address must start with http:// or https://, not {scheme}://"
    return f"start the address with http:// or https://, such as http://{text[:60].lstrip('/')}"


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    if not host:
        raise ValueError("the address has no host; write one such as http://127.0.0.1:8000/")
    if ":" in host:
        return _ipv6(host)
    try:
        ascii_host = host.encode("idna").decode("ascii") if not host.isascii() else host
    except UnicodeError as error:
        raise ValueError(f"{host[:80]!r} is no valid host name") from error
    if _NUMBER_AT_END.fullmatch(ascii_host):  # systems read 2130706433 and 0x7f.1 as addresses, too
        return _ipv4(ascii_host)
    labels = ascii_host.rstrip(".").split(".")
    if len(ascii_host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError(f"{host[:80]!r} is no valid host name")
    return ascii_host


def _ipv4(host: str) -> str:
    try:
        return str(ipaddress.IPv4Address(host))
    except ValueError as error:
        raise ValueError(f"{host[:80]!r} is no IPv4 address; write four numbers of 0 to 255") from error


def _ipv6(host: str) -> str:
    try:
        return str(ipaddress.IPv6Address(host))
    except ValueError as error:
        raise ValueError(f"[{host[:80]}] is no IPv6 address") from error


def _port(parts: SplitResult) -> int:
    try:
        port = parts.port
    except ValueError as error:
        raise ValueError("the port must be a number between 1 and 65535") from error
    if port == 0:
        raise ValueError("the port must be a number between 1 and 65535, not 0")
    return DEFAULT_PORTS[parts.scheme] if port is None else port
