"""A request as it goes over the wire: its parts, and their bytes. Pure."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from webui import __version__
from webui.plan.model import Auth, BasicAuth, Plan
from webui.plan.request import Request
from webui.plan.secrets import is_secret_name
from webui.plan.target import Target, parse_url

USER_AGENT = f"katydid/{__version__} (load test)"
ACCEPT_ENCODING = "gzip, deflate"  # what the checks can decode
_METHODS_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_CHUNK = 16 * 1024
_ABOUT_THE_BODY = frozenset(
    {"content-type", "content-encoding", "content-language", "content-location", "expect"}
)

Header = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One request. `headers` are all but those of its framing; `body` is None where it has none.

    `chunked`: the body goes in chunks; `expect`: only once the server has asked for it. `secrets`: headers,
    in lower case, that the plan says are secret.
    """

    method: str
    target: Target
    headers: tuple[Header, ...]
    body: bytes | None = None
    chunked: bool = False
    expect: bool = False
    secrets: frozenset[str] = frozenset()

    def framing(self) -> list[Header]:
        """The headers that say where the body ends, and what is to happen before it."""
        if self.body is None:
            return [("Content-Length", "0")] if self.method in _METHODS_WITH_BODY else []
        size = ("Transfer-Encoding", "chunked") if self.chunked else ("Content-Length", str(len(self.body)))
        return [size, ("Expect", "100-continue")] if self.expect else [size]

    def head(self, *, keepalive: bool) -> bytes:
        """The request line and all headers, without the blank line."""
        closing = [] if keepalive else [("Connection", "close")]
        lines = [f"{self.method} {self.target.path} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in [*self.headers, *self.framing(), *closing]]
        return "\r\n".join([*lines, ""]).encode("latin-1")

    def content(self) -> bytes:
        """The body in its framing."""
        if self.body is None or not self.chunked:
            return self.body or b""
        return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in _parts(self.body)) + b"0\r\n\r\n"

    def has(self, name: str) -> bool:
        """Whether it carries that header; `name` is in lower case."""
        return any(own.lower() == name for own, _ in self.headers)

    def to(self, target: Target, *, as_get: bool) -> "Outgoing":
        """The same request to where a redirect leads. Another origin gets no header named like a secret."""
        left_out = _ABOUT_THE_BODY if as_get else frozenset()
        headers = tuple(header for header in self.headers if header[0].lower() not in left_out)
        if target.origin != self.target.origin:
            open_to_all = (own for own in headers if own[0].lower() != "host" and not self._is_secret(own[0]))
            headers = (("Host", target.authority), *open_to_all)
        if as_get:
            return Outgoing("GET", target, headers, secrets=self.secrets)
        return replace(self, target=target, headers=headers)

    def _is_secret(self, name: str) -> bool:
        return is_secret_name(name) or name.lower() in self.secrets


def _parts(body: bytes) -> Iterator[bytes]:
    return (body[start : start + _CHUNK] for start in range(0, len(body), _CHUNK))


def outgoing(plan: Plan, request: Request) -> Outgoing:
    """The plan's request. Its own headers replace the defaults, those of the plan's credentials too."""
    target = plan.target_of(request)
    headers = {
        "Host": target.authority,
        "User-Agent": USER_AGENT,
        "Accept": "*/*",
        "Accept-Encoding": ACCEPT_ENCODING,
    }
    if plan.http.auth is not None and target.origin == parse_url(plan.base_url).origin:
        headers["Authorization"] = authorization(plan.http.auth)
    if request.body is not None:
        headers["Content-Type"] = request.body.content_type
    own = {name.lower() for name in request.headers}
    headers = {name: value for name, value in headers.items() if name.lower() not in own} | request.headers
    body = None if request.body is None else request.body.encode()
    return Outgoing(
        request.method,
        Target(target.scheme, target.host, target.port, _with_query(target.path, request)),
        tuple(headers.items()),
        body,
        chunked=request.chunked,
        expect=request.expect_continue and bool(body),
        secrets=frozenset(name.lower() for name in plan.secrets),
    )


def authorization(auth: Auth) -> str:
    """The value of the Authorization header (RFC 7617, RFC 6750)."""
    if isinstance(auth, BasicAuth):
        return "Basic " + base64.b64encode(f"{auth.user}:{auth.password}".encode()).decode("ascii")
    return f"Bearer {auth.token}"


def _with_query(path: str, request: Request) -> str:
    if not request.query:
        return path
    return path + ("&" if "?" in path else "?") + urlencode(request.query, doseq=True)
