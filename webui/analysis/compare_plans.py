"""What differs between the plans of several runs: flattened to single settings, in words. Pure.

Secrets are compared and never shown: a comparison is printed where others read it. So each run's plan comes
twice, as it is and, in its document, as it may be shown.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from webui import units
from webui.analysis.compare_document import SettingPart
from webui.analysis.document import RunDocument
from webui.plan.secrets import is_secret_name

HIDDEN = "[hidden]"
_LONGEST = 160
_UNTOLD = frozenset({"schema", "name", "note", "tags", "requests", "load"})
_LABELS = {
    "base_url": "Base address",
    "canary": "Canary",
    "think_time_s": "Think time",
    "secrets": "Names of further secrets",
    "thresholds": "Thresholds",
    "abort_on_fail_after_s": "Stops when a threshold fails, after",
    "graceful_stop_s": "Time to finish at the end",
    "warmup_s": "Warm-up",
    "load.shape": "Load shape",
    "load.users": "Users",
    "load.spawn_rate": "Users started per second",
    "load.duration_s": "Duration",
    "load.iterations": "Requests in total",
    "load.iterations_per_user": "Requests per user",
    "load.start_users": "Users at the start",
    "load.stages": "Stages",
    "load.rate_rps": "Rate, requests/s",
    "load.start_rate_rps": "Rate at the start, requests/s",
    "load.max_users": "Users at most",
    "load.arrivals": "Arrivals",
    "load.size": "Burst size",
    "load.count": "Bursts",
    "load.pause_s": "Pause between bursts",
    "load.from": "From users",
    "load.to": "To users",
    "load.step_s": "Length of a level",
    "load.limit": "Latency limit",
    "http.timeout_s": "Timeout",
    "http.keepalive": "Keep-alive",
    "http.verify_tls": "Certificates checked",
    "http.follow_redirects": "Redirects followed",
    "http.max_redirects": "Redirects at most",
    "http.http2": "HTTP/2",
    "http.proxy": "Proxy",
    "http.cookies": "Cookies kept",
    "http.auth": "Login",
    "http.auth.type": "Login, kind",
    "http.auth.user": "Login, user",
    "http.auth.password": "Login, password",
    "http.auth.token": "Login, token",
    "http.dns": "Name lookup",
    "http.reconnect_backoff_s": "Wait before connecting again",
    "http.max_body_bytes": "Largest body",
    "http.ca_pem": "Certificate authority",
    "http.client_cert_pem": "Client certificate",
    "http.client_key_pem": "Client key",
    "shards": "Engine processes",
}
_OF_REQUEST = {
    "method": "Method",
    "path": "Path",
    "name": "Name",
    "weight": "Weight",
    "body": "Body",
    "success_statuses": "Statuses that are successes",
    "checks": "Checks",
    "chunked": "Body in chunks",
    "expect_continue": "Waits for 100 Continue",
}


def settings(documents: Sequence[RunDocument], plans: Sequence[Mapping[str, Any]]) -> tuple[SettingPart, ...]:
    """Every setting of every run, those that differ first. `plans` are theirs with the secrets, of which only
    whether they differ is told."""
    flat = [dict(_flat(each, plan)) for each, plan in zip(documents, plans, strict=True)]
    told = [dict(_flat(each, each.plan)) for each in documents]
    keys = list(dict.fromkeys(key for each in flat for key in each))
    several = any(key.startswith("requests[1]") for key in keys)
    parts = [
        SettingPart(
            key=key,
            label=_label(key, several=several),
            values=tuple(_shown(key, each[key]) if key in each else None for each in told),
            changed=tuple(each.get(key) != flat[0].get(key) for each in flat),
        )
        for key in keys
    ]
    return tuple(sorted(parts, key=lambda part: not part.differs))


def _flat(document: RunDocument, plan: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from _labels(document.tags)
    yield from _nested("load", plan.get("load", {}))
    for index, request in enumerate(plan.get("requests", ())):
        yield from _nested(f"requests[{index}]", request)
    for key, value in plan.items():
        if key not in _UNTOLD:
            yield from _nested(key, value)
    yield "shards", document.shards


def _labels(tags: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """Labels such as `workers=4` are settings of the service that Katydid cannot know by itself."""
    for tag in tags:
        if named := _named(tag):
            yield f"tags.{named[0]}", named[1]
    yield "tags", sorted(tag for tag in tags if not _named(tag))


def _named(tag: str) -> tuple[str, str] | None:
    for mark in ("=", ":"):
        name, found, value = tag.partition(mark)
        if found and name.strip() and value.strip():
            return name.strip(), value.strip()
    return None


def _nested(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and not path.endswith(".body"):
        for key, item in value.items():
            yield from _nested(f"{path}.{key}", item)
    else:
        yield path, value


def _label(key: str, *, several: bool) -> str:
    if key.startswith("tags"):
        name = key.removeprefix("tags").removeprefix(".")
        return f"{name[:1].upper()}{name[1:]} (label)" if name else "Labels"
    if key.startswith("requests["):
        number, _, rest = key.removeprefix("requests[").partition("].")
        kind, _, name = rest.partition(".")
        words = {"headers": f"Header {name}", "query": f"Parameter {name}"}.get(kind) if name else None
        return f"{words or _OF_REQUEST.get(rest, rest)}{f', request {int(number) + 1}' if several else ''}"
    return _LABELS.get(key, key)


def _shown(key: str, value: Any) -> str:
    name = key.rpartition(".")[2]
    if value is None or value in ("", [], {}, ()):
        return "–"
    if isinstance(value, bool):
        return "On" if value else "Off"
    if is_secret_name(name) or key.startswith("http.auth") or name == "client_key_pem":
        return HIDDEN
    if isinstance(value, int | float):
        return units.duration(value) if name.endswith("_s") else f"{value:,.10g}"
    text = value if isinstance(value, str) else _listed(key, value)
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _listed(key: str, value: Any) -> str:
    if key in ("think_time_s", "http.reconnect_backoff_s"):
        low, high = value
        return units.duration(low) if low == high else f"{units.duration(low)} to {units.duration(high)}"
    if key == "load.stages":
        return ", ".join(f"{units.duration(stage['duration_s'])} to {_reached(stage)}" for stage in value)
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    return json.dumps(_without_secrets(value), ensure_ascii=False)


def _reached(stage: Mapping[str, Any]) -> str:
    return f"{stage['users']:,} users" if "users" in stage else f"{stage['rate_rps']:,.10g} req/s"


def _without_secrets(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            key: HIDDEN if is_secret_name(str(key)) else _without_secrets(item) for key, item in value.items()
        }
    return [_without_secrets(item) for item in value] if isinstance(value, list | tuple) else value
