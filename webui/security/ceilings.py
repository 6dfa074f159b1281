"""How much a test may ask for on this dashboard: ceilings that its operator sets. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from webui.errors import InvalidInput, Problem
from webui.plan.load import (
    Burst,
    ConstantRate,
    RampingRate,
    RampingUsers,
    Shape,
    Sweep,
    peak_rate,
    peak_users,
    planned_s,
)
from webui.plan.model import Plan
from webui.plan.request import Request
from webui.units import NBSP, count, duration, plural, size


class CeilingSettings(Protocol):
    """The settings that are ceilings."""

    @property
    def max_users(self) -> int | None: ...
    @property
    def max_rate(self) -> float | None: ...
    @property
    def max_duration(self) -> float | None: ...
    @property
    def max_body(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Ceilings:
    """None: as much as a plan can say. `body_bytes` is for bodies that are sent and those that are read."""

    users: int | None = None
    rate_rps: float | None = None
    duration_s: float | None = None
    body_bytes: int | None = None

    @classmethod
    def of(cls, settings: CeilingSettings) -> "Ceilings":
        """Those of the settings."""
        return cls(settings.max_users, settings.max_rate, settings.max_duration, settings.max_body)

    def fitted(self, plan: Plan) -> Plan:
        """The plan, with what it leaves to defaults brought under the ceilings. Raises InvalidInput for what
        it asks for beyond them."""
        plan = self._defaults_under(plan)
        problems = [*self._load_problems(plan.load), *self._body_problems(plan)]
        if problems:
            raise InvalidInput(problems)
        return plan

    def check_change(self, kind: str, value: float | None, end_s: float | None) -> None:
        """Raises InvalidInput for a change of a run's load beyond them; `end_s` is when it would end then."""
        if kind == "users" and value is not None:
            _raise(self._users(int(value), "users"))
        elif kind == "rate" and value is not None:
            _raise(self._rate(value, "rate_rps"))
        elif kind == "add_time":
            _raise(self._duration(end_s, "add_s"))

    def within(self, plan: Plan) -> Plan:
        """A plan whose sweep Katydid chose, with as many users as there may be at its end."""
        load = plan.load
        if not isinstance(load, Sweep):
            return plan
        most = self.most_users(load.to)
        return plan.model_copy(
            update={"load": load.model_copy(update={"to": most, "from_": min(load.from_, most)})}
        )

    def most_users(self, wanted: int) -> int:
        """So many users, or as many as there may be."""
        return wanted if self.users is None else min(wanted, self.users)

    def longest_s(self, wanted: float) -> float:
        """So many seconds, or as many as there may be."""
        return wanted if self.duration_s is None else min(wanted, self.duration_s)

    @property
    def out_of_time(self) -> str:
        """Why a run that has no planned end was ended."""
        return f"Ended by the operator's ceiling: a test lasts {duration(self.duration_s)} at most"

    def _defaults_under(self, plan: Plan) -> Plan:
        limit, http, load = self.body_bytes, plan.http, plan.load
        if (
            limit is not None
            and "max_body_bytes" not in http.model_fields_set
            and http.max_body_bytes > limit
        ):
            plan = plan.model_copy(update={"http": http.model_copy(update={"max_body_bytes": limit})})
        if isinstance(load, ConstantRate | RampingRate) and "max_users" not in load.model_fields_set:
            fewer = load.model_copy(update={"max_users": self.most_users(load.max_users)})
            plan = plan.model_copy(update={"load": fewer})
        return plan

    def _load_problems(self, load: Shape) -> Iterator[Problem]:
        yield from self._users(peak_users(load), f"load.{_users_field(load)}")
        staged = isinstance(load, RampingUsers | RampingRate)
        yield from self._rate(peak_rate(load), "load.stages" if staged else "load.rate_rps")
        yield from self._duration(planned_s(load), "load.stages" if staged else "load.duration_s")

    def _body_problems(self, plan: Plan) -> Iterator[Problem]:
        limit = self.body_bytes
        if limit is None:
            return
        for index, request in enumerate(plan.requests):
            if (sent := _body_bytes(request)) > limit:
                yield Problem(
                    f"requests[{index}].body", _over("--max-body", "a body of", size(limit), size(sent))
                )
        if plan.http.max_body_bytes > limit:
            asked = size(plan.http.max_body_bytes)
            yield Problem("http.max_body_bytes", _over("--max-body", "a response of", size(limit), asked))

    def _users(self, users: int, field: str) -> Iterator[Problem]:
        if self.users is not None and users > self.users:
            yield Problem(field, _over("--max-users", "", plural(self.users, "user"), count(users)))

    def _rate(self, rate: float | None, field: str) -> Iterator[Problem]:
        if self.rate_rps is not None and rate is not None and rate > self.rate_rps:
            yield Problem(field, _over("--max-rate", "", _per_second(self.rate_rps), _per_second(rate)))

    def _duration(self, seconds: float | None, field: str) -> Iterator[Problem]:
        limit = self.duration_s
        if limit is not None and seconds is not None and seconds > limit:
            yield Problem(field, _over("--max-duration", "a test of", duration(limit), duration(seconds)))


def _users_field(load: Shape) -> str:
    if isinstance(load, ConstantRate | RampingRate):
        return "max_users"
    if isinstance(load, RampingUsers):
        return "stages"
    return "size" if isinstance(load, Burst) else "to" if isinstance(load, Sweep) else "users"


def _body_bytes(request: Request) -> int:
    return 0 if request.body is None else len(request.body.encode())


def _per_second(rate: float) -> str:
    return f"{rate:,.10g}{NBSP}req/s"


def _over(flag: str, what: str, limit: str, asked: str) -> str:
    allowed = f"{what} {limit}" if what else limit
    return f"the operator of this dashboard allows {allowed} at most ({flag}), not {asked}"


def _raise(problems: Iterable[Problem]) -> None:
    if found := list(problems):
        raise InvalidInput(found)
