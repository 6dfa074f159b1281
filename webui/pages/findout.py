"""The sweep behind "Find out why", which diagnoses what a form or a plan asks for. Pure."""

from dataclasses import replace
from typing import Any

from webui.errors import InvalidInput
from webui.pages.forms import FormFields
from webui.plan.documents import plan_from_data, plan_to_data
from webui.plan.load import Sweep
from webui.plan.model import Plan
from webui.plan.repeats import repeated_writes

WIDE: dict[str, Any] = {"shape": "sweep", "from": 1, "to": 256}


def why_fields(fields: FormFields) -> FormFields:
    """The form with a sweep of the same requests; what belongs to another load has its default again."""
    plain = FormFields()
    of_load = ("sweep_from", "sweep_to", "sweep_time", "pause", "thresholds", "abort")
    if fields.shape == "sweep":
        return fields
    return replace(fields, shape="sweep", **{name: getattr(plain, name) for name in of_load})


def why_plan(plan: Plan) -> Plan:
    """The sweep that tells why: a sweep as it is, of any other plan the same requests with 1 to 256 users."""
    if isinstance(plan.load, Sweep):
        return plan
    data = plan_to_data(plan)
    for of_load in ("thresholds", "abort_on_fail_after_s", "think_time_s", "warmup_s", "canary"):
        data.pop(of_load, None)
    return plan_from_data(data | {"load": WIDE})


def must_be_confirmed(plan: Plan, *, confirmed: bool) -> None:
    """Raises InvalidInput for a sweep that repeats writes and was not confirmed."""
    if not confirmed and (what := repeated_writes(plan)):
        raise InvalidInput.at("confirm", f"{what}; tick the box to go on")
