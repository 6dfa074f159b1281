"""The plan: what to do, immutable once a run starts (`katydid.plan/1`). Pure."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from webui.metrics import thresholds
from webui.plan.base import Document
from webui.plan.load import MAX_DURATION_S, Load, Sweep, no_warmup
from webui.plan.request import Request
from webui.plan.secrets import is_secret_name
from webui.plan.target import Target, parse_url
from webui.units import NS_PER_S

MAX_REQUESTS = 100
DEFAULT_MAX_BODY = 16 * 1024 * 1024
DEFAULT_BACKOFF_S = (0.1, 1.0)


class BasicAuth(Document):
    """User and password, sent as an Authorization header to the plan's own origin only."""

    type: Literal["basic"]
    user: Annotated[str, Field(max_length=200)]
    password: Annotated[str, Field(max_length=1000)]

    @field_validator("user")
    @classmethod
    def _no_colon(cls, value: str) -> str:
        if ":" in value.replace("${env:", ""):
            raise ValueError("a user name for basic authentication has no colon")
        return value


class BearerAuth(Document):
    """A token, sent as an Authorization header to the plan's own origin only."""

    type: Literal["bearer"]
    token: Annotated[str, Field(min_length=1, max_length=10_000, pattern=r"^[!-~]+$")]


Auth = Annotated[BasicAuth | BearerAuth, Field(discriminator="type")]


# Without a wait, a target that refuses would be asked again at once, by a generator at full CPU.
Backoff = Annotated[float, Field(ge=0.01, le=300)]


class HttpOptions(Document):
    """How connections are made and what is done with responses.

    `cookies`: each user keeps the cookies that it is given. `dns`: a name is looked up once a run or for
    each connection. `reconnect_backoff_s`: how long a user waits after a failed connection, doubling from the
    first to the second with each further one. `ca_pem` and the client certificate are PEM texts. HTTP/2 and
    a proxy go through httpx, one client per user, at a fraction of the speed.
    """

    timeout_s: Annotated[float, Field(ge=0.001, le=3600)] = 10.0
    keepalive: bool = True
    verify_tls: bool = True
    follow_redirects: bool = False
    max_redirects: Annotated[int, Field(ge=1, le=50)] = 10
    http2: bool = False
    proxy: Annotated[str, Field(max_length=2000)] | None = None
    cookies: bool = True
    auth: Auth | None = None
    dns: Literal["once", "per-connection"] = "once"
    reconnect_backoff_s: tuple[Backoff, Backoff] = DEFAULT_BACKOFF_S
    max_body_bytes: Annotated[int, Field(ge=1, le=1 << 30)] = DEFAULT_MAX_BODY
    ca_pem: Annotated[str, Field(max_length=1_000_000)] | None = None
    client_cert_pem: Annotated[str, Field(max_length=100_000)] | None = None
    client_key_pem: Annotated[str, Field(max_length=100_000)] | None = None

    @field_validator("proxy")
    @classmethod
    def _valid_proxy(cls, value: str | None) -> str | None:
        if value is not None and "@" in value.partition("://")[2].partition("/")[0]:
            raise ValueError("a proxy that asks for a login is not supported; leave user and password out")
        if value is not None:
            parse_url(value)
        return value

    @field_validator("reconnect_backoff_s")
    @classmethod
    def _rising(cls, value: tuple[float, float]) -> tuple[float, float]:
        if value[0] > value[1]:
            raise ValueError("the first, shortest wait comes first")
        return value

    @field_validator("ca_pem", "client_cert_pem", "client_key_pem")
    @classmethod
    def _is_pem(cls, value: str | None) -> str | None:
        if value is not None and "-----BEGIN " not in value:
            raise ValueError("must be PEM text, which starts with -----BEGIN")
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> "HttpOptions":
        if (self.client_cert_pem is None) != (self.client_key_pem is None):
            raise ValueError("a client certificate needs both client_cert_pem and client_key_pem")
        return self

    @property
    def reconnect_backoff_ns(self) -> tuple[int, int]:
        """`reconnect_backoff_s` in nanoseconds."""
        first_s, longest_s = self.reconnect_backoff_s
        return round(first_s * NS_PER_S), round(longest_s * NS_PER_S)

    @property
    def needs_httpx(self) -> bool:
        """Whether the engine's own protocol cannot do this."""
        return self.http2 or self.proxy is not None


def _check_threshold(expression: str) -> str:
    thresholds.parse(expression)
    return expression


Expression = Annotated[str, Field(max_length=300), AfterValidator(_check_threshold)]
SecretField = Annotated[str, Field(min_length=1, max_length=200)]
Tag = Annotated[str, Field(min_length=1, max_length=60)]
ThinkTime = Annotated[float, Field(ge=0, le=3600)]


NO_CANARY = "off"
MAX_WARMUP_S = 3600.0


