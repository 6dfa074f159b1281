"""One user's cookies (RFC 6265), far lighter than the standard library's jar. Pure: time comes in.

Stricter than the RFC: a cookie without Domain goes back to the port that it came from only (80 and 443 count
as one); Domain must have a dot inside, so that no cookie is for all of `.com` (other public
suffixes are not known: `co.uk` may be named); `Secure`, `__Secure-` and `__Host-` bind as in browsers.
Small, for every user has a jar: a target decides what is in it.
"""

import ipaddress
import re
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime

from webui.plan.target import DEFAULT_PORTS, Target

MOST_COOKIES = 200
MOST_BYTES = 64 * 1024  # of all names, values, domains and paths
MOST_LINES = 16
_LONGEST_LINE = 8192  # that is remembered; a longer one is made anew for each request
_LONGEST = 4096
_LONGEST_PATH = 1024
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

    @property
    def size(self) -> int:
        """What it counts for in its jar, in bytes."""
        return len(self.name) + len(self.value) + len(self.domain) + len(self.path)

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
    """At most 200 cookies and 64 KiB; the oldest goes first. A few Cookie lines are remembered."""

    __slots__ = ("_cookies", "_expires", "_lines", "_size")

    def __init__(self) -> None:
        self._cookies: dict[Key, Cookie] = {}
        self._lines: dict[Target, bytes] = {}
        self._size = 0  # of all cookies
        self._expires = _NEVER  # the first of the cookies

    def __len__(self) -> int:
        return len(self._cookies)

    def store(self, target: Target, header: str, now: float) -> None:
        """Keeps what a Set-Cookie from there says, if it may; `now` in seconds since the epoch."""
        cookie = parse_cookie(target, header, now)
        if cookie is None:
            return
        before = self._remove(cookie.key)
        if cookie.expires > now:
            self._make_room(cookie.size)
            self._cookies[cookie.key] = cookie
            self._size += cookie.size
            self._expires = min(self._expires, cookie.expires)
        if before is None or before.value != cookie.value or cookie.expires <= now:
            self._lines.clear()

    def _remove(self, key: Key) -> Cookie | None:
        cookie = self._cookies.pop(key, None)
        if cookie is not None:
            self._size -= cookie.size
        return cookie

    def _make_room(self, size: int) -> None:
        """For one more cookie of that size; what leaves takes the remembered lines with it."""
        while self._cookies and (len(self._cookies) >= MOST_COOKIES or self._size + size > MOST_BYTES):
            self._remove(next(iter(self._cookies)))
            self._lines.clear()

    def line(self, target: Target, now: float) -> bytes:
        """The Cookie header of a request to there with its line's end; empty without cookies for it."""
        if now >= self._expires:
            self._expire(now)
        line = self._lines.get(target)
        if line is None:
            line = self._make_line(target)
            if len(self._lines) >= MOST_LINES:
                self._lines.clear()
            if len(line) <= _LONGEST_LINE:
                self._lines[target] = line
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
        self._size = sum(cookie.size for cookie in self._cookies.values())
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
    if not path.startswith("/") or len(path) > _LONGEST_PATH or _BAD_CHARACTERS & {*path}:
        path = _default_path(target.path.partition("?")[0])
    host_only = not domain or _is_address(host)
    if len(path) > _LONGEST_PATH or not _is_secured(target, name, found, host_only=not domain):
        return None
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


def _is_secured(target: Target, name: str, found: dict[str, str], *, host_only: bool) -> bool:
    """Whether the cookie came and will go as safely as it and the prefix of its name say."""
    prefix, secure = name.lower(), "secure" in found
    if secure and target.scheme != "https":
        return False
    if prefix.startswith("__host-"):
        return secure and host_only and found.get("path") == "/"
    return secure or not prefix.startswith("__secure-")


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
