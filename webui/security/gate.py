"""What every plan passes before it becomes a run: target policy, ceilings, variables of the environment."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from webui.errors import InvalidInput, Problem, TargetRefused, Unconfirmed
from webui.plan.environment import check_available, references
from webui.plan.model import Plan
from webui.plan.target import Target, parse_url
from webui.security.access import is_exposed
from webui.security.ceilings import Ceilings, CeilingSettings
from webui.security.patterns import address_of, parse_pattern
from webui.security.resolving import Lookup, look_up
from webui.security.targets import TargetPolicy, policy_of

MAY_TEST = "confirm that you may test it"
Ports = Callable[[], frozenset[int]]


class GateSettings(CeilingSettings, Protocol):
    """The settings that a gate heeds."""

    @property
    def host(self) -> str: ...
    @property
    def allowed_host(self) -> tuple[str, ...]: ...
    @property
    def allow_target(self) -> tuple[str, ...]: ...
    @property
    def deny_target(self) -> tuple[str, ...]: ...
    @property
    def allow_env(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Admitted:
    """A plan that may run: under which policy (plain values, for the engines), and the checked addresses of
    its hosts."""

    plan: Plan
    policy: dict[str, Any]
    addresses: dict[str, list[str]] = field(default_factory=dict)


def no_ports() -> frozenset[int]:
    """No practice target runs."""
    return frozenset()


@dataclass(frozen=True, slots=True)
class Gate:
    """`practice` gives the ports of running practice targets. `allowed_env`: None allows any variable."""

    policy: TargetPolicy = field(default_factory=TargetPolicy)
    ceilings: Ceilings = field(default_factory=Ceilings)
    allowed_env: frozenset[str] | None = None
    practice: Ports = no_ports
    lookup: Lookup = look_up
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)

    @classmethod
    def of(cls, settings: GateSettings, practice: Ports = no_ports) -> "Gate":
        """The gate of these settings. Raises InvalidInput for a pattern that is none."""
        for name in ("allow_target", "deny_target"):
            for text in getattr(settings, name):
                _check_pattern(name, text)
        exposed = is_exposed(settings.host, settings.allowed_host)
        policy = policy_of(settings.allow_target, settings.deny_target, exposed=exposed)
        listed = frozenset(settings.allow_env)
        return cls(policy, Ceilings.of(settings), listed if exposed or listed else None, practice)

    async def admit(self, plan: Plan, *, may_test: bool) -> Admitted:
        """The plan as it may run. `may_test`: somebody said that its public addresses may be tested.

        Raises InvalidInput for what is over a ceiling and for variables that cannot be had, TargetRefused,
        and Unconfirmed where `may_test` is missing.
        """
        plan = self.ceilings.fitted(plan)
        check_available(references(plan), self.environ, self.allowed_env)
        policy = replace(self.policy, confirmed=may_test, practice=self.practice())
        addresses = await self._checked(plan, policy)
        return Admitted(plan, policy.to_data(), addresses)

    async def _checked(self, plan: Plan, policy: TargetPolicy) -> dict[str, list[str]]:
        """The addresses of the hosts that the engines connect to."""
        refused: list[Problem] = []
        public: list[Problem] = []
        addresses: dict[str, list[str]] = {}
        for where, target in _targets(plan):
            if plan.http.proxy is not None and where != "http.proxy":
                why, unconfirmed = _proxied(policy, target)
            else:
                found = await self.lookup(target.host, target.port)
                why, unconfirmed, kept = _direct(policy, target, found)
                # A host may be asked on several ports, of which rules may allow different addresses.
                before = addresses.get(target.host)
                addresses[target.host] = [each for each in kept if before is None or each in before]
            if why is not None:
                refused.append(Problem(where, why))
            elif unconfirmed is not None:
                public.append(Problem(where, f"{unconfirmed}; {MAY_TEST}"))
        if refused:
            raise TargetRefused(refused)
        if public:
            raise Unconfirmed(public)
        once = plan.http.dns == "once"
        return {host: kept for host, kept in addresses.items() if kept and (once or address_of(host))}


def _check_pattern(name: str, text: str) -> None:
    try:
        parse_pattern(text)
    except ValueError as error:
        raise InvalidInput.at(name, str(error)) from error


def _targets(plan: Plan) -> Iterator[tuple[str, Target]]:
    """Every host and port that the plan names, each once, with the field that names it first."""
    base = parse_url(plan.base_url)
    named = [("base_url", base)]
    named += [(f"requests[{i}].path", plan.target_of(request)) for i, request in enumerate(plan.requests)]
    if plan.http.proxy is not None:
        named.append(("http.proxy", parse_url(plan.http.proxy)))
    seen = set()
    for where, target in named:
        if (target.host, target.port) not in seen or where == "http.proxy":
            seen.add((target.host, target.port))
            yield where, target


def _proxied(policy: TargetPolicy, target: Target) -> tuple[str | None, str | None]:
    return policy.proxied_refusal(target.host, target.port), policy.proxied_unconfirmed(target.host)


def _direct(
    policy: TargetPolicy, target: Target, found: Sequence[str]
) -> tuple[str | None, str | None, list[str]]:
    """Why it is refused, why it needs a word first, and its addresses that may be connected to."""
    host, port = target.host, target.port
    parsed = [(text, address) for text in found if (address := address_of(text)) is not None]
    refusals = [policy.refusal(host, address, port) for _, address in parsed]
    kept = [each for each, why in zip(parsed, refusals, strict=True) if why is None]
    if not kept:
        why = next((why for why in refusals if why is not None), None) or policy.unknown_refusal(host, port)
        return why, None, []
    public = (policy.unconfirmed(host, address) for _, address in kept)
    return None, next((why for why in public if why is not None), None), [text for text, _ in kept]
