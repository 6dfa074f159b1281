"""The flags of a load, and the load that they come to.

`--rate`, `--stages`, `--sweep` and `--burst` each name a shape; the other flags fill in what their shape
knows, and are refused beside another.
"""

from collections.abc import Callable, Mapping
from typing import Any

from webui.cli.parsing import parsed
from webui.cli.plan_flags import PlanFlags, flag_of
from webui.errors import InvalidInput
from webui.units import parse_count, parse_duration, parse_rate

DEFAULT_USERS = 10
DEFAULT_DURATION_S = 10.0

Load = dict[str, Any]
_WORDS = {
    "constant-users": "constant users",
    "ramping-users": "stages of users",
    "constant-rate": "a constant rate",
    "ramping-rate": "stages of rates",
    "burst": "a burst",
    "sweep": "a sweep",
}


def apply_load(load: Load, flags: PlanFlags) -> None:
    """Lays the flags over `load`. Raises InvalidInput for flags that do not go together."""
    shape = _shape(load, flags)
    if shape != load.get("shape", "constant-users"):
        _change_shape(load, shape)
    for attribute, (shapes, read) in _FLAGS.items():
        text = getattr(flags, attribute)
        if text is None or text is False:
            continue
        if shape in _WORDS and shape not in shapes:
            raise InvalidInput.at(flag_of(attribute), _misfit(attribute, shapes, shape))
        load.update(parsed(flag_of(attribute), read, text))
    _give_an_end(load, shape)


def _shape(load: Load, flags: PlanFlags) -> str:
    """The shape that the flags name, or else the plan's own."""
    named = [name for name in ("rate", "stages", "sweep", "burst") if getattr(flags, name) is not None]
    if len(named) > 1:
        raise InvalidInput.at(
            flag_of(named[1]), f"a run has one shape of load; leave out this or {flag_of(named[0])}"
        )
    if flags.stages is not None:
        return "ramping-rate" if "/" in flags.stages else "ramping-users"
    shapes = {"rate": "constant-rate", "sweep": "sweep", "burst": "burst"}
    return shapes[named[0]] if named else str(load.get("shape", "constant-users"))


def _change_shape(load: Load, shape: str) -> None:
    kept = load.get("duration_s") if shape == "constant-rate" else None
    load.clear()
    load["shape"] = shape
    if kept is not None:
        load["duration_s"] = kept


def _misfit(attribute: str, shapes: tuple[str, ...], shape: str) -> str:
    fitting = " or ".join(_WORDS[each] for each in shapes)
    hint = "; --max-users bounds its users" if attribute == "users" and "rate" in shape else ""
    return f"goes with {fitting}, not with {_WORDS[shape]}{hint}"


def _give_an_end(load: Load, shape: str) -> None:
    # A command has to end by itself, so a plan that runs until it is stopped gets an end here.
    ends = ("duration_s", "iterations", "iterations_per_user")
    if shape in ("constant-users", "constant-rate") and all(load.get(key) is None for key in ends):
        load["duration_s"] = DEFAULT_DURATION_S


def _key(name: str, parse: Callable[[str], Any]) -> Callable[[str], Load]:
    return lambda text: {name: parse(text)}


def _stages(text: str) -> Load:
    entries = [entry.partition(":") for entry in text.split(",")]
    if not all(colon and length.strip() and value.strip() for length, colon, value in entries):
        raise ValueError(
            f"write stages such as 10s:50,30s:200 (or rates: 10s:100/s,30s:500/s), not {text.strip()[:60]!r}"
        )
    rates = ["/" in value for _, _, value in entries]
    if any(rates) and not all(rates):
        raise ValueError("give all stages as users, such as 10s:50, or all as rates, such as 10s:100/s")
    name, parse = ("rate_rps", parse_rate) if rates[0] else ("users", parse_count)
    stages = [{"duration_s": parse_duration(length), name: parse(value)} for length, _, value in entries]
    return {"stages": stages}


def _sweep(text: str) -> Load:
    low, dots, high = text.partition("..")
    if not dots:
        raise ValueError(f"write the lowest and highest number of users, such as 1..256, not {text[:40]!r}")
    return {"from": parse_count(low), "to": parse_count(high)}


_RATES = ("constant-rate", "ramping-rate")
_FLAGS: Mapping[str, tuple[tuple[str, ...], Callable[[Any], Load]]] = {
    "users": (("constant-users",), _key("users", parse_count)),
    "spawn_rate": (("constant-users",), _key("spawn_rate", parse_rate)),
    "iterations": (("constant-users",), _key("iterations", parse_count)),
    "iterations_per_user": (("constant-users",), _key("iterations_per_user", parse_count)),
    "duration": (("constant-users", "constant-rate"), _key("duration_s", parse_duration)),
    "rate": (("constant-rate",), _key("rate_rps", parse_rate)),
    "stages": (("ramping-users", "ramping-rate"), _stages),
    "max_users": (_RATES, _key("max_users", parse_count)),
    "poisson": (_RATES, lambda on: {"arrivals": "poisson"}),
    "sweep": (("sweep",), _sweep),
    "step": (("sweep",), _key("step_s", parse_duration)),
    "limit": (("sweep",), _key("limit", str)),
    "burst": (("burst",), _key("size", parse_count)),
    "count": (("burst",), _key("count", parse_count)),
    "pause": (("burst",), _key("pause_s", parse_duration)),
}