def _check_canary(path: str, base_url: str, requests: Sequence[Request]) -> None:
    """Raises ValueError for a canary that would be part of the load."""
    asked = _route(base_url, path)
    if any(_route(base_url, each.path) == asked for each in requests if each.method in ("GET", "HEAD")):
        raise ValueError("the canary must be another route than the one under load")


def _route(base_url: str, path: str) -> tuple[str, str]:
    target = _on(base_url, path)
    return target.origin, target.path.partition("?")[0]


def _on(base_url: str, path: str) -> Target:
    return parse_url(base_url.rstrip("/") + path if path.startswith("/") else path)


class Plan(Document):
    """Requests by weight, a load, rules. `think_time_s` is the pause after each request, drawn evenly
    between its two ends. `graceful_stop_s`: how long requests in flight may go on when the load ends.
    `abort_on_fail_after_s`: from then on the run is stopped as soon as a threshold does not hold.
    `canary`: the path of a cheap route on the base URL that is asked beside the load, or "off"; None: a sweep
    looks for one itself, other shapes have none. `secrets`: names of further headers, parameters and fields
    whose values are secret. `warmup_s`: load goes on for so long before the run begins, and what comes of it
    is in no figure but its own."""

    schema_: Annotated[Literal["katydid.plan/1"], Field(alias="schema")] = "katydid.plan/1"
    name: Annotated[str, Field(max_length=200)] = ""
    base_url: str
    tags: Annotated[tuple[Tag, ...], Field(max_length=20)] = ()
    note: Annotated[str, Field(max_length=10_000)] = ""
    secrets: Annotated[tuple[SecretField, ...], Field(max_length=50)] = ()
    requests: Annotated[tuple[Request, ...], Field(min_length=1, max_length=MAX_REQUESTS)]
    load: Load
    think_time_s: tuple[ThinkTime, ThinkTime] = (0.0, 0.0)
    thresholds: Annotated[tuple[Expression, ...], Field(max_length=50)] = ()
    canary: Annotated[str, Field(max_length=2000)] | None = None
    http: HttpOptions = HttpOptions()
    abort_on_fail_after_s: Annotated[float, Field(ge=0, le=MAX_DURATION_S)] | None = None
    graceful_stop_s: Annotated[float, Field(ge=0, le=600)] = 2.0
    warmup_s: Annotated[float, Field(ge=0, le=MAX_WARMUP_S)] = 0.0

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    @field_validator("base_url")
    @classmethod
    def _valid_base_url(cls, value: str) -> str:
        parse_url(value)
        if "?" in value or "#" in value:
            raise ValueError("the base address has no query or fragment; put the query in a request's path")
        return value.strip()

    @field_validator("name")
    @classmethod
    def _printable(cls, value: str) -> str:
        if not value.isprintable():
            raise ValueError("a name must be printable text")
        return value.strip()

    @field_validator("canary")
    @classmethod
    def _is_another_route(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None or value == NO_CANARY:
            return value
        if not value.startswith("/") or any(ord(char) < 33 or ord(char) == 127 for char in value):
            raise ValueError('a canary is a path on the base address, such as /ping, or "off"')
        if "base_url" in info.data and "requests" in info.data:
            _check_canary(value, info.data["base_url"], info.data["requests"])
        return value

    @field_validator("think_time_s")
    @classmethod
    def _rising(cls, value: tuple[float, float], info: ValidationInfo) -> tuple[float, float]:
        if value[0] > value[1]:
            raise ValueError("the shortest think time comes first")
        if value[1] and isinstance(info.data.get("load"), Sweep):
            raise ValueError("a sweep has no think time: users who pause are not at work")
        return value

    @field_validator("warmup_s")
    @classmethod
    def _can_be_warmed_up(cls, value: float, info: ValidationInfo) -> float:
        if value and "load" in info.data and (reason := no_warmup(info.data["load"])):
            raise ValueError(reason)
        return value

    @model_validator(mode="after")
    def _distinct_labels(self) -> "Plan":
        labels = [request.label for request in self.requests]
        twice = next((label for label in labels if labels.count(label) > 1), None)
        if twice is not None:
            raise ValueError(f"two requests are called {twice!r}; give each a name of its own")
        return self

    def is_secret(self, name: str) -> bool:
        """Whether the value of a header, parameter or field of that name is secret: its name says so, or the
        plan does."""
        return is_secret_name(name) or name.lower() in {own.lower() for own in self.secrets}

    @property
    def title(self) -> str:
        """The name on pages: the given one, or the first request on its host."""
        if self.name:
            return self.name
        target = self.target_of(self.requests[0])
        more = len(self.requests) - 1
        return f"{target.authority}{target.path.partition('?')[0]}" + (f" and {more} more" if more else "")

    def target_of(self, request: Request) -> Target:
        """Where `request` goes: its path on the base URL, or its own whole URL. Its query is not added."""
        return _on(self.base_url, request.path)
