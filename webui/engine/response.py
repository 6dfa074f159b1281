"""Response heads: parsed strictly by llhttp once, then recognised by their bytes. Pure.

A server's heads repeat byte for byte (for nginx within a second, until `Date` moves on), so looking a head
up costs a sixth of parsing it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import httptools

HEAD_LIMIT = 64 * 1024
_CACHE_LIMIT = 64  # heads that recur are few: with a Date most last a second
END_OF_HEAD = b"\r\n\r\n"

# How a body is framed, where it isn't a length of 0 or more.
CHUNKED = -1
UNTIL_CLOSE = -2


class Violation(Exception):
    """What a server sent breaks the protocol or a limit. `kind` is the request's kind of failure."""

    def __init__(self, detail: str, kind: str = "protocol_error") -> None:
        super().__init__(detail)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Head:
    """One parsed head. `length` is the body's, or CHUNKED or UNTIL_CLOSE.

    `span`: the blank line and the body together where the response ends after so many bytes and there is
    nothing else to it than a status; -1 otherwise. `cookies`: the values of Set-Cookie, as they came.
    """

    status: int
    length: int
    keep: bool
    span: int
    fields: Mapping[str, str]  # the first of each name, in lower case; empty unless wanted
    cookies: tuple[str, ...] = ()

    @property
    def interim(self) -> bool:
        """Whether the real head is still to come."""
        return self.status < 200


class HeadCache(dict[bytes, Head]):
    """Heads by their bytes, without the blank line at the end. Emptied when full, so its size is bounded.

    `bodiless`: for requests whose responses have no body whatever their head says (HEAD). `body_limit`:
    bytes that a body may have. `cookies` and `fields`: whether anybody wants to know of them.
    """

    __slots__ = ("_bodiless", "_cookies", "_fields", "body_limit")

    def __init__(
        self, *, bodiless: bool, body_limit: int, cookies: bool = False, fields: bool = False
    ) -> None:
        super().__init__()
        self._bodiless = bodiless
        self._cookies = cookies
        self._fields = fields
        self.body_limit = body_limit

    def parse(self, data: bytes) -> Head:
        """The head of those bytes, remembered if it is a final one. Raises Violation."""
        head = self.get(data)
        if head is not None:
            return head
        head = parse_head(data, bodiless=self._bodiless, cookies=self._cookies, fields=self._fields)
        if head.length > self.body_limit:
            raise body_too_large(self.body_limit, head.length)
        if not head.interim:
            if len(self) >= _CACHE_LIMIT:
                self.clear()
            self[data] = head
        return head


def body_too_large(limit: int, length: int | None = None) -> Violation:
    """The failure of a response whose body has, or will have, more than `limit` bytes."""
    size = "more than that" if length is None else f"{length:,} bytes"
    return Violation(f"the body has {size}, {limit:,} are allowed", "body_too_large")


class _Collector:
    """Receives llhttp's callbacks for one head."""

    __slots__ = ("complete", "connection", "cookies", "fields", "length", "transfer")

    def __init__(self, *, fields: bool) -> None:
        self.fields: dict[str, str] | None = {} if fields else None
        self.cookies: tuple[str, ...] = ()
        self.complete = False
        self.length: int | None = None
        self.transfer = b""
        self.connection = b""

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        if self.fields is not None:
            self.fields.setdefault(name.decode("latin-1"), value.decode("latin-1"))
        match name:
            case b"set-cookie":
                self.cookies += (value.decode("latin-1"),)
            case b"content-length":
                self.length = int(value)
            case b"transfer-encoding":
                self.transfer += b"," + value.lower()
            case b"connection":
                self.connection += b"," + value.lower()

    def on_headers_complete(self) -> None:
        self.complete = True


def parse_head(data: bytes, *, bodiless: bool, cookies: bool = False, fields: bool = False) -> Head:
    """The head of those bytes (without the blank line). Raises Violation for what is no HTTP/1 head."""
    found = _Collector(fields=fields)
    parser = httptools.HttpResponseParser(found)
    try:
        parser.feed_data(data + END_OF_HEAD)
    except httptools.HttpParserUpgrade as error:
        raise Violation("the server switched protocols without being asked") from error
    except (httptools.HttpParserError, ValueError) as error:
        raise Violation(f"not an HTTP response: {error}") from error
    version, status = parser.get_http_version(), parser.get_status_code()
    if not found.complete or version not in ("1.0", "1.1") or status < 100 or status == 101:
        raise Violation(f"not a response to this request: HTTP/{version} {status}")
    length = _body_length(found, status, bodiless=bodiless)
    keep = length != UNTIL_CLOSE and _keeps(version, found.connection)
    kept = found.cookies if cookies else ()
    span = length + len(END_OF_HEAD) if length >= 0 and status >= 200 and not kept else -1
    return Head(status, length, keep, span, found.fields or {}, kept)


def _body_length(found: _Collector, status: int, *, bodiless: bool) -> int:
    """RFC 9112, section 6.3."""
    if bodiless or status < 200 or status in (204, 304):
        return 0
    if found.transfer:
        return CHUNKED if _tokens(found.transfer)[-1] == b"chunked" else UNTIL_CLOSE
    return UNTIL_CLOSE if found.length is None else found.length


def _keeps(version: str, connection: bytes) -> bool:
    tokens = _tokens(connection)
    return b"close" not in tokens and (version == "1.1" or b"keep-alive" in tokens)


def _tokens(value: bytes) -> list[bytes]:
    return [token.strip() for token in value.split(b",")]
