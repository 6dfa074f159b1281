"""Hides secrets from what leaves the dashboard, such as shared results. Pure.

Secret is the value of a header, query parameter, form field or JSON key whose name says so (Authorization,
Cookie, anything with token, secret, key, password …) or that the plan
marks in `secrets`, user and password of the plan's login and in an
address, a client certificate's key, and credentials that free text shows by their form. A value found to be
secret is also hidden wherever else it turns up.
"""

import base64
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote, unquote_plus

from webui.plan.checks import BodyCheck, Check, HeaderCheck, JsonCheck
from webui.plan.model import Auth, BasicAuth, HttpOptions, Plan
from webui.plan.request import Body, FileBody, FormBody, JsonBody, Request, TextBody
from webui.plan.secrets import TELLTALES, is_secret_name
from webui.security.hiding import HIDDEN, forms_of

__all__ = ["HIDDEN", "Redactor", "redact_address", "redact_plan", "redact_text"]

IsSecret = Callable[[str], bool]

_NAME = rf"[\w.\[\]-]*(?:{TELLTALES})[\w.\[\]-]*"

_USERINFO = re.compile(r"(?<=://)[^\s/@?#\"']+(?=@)")
_SCHEME = re.compile(  # what follows must look unlike a word: "Basic authentication failed" stays
    r"\b([Bb]earer|[Bb]asic)(\s+)(?=[\w.~+/-]*(?:[\d=]|[a-z][A-Z]|\.\w)|[\w~+/-]{16})[\w.~+/-]{4,}=*"
)
_JWT = re.compile(r"\beyJ[\w-]{6,}\.[\w-]+\.[\w-]*")
_HEADER_LINE = re.compile(r"\b((?:proxy-)?authorization|(?:set-)?cookie)(\s*:\s*)[^\r\n\"']+", re.IGNORECASE)
_QUOTED = re.compile(rf"(?P<q>[\"'])({_NAME})(?P=q)(\s*:\s*)([\"'])(?:\\.|(?!\4).)*\4", re.IGNORECASE)
_BARE = re.compile(rf"(?<![\w.-])({_NAME})(\s*[=:]\s*)(?!\[hidden\])([^\s&;,\"'<>\[\]{{}}]+)", re.IGNORECASE)

_ENDPOINT = re.compile(r'(\s*endpoint\(\s*)("(?:[^"\\]|\\.)*")')
_CHECKED = re.compile(  # as `webui.plan.assertions.claim` words it
    rf"({_NAME}[^\s]* should (?:(?:be|(?:not )?(?:contain|match)) |(?=(?:not )?exist\b))).*",
    re.IGNORECASE | re.DOTALL,
)
_HIDDEN_KEY = f"-----BEGIN PRIVATE KEY-----\n{HIDDEN}\n-----END PRIVATE KEY-----\n"


def redact_text(text: str) -> str:
    """`text` without what looks like a credential: in addresses, header lines, `name=value` and JSON."""
    text = _USERINFO.sub(HIDDEN, text)
    text = _HEADER_LINE.sub(rf"\1\2{HIDDEN}", text)
    text = _SCHEME.sub(rf"\1\2{HIDDEN}", text)
    text = _JWT.sub(HIDDEN, text)
    text = _CHECKED.sub(rf"\1{HIDDEN}", text)
    text = _QUOTED.sub(rf"\g<q>\2\g<q>\3\4{HIDDEN}\4", text)
    return _BARE.sub(rf"\1\2{HIDDEN}", text)


def redact_plan(plan: Plan) -> Plan:
    """The plan with its secrets replaced by `[hidden]`; it stays a valid plan."""
    return Redactor.of(plan).plan(plan)


@dataclass(frozen=True, slots=True)
class Redactor:
    """Hides what looks secret, and the `secrets` themselves wherever they stand."""

    secrets: tuple[str, ...] = ()
    is_secret: IsSecret = is_secret_name  # by the name of a header, parameter, field or key

    @classmethod
    def of(cls, plan: Plan) -> "Redactor":
        """A redactor that knows the secrets of `plan`, as they are and as they look in an address."""
        found = {value for request in plan.requests for value in _secrets_of(request, plan.is_secret)}
        found.update(_login_secrets(plan.http))
        # Not the plan's own method: whoever keeps a redactor does not keep the plan, which may be large.
        return cls(forms_of(found), partial(_is_marked, frozenset(own.lower() for own in plan.secrets)))

    def text(self, text: str) -> str:
        """`text` without secrets."""
        for secret in self.secrets:
            text = text.replace(secret, HIDDEN)
        return redact_text(text)

    def plan(self, plan: Plan) -> Plan:
        """`plan` without secrets."""
        requests = _distinct([self._request(request) for request in plan.requests])
        labels = {old.label: new.label for old, new in zip(plan.requests, requests, strict=True)}
        return plan.model_copy(
            update={
                "name": self.text(plan.name),
                "note": self.text(plan.note),
                "tags": tuple(self.text(tag) for tag in plan.tags),
                "base_url": redact_address(self.known(plan.base_url), self.is_secret),
                "thresholds": tuple(self._threshold(expression, labels) for expression in plan.thresholds),
                "requests": tuple(requests),
                "http": self._http(plan.http),
            }
        )

    def _threshold(self, expression: str, labels: Mapping[str, str]) -> str:
        """A rule about one request has to name it as it is called now."""
        match = _ENDPOINT.match(expression)
        if match is None:
            return self.text(expression)
        name = json.loads(match[2])
        shown = json.dumps(labels.get(name, name), ensure_ascii=False)
        return f"{match[1]}{shown}{expression[match.end() :]}"

    def known(self, text: str) -> str:
        """An address without the values that are known to be secret."""
        for secret in self.secrets:
            text = text.replace(secret, quote(HIDDEN, safe=""))
        return text

    def _request(self, request: Request) -> Request:
        return request.model_copy(
            update={
                "path": redact_address(self.known(request.path), self.is_secret),
                "name": None if request.name is None else self.text(request.name),
                "headers": _fields(request.headers, self),
                "query": _fields(request.query, self),
                "body": None if request.body is None else self._body(request.body),
                "checks": tuple(self._check(check) for check in request.checks),
            }
        )

    def _http(self, http: HttpOptions) -> HttpOptions:
        return http.model_copy(
            update={
                "auth": None if http.auth is None else _hidden_login(http.auth),
                "client_key_pem": None if http.client_key_pem is None else _HIDDEN_KEY,
            }
        )

    def _check(self, check: Check) -> Check:
        """Without secrets in what it compares with; it stays a valid rule."""
        if not isinstance(check, HeaderCheck | BodyCheck | JsonCheck):
            return check
        if not self.is_secret(_looked_at(check)) and self.text(check.is_) == check.is_:
            return check
        return check.model_copy(update={"is_": f"contains {HIDDEN}"})

    def _body(self, body: Body) -> Body:
        match body:
            case TextBody():
                return body.model_copy(update={"text": self.text(body.text)})
            case JsonBody():
                return body.model_copy(update={"value": _json(body.value, self)})
            case FormBody():
                return body.model_copy(update={"fields": _fields(body.fields, self)})
            case FileBody():  # what a file holds cannot be judged
                hidden = base64.b64encode(HIDDEN.encode()).decode()
                return body.model_copy(update={"content_base64": hidden})


