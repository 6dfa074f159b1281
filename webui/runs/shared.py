"""What a share link shows of a run, and whether it still opens. Pure.

Without the target: host and port of every address of the plan are replaced wherever they stand in a text, as
parts of labels, of subdomains' names and of encoded addresses too; and what may name them in another way,
headers, proxy, certificates and samples of failures, is left out.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal
from urllib.parse import quote
from weakref import WeakKeyDictionary

from webui.analysis.baseline import Baseline
from webui.metrics.snapshot import Snapshot
from webui.plan.documents import plan_from_data, plan_to_data
from webui.plan.model import Plan
from webui.plan.target import parse_url
from webui.runs.model import RunView
from webui.runs.redacted import redacted
from webui.store import ShareRecord

Closed = Literal["unknown", "revoked", "expired"]

# Views of ended runs are kept while they are asked for; so are these, and what is computed from them.
_SHOWN: WeakKeyDictionary[RunView, dict[bool, RunView]] = WeakKeyDictionary()

_LEFT_OUT = ("auth", "proxy", "ca_pem", "client_cert_pem", "client_key_pem")
_KINDS = frozenset({"schema", "method", "shape", "on", "type", "dns"})  # what these say in a plan is no text


def why_closed(share: ShareRecord | None, now: datetime) -> Closed | None:
    """Why the link does not open; None where it does."""
    if share is None:
        return "unknown"
    if share.revoked_at is not None:
        return "revoked"
    return "expired" if share.expires_at is not None and share.expires_at <= now else None


def as_shared(view: RunView, *, hide_target: bool) -> RunView:
    """The run without secrets, and without its target's address and headers where those are to be hidden."""
    if view.live:
        return _shown(view, hide_target)
    kept = _SHOWN.setdefault(view, {})
    if hide_target not in kept:
        kept[hide_target] = _shown(view, hide_target)
    return kept[hide_target]


def _shown(view: RunView, hide_target: bool) -> RunView:
    shown = redacted(view)
    return _without_target(shown) if hide_target else shown


@dataclass(frozen=True, slots=True)
class Aliases:
    """Hosts, each with what stands for it; the longest come first."""

    pairs: tuple[tuple[re.Pattern[str], str], ...]

    @classmethod
    def of(cls, names: Mapping[str, str]) -> "Aliases":
        """Those of hosts, by their names or addresses."""
        ordered = sorted(names.items(), key=lambda pair: -len(pair[0]))
        return cls(tuple((_pattern(host), alias) for host, alias in ordered))

    @classmethod
    def of_plan(cls, plan: Plan) -> "Aliases":
        """Those of the base address, of other servers asked and of the proxy, also as they were typed."""
        addresses = [(plan.base_url, parse_url(plan.base_url).host)]
        addresses += [(request.path, plan.target_of(request).host) for request in plan.requests]
        if plan.http.proxy is not None:
            addresses.append((plan.http.proxy, parse_url(plan.http.proxy).host))
        hosts = dict.fromkeys(host for _, host in addresses)
        names = {host: _alias(number) for number, host in enumerate(hosts)}
        for typed, host in addresses:
            if (found := _TYPED.match(typed)) is not None:
                names.setdefault(found[1].strip("[]"), names[host])
        return cls.of(names)

    def text(self, text: str) -> str:
        """`text` with the aliases in place of hosts and ports."""
        for pattern, alias in self.pairs:
            text = pattern.sub(alias, text)
        return text

    def data(self, value: Any) -> Any:
        """The same in every text of a document; its keys stay, and the words that say of what kind a part is,
        which may be a host's name too."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {key: item if _is_kind(key, item) else self.data(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.data(item) for item in value]
        return value


def _is_kind(key: str, value: Any) -> bool:
    return key in _KINDS and isinstance(value, str) and (key == "schema" or not set("./:") & set(value))


def _alias(number: int) -> str:
    # RFC 2606 keeps .invalid free, so nobody can be meant by it.
    return "hidden.invalid" if number == 0 else f"hidden-{number + 1}.invalid"


_TYPED = re.compile(r"https?://(?:[^/@\s]*@)?(\[[^\]]*\]|[^/:?#\s]+)", re.IGNORECASE)
_ENCODED = r"(?<=%[0-9A-Fa-f]{2})"  # behind such a character, as in an address within an address, names begin
_UNLIKE_A_WORD = re.compile(r"[.:\d-]")


def _pattern(host: str) -> re.Pattern[str]:
    """The host wherever it stands, with its port. One that may be a plain word, as `api`, is not sought in
    `api-docs`; any other is found within labels and the names of its subdomains as well."""
    forms = [form for each in (f"[{host}]", host) for form in (each, quote(each, safe=""))]
    written = "|".join(map(re.escape, dict.fromkeys(forms)))
    port = r"(?:(?::|%3A)\d{1,5})?"
    if _UNLIKE_A_WORD.search(host):
        before, after = rf"(?:(?<![^\W_])|{_ENCODED})", r"(?![^\W_])"
    else:
        before, after = rf"(?:(?<![\w.-])|{_ENCODED})", r"(?![\w-]|\.\w|://)"
    return re.compile(f"{before}(?:{written}){port}{after}", re.IGNORECASE)


def _without_target(view: RunView) -> RunView:
    hide = Aliases.of_plan(view.plan)
    baseline, audit = view.baseline, view.stored_audit
    return replace(
        view,
        name=hide.text(view.name),
        plan=_plan(view.plan, hide),
        status_reason=hide.text(view.status_reason),
        tags=[hide.text(tag) for tag in view.tags],
        note=hide.text(view.note),
        snapshots=[_without_samples(snapshot, hide) for snapshot in view.snapshots],
        total=None if view.total is None else _without_samples(view.total, hide),
        stored_audit=None if audit is None else audit.model_validate(hide.data(audit.model_dump())),
        baseline=None if baseline is None else _baseline(baseline, hide),
    )


def _plan(plan: Plan, hide: Aliases) -> Plan:
    data = hide.data(plan_to_data(plan))
    data["http"] = {name: value for name, value in data["http"].items() if name not in _LEFT_OUT}
    data["requests"] = [{**request, "headers": {}} for request in data["requests"]]
    return plan_from_data(data)


def _baseline(baseline: Baseline, hide: Aliases) -> Baseline:
    values = {hide.text(rule): value for rule, value in baseline.values.items()}
    return baseline.model_copy(update={"name": hide.text(baseline.name), "values": values})


def _without_samples(part: Snapshot, hide: Aliases) -> Snapshot:
    """Samples are words of the target's and of the system's own: addresses stand in them in many ways."""
    errors = {key: replace(error, sample="") for key, error in part.errors.items()}
    probes = {hide.text(name): stats for name, stats in part.probing.probes.items()}
    return replace(part, errors=errors, probing=replace(part.probing, probes=probes))
