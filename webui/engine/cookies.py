"""One user's cookies (RFC 6265), far lighter than the standard library's jar. Pure: time comes in.

Stricter than the RFC in two points: a cookie without Domain goes back to the port that it came from only
(80 and 443 count as one), and Domain must have a dot inside, so that no cookie is for all of `.com`.
"""

import ipaddress
import re
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime

from webui.plan.target import DEFAULT_PORTS, Target

MOST_COOKIES = 200
_LONGEST = 4096
_NEVER = float("inf")
_HYPHENS = re.compile(r"(\d)-([A-Za-z]{3})-(\d)")  # how Netscape wrote a date
_BAD_CHARACTERS = frozenset(chr(code) for code in (*range(32), 127, 59))

Key = tuple[str, int, str, str]  # domain, port (0: any), path, name


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie that is kept. `port` is 0 where any will do, that is, where the server named a Domain."""

    name: str
    value: str
    domain: str
    port: int
    path: str
    secure: bool
    expires: float  # seconds since the epoch

    @property
    def key(self) -> Key:
        """What a newer cookie must share to replace this one."""
        return self.domain, self.port, self.path, self.name

    def is_for(self, target: Target, path: str) -> bool:
        """Whether a request to there carries it; `path` is the target's without the query."""
        if self.secure and target.scheme != "https":
            return False
        if self.port:
            fits = (self.domain, self.port) == (target.host.lower(), _port(target))
        else:
            fits = _domain_matches(target.host.lower(), self.domain)
        return fits and _path_matches(path, self.path)


class Jar:
    """At most 200 cookies; the oldest goes first. Cookie lines are remembered until something changes."""

    __slots__ = ("_cookies", "_expires", "_lines")

    def __init__(self) -> None:
        self._cookies: dict[Key, Cookie] = {}
        self._lines: dict[Target, bytes] = {}
        self._expires = _NEVER  # the first of the cookies

    def __len__(self) -> int:
        return len(self._cookies)

    def store(self, target: Target, header: str, now: float) -> None:
        """Keeps what a Set-Cookie from there says, if it may; `now` in seconds since the epoch."""
        cookie = parse_cookie(target, header, now)
        if cookie is None:
            return
        before = self._cookies.pop(cookie.key, None)
        if cookie.expires > now:
            if len(self._cookies) >= MOST_COOKIES:
                del self._cookies[next(iter(self._cookies))]
            self._cookies[cookie.key] = cookie
            self._expires = min(self._expires, cookie.expires)
        if before is None or before.value != cookie.value or cookie.expires <= now:
            self._lines.clear()

    def line(self, target: Target, now: float) -> bytes:
        """The Cookie header of a request to there with its line's end; empty without cookies for it."""
        if now >= self._expires:
            self._expire(now)
        line = self._lines.get(target)
        if line is None:
            if len(self._lines) >= MOST_COOKIES:
                self._lines.clear()
            line = self._lines[target] = self._make_line(target)
        return line

    def _make_line(self, target: Target) -> bytes:
        path = target.path.partition("?")[0]
        fitting = [cookie for cookie in self._cookies.values() if cookie.is_for(target, path)]
        fitting.sort(key=lambda cookie: -len(cookie.path))
        if not fitting:
            return b""
        pairs = "; ".join(f"{c.name}={c.value}" if c.name else c.value for c in fitting)
        return f"Cookie: {pairs}\r\n".encode("latin-1")

    def _expire(self, now: float) -> None:
        self._cookies = {key: cookie for key, cookie in self._cookies.items() if cookie.expires > now}
        self._expires = min((cookie.expires for cookie in self._cookies.values()), default=_NEVER)
        self._lines.clear()


def parse_cookie(target: Target, header: str, now: float) -> Cookie | None:
    """The cookie of one Set-Cookie from there (RFC 6265, section 5.2); None where it is to be ignored."""
    pair, *rest = header.split(";")
    name, equals, value = (part.strip(" \t") for part in pair.partition("="))
    if not equals:
        name, value = "", name
    if not (name or value) or len(name) + len(value) > _LONGEST or _BAD_CHARACTERS & {*name, *value}:
        return None
    found = _attributes(rest)
    domain = found.get("domain", "").removeprefix(".").lower()
    host = target.host.lower()
    if domain and not _may_set(host, domain):
        return None
    path = found.get("path", "")
    if not path.startswith("/") or _BAD_CHARACTERS & {*path}:
        path = _default_path(target.path.partition("?")[0])
    host_only = not domain or _is_address(host)
    return Cookie(
        name,
        value,
        host if host_only else domain,
        _port(target) if host_only else 0,
        path,
        "secure" in found,
        _expiry(found, now),
    )


def _attributes(parts: list[str]) -> dict[str, str]:
    """By name, in lower case; the last of a name counts."""
    pairs = (part.partition("=") for part in parts)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _expiry(found: dict[str, str], now: float) -> float:
    """Max-Age goes before Expires; what can't be read does not count."""
    age = found.get("max-age", "")
    if age.isascii() and age.removeprefix("-").isdigit():
        return now + int(age[:12]) if int(age[:12]) > 0 else 0.0
    try:
        moment = parsedate_to_datetime(_HYPHENS.sub(r"\1 \2 \3", found["expires"]))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (KeyError, ValueError, TypeError, OverflowError, IndexError):
        return _NEVER


def _port(target: Target) -> int:
    return 443 if target.port in DEFAULT_PORTS.values() else target.port


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _may_set(host: str, domain: str) -> bool:
    if host == domain:
        return True
    return "." in domain.strip(".") and _domain_matches(host, domain) and not _is_address(host)


def _domain_matches(host: str, domain: str) -> bool:
    return host == domain or host.endswith("." + domain)


def _path_matches(path: str, wanted: str) -> bool:
    return path == wanted or (path.startswith(wanted) and (wanted.endswith("/") or path[len(wanted)] == "/"))


def _default_path(path: str) -> str:
    return path[: path.rindex("/")] or "/"