def _is_marked(marked: frozenset[str], name: str) -> bool:
    return is_secret_name(name) or name.lower() in marked


def _secrets_of(request: Request, is_secret: IsSecret) -> Iterable[str]:
    for name, value in request.headers.items():
        if is_secret(name):
            yield value
            yield value.partition(" ")[2].strip()  # `Bearer x`: the x alone is as secret
    for name, values in request.query.items():
        if is_secret(name):
            yield from [values] if isinstance(values, str) else values
    yield from (unquote_plus(value) for name, value in _pairs(request.path) if is_secret(name))
    if isinstance(request.body, FormBody):
        yield from (value for name, value in request.body.fields.items() if is_secret(name))
    if isinstance(request.body, JsonBody):
        yield from _json_secrets(request.body.value, is_secret)


def _login_secrets(http: HttpOptions) -> Iterable[str]:
    """Of the login, also as a Basic header carries it, and of the client's key."""
    if isinstance(http.auth, BasicAuth):
        yield http.auth.password
        yield base64.b64encode(f"{http.auth.user}:{http.auth.password}".encode()).decode()
    elif http.auth is not None:
        yield http.auth.token
    yield from (line for line in (http.client_key_pem or "").splitlines() if not line.startswith("-----"))


def _looked_at(check: HeaderCheck | BodyCheck | JsonCheck) -> str:
    if isinstance(check, HeaderCheck):
        return check.name
    return check.path if isinstance(check, JsonCheck) else ""


def _hidden_login(auth: Auth) -> Auth:
    if isinstance(auth, BasicAuth):
        return auth.model_copy(update={"user": HIDDEN, "password": HIDDEN})
    return auth.model_copy(update={"token": HIDDEN})


def _pairs(address: str) -> Iterable[tuple[str, str]]:
    for part in address.partition("?")[2].split("&"):
        name, _, value = part.partition("=")
        yield unquote_plus(name), value


def _json_secrets(value: Any, is_secret: IsSecret) -> Iterable[str]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            if is_secret(name) and isinstance(item, str):
                yield item
            else:
                yield from _json_secrets(item, is_secret)
    elif isinstance(value, list):
        for item in value:
            yield from _json_secrets(item, is_secret)


def redact_address(address: str, is_secret: IsSecret) -> str:
    """An address or path with user, password and secret parameters hidden, still without bad characters."""
    before, mark, query = _USERINFO.sub("hidden", address).partition("?")
    if not mark:
        return before
    parts = [part.partition("=") for part in query.split("&")]
    hidden = quote(HIDDEN, safe="")
    shown = [
        f"{name}={hidden}" if equals and is_secret(unquote_plus(name)) else name + equals + value
        for name, equals, value in parts
    ]
    return f"{before}?{'&'.join(shown)}"


def _fields(fields: Mapping[str, Any], redactor: Redactor) -> dict[str, Any]:
    hidden = redactor.is_secret
    return {name: HIDDEN if hidden(name) else _json(value, redactor) for name, value in fields.items()}


def _json(value: Any, redactor: Redactor) -> Any:
    if isinstance(value, str):
        return redactor.text(value)
    if isinstance(value, Mapping):
        return _fields(value, redactor)
    if isinstance(value, (list, tuple)):
        return [_json(item, redactor) for item in value]
    return value


def _distinct(redacted: list[Request]) -> list[Request]:
    """Two requests whose names differed in the secret only would look alike: those get a number."""
    seen: dict[str, int] = {}
    result = []
    for request in redacted:
        number = seen[request.label] = seen.get(request.label, 0) + 1
        result.append(
            request if number == 1 else request.model_copy(update={"name": f"{request.label} ({number})"})
        )
    return result
