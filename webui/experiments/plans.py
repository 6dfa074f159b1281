"""The plans of an experiment's runs. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from webui.experiments.model import Definition, Variant
from webui.plan.documents import plan_from_data
from webui.plan.model import Plan
from webui.units import plural

TAG = "experiment"
SPAWN_S = 0.05  # all users are there this soon: a cell lasts seconds
SWEEP_TO = 256


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a variant answers: `method` `path` is tested, `canary` a cheap second route, if known."""

    base_url: str
    path: str
    method: str = "GET"
    canary: str | None = None


def cell_plan(definition: Definition, variant: Variant, at: Endpoint, users: int) -> Plan:
    """So many users for the time of a cell, after its warm-up."""
    load = {"users": users, "spawn_rate": max(1.0, users / SPAWN_S), "duration_s": definition.cell_s}
    name = f"{definition.title}: {variant.label}, {plural(users, 'user')}"
    return _plan(name, at, load, None, definition.warmup_s)


def sweep_plan(definition: Definition, variant: Variant, at: Endpoint) -> Plan:
    """The sweep that says why the variant behaves as it does."""
    load = {"shape": "sweep", "from": 1, "to": max(SWEEP_TO, *definition.users)}
    return _plan(f"{definition.title}: {variant.label}, diagnosis", at, load, at.canary)


def _plan(
    name: str, at: Endpoint, load: Mapping[str, object], canary: str | None, warmup_s: float = 0.0
) -> Plan:
    return plan_from_data(
        {
            "name": name[:200],
            "base_url": at.base_url,
            "requests": [{"method": at.method, "path": at.path}],
            "load": load,
            "canary": canary,
            "warmup_s": warmup_s,
            "tags": [TAG],
        }
    )
