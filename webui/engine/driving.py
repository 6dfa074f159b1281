"""Which class drives which load shape."""

from collections.abc import Sequence

from webui.engine.arrivals import RateShape
from webui.engine.bursts import BurstShape
from webui.engine.closed import ConstantShape, RampingShape
from webui.engine.crew import Crew
from webui.engine.probelog import ProbeLog
from webui.engine.shapes import Shape
from webui.engine.sweeping import SweepShape
from webui.engine.template import Template
from webui.plan.load import Burst, ConstantRate, ConstantUsers, RampingRate, RampingUsers, Sweep, warmed_up
from webui.plan.model import Plan
from webui.units import NS_PER_S


def is_open(plan: Plan) -> bool:
    """Whether requests start on a schedule, so that response time and service time differ."""
    return isinstance(plan.load, ConstantRate | RampingRate | Burst)


def shape_of(plan: Plan, crew: Crew, templates: Sequence[Template], probes: ProbeLog) -> Shape:
    """The driver of the plan's load with its warm-up; its clock begins with that."""
    firsts = list({template.origin: template for template in reversed(templates)}.values())
    match warmed_up(plan.load, plan.warmup_s):
        case ConstantUsers() as load:
            return ConstantShape(crew, load)
        case RampingUsers() as load:
            return RampingShape(crew, load)
        case Burst() as load:
            return BurstShape(crew, load, firsts)
        case Sweep() as load:
            return SweepShape(crew, load, probes, round(plan.http.timeout_s * NS_PER_S))
        case ConstantRate() | RampingRate() as load:
            return RateShape(crew, load, firsts)
