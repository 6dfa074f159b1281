"""What the new-test form shows beside what was typed: sentences about mistakes, a preview of the load."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from webui.errors import Problem
from webui.pages.formplan import load_from_fields
from webui.pages.forms import CHECK_KINDS, FIRST, FormFields, RequestFields
from webui.pages.formtext import lines, pause_from_text
from webui.pages.preview import Preview, preview_of
from webui.plan.request import METHODS


@dataclass(frozen=True, slots=True)
class Summary:
    """What is set under Advanced, for the line that stands there while it is closed."""

    headers: int
    body: bool
    checks: int
    thresholds: int
    requests: int
    timeout: str
    fields: FormFields


@dataclass(frozen=True, slots=True)
class NewTest:
    """The form as it is shown. `errors` has a sentence for each control that is wrong, by its id,
    in the order of the page."""

    fields: FormFields
    preview: Preview | None
    summary: Summary
    errors: Mapping[str, str] = field(default_factory=dict)
    message: str = ""  # why nothing was started, where no control is to blame
    open: bool = False  # whether Advanced is unfolded
    may_test: bool = False  # the box is ticked that says so
    methods: Sequence[str] = METHODS
    check_kinds: Sequence[str] = CHECK_KINDS

    def error(self, control: str) -> str | None:
        """The sentence for a control; None when it is fine."""
        return self.errors.get(control)

    @property
    def first_error(self) -> str | None:
        """The control that gets the focus: the first wrong one."""
        return next(iter(self.errors), None)

    @property
    def connection_open(self) -> bool:
        """Whether the further settings of connections are unfolded: one is set, or wrong."""
        plain = FormFields()
        changed = any(getattr(self.fields, name) != getattr(plain, name) for name in _CONNECTION)
        return changed or any(control in self.errors for control in _CONNECTION)


MAY_TEST = "may_test"  # the box that says that a public address may be tested
_LOADS = {
    "steady": ("users", "duration", "iterations", "spawn_rate", "pause"),
    "ramp": ("ramp_from", "ramp_to", "ramp_time", "ramp_hold", "pause"),
    "rate": ("rate", "rate_time", "in_flight"),
    "stages": ("stages_from", "in_flight", "pause"),
    "burst": ("burst_size", "burst_count", "burst_pause"),
    "sweep": ("sweep_from", "sweep_to", "sweep_time", "canary", "sweep_limit", "confirm"),
}
_CONNECTION = (
    "max_redirects", "cookies", "auth", "auth_user", "auth_password", "auth_token", "proxy", "dns",
    "backoff", "max_body", "verify_tls", "ca_pem", "client_cert_pem", "client_key_pem", "grace", "warmup",
)  # fmt: skip
_ADVANCED = ("thresholds", "abort_after", "name", "tags", "note", "timeout", *_CONNECTION)
_OF_REQUEST = ("headers", "body_kind", "body", "file", "content_type", "statuses", "name", "weight")


def controls(fields: FormFields) -> list[str]:
    """The ids of all controls that can be wrong, in the order of the page."""
    first, *more = fields.requests
    found = [*_basic(fields), *(f"{name}-{FIRST}" for name in _OF_REQUEST[:5]), *_checks(first)]
    found += [*(f"{name}-{FIRST}" for name in _OF_REQUEST[5:]), *_ADVANCED]
    for request in more:
        of_request = ("method", "url", "name", "weight", *_OF_REQUEST[:6])
        found += [*(f"{name}-{request.key}" for name in of_request), *_checks(request)]
    return found


def _basic(fields: FormFields) -> list[str]:
    """What stands outside Advanced: the target, and the load's controls, those of other shapes too, whose
    sentences have to go."""
    others = [name for shape, names in _LOADS.items() if shape != fields.shape for name in names]
    stages = [f"stage-{stage.key}" for stage in fields.stages]
    chosen = _LOADS[fields.shape]
    before = chosen[:1] if fields.shape == "stages" else chosen
    found = [f"method-{FIRST}", f"url-{FIRST}", MAY_TEST, *before, *stages, *chosen, *others]
    return list(dict.fromkeys(found))


def _checks(request: RequestFields) -> list[str]:
    return [f"check-{request.key}-{check.key}" for check in request.checks]


def new_test(
    fields: FormFields,
    problems: Sequence[Problem] = (),
    message: str = "",
    *,
    unfold: bool = False,
    may_test: bool = False,
) -> NewTest:
    """The form with these fields and what is wrong with them."""
    known = controls(fields)
    messages = {problem.field: problem.message for problem in problems}
    errors = {control: messages[control] for control in known if control in messages}
    rest = [str(problem) for problem in problems if problem.field not in known]
    basic = set(_basic(fields))
    return NewTest(
        fields=fields,
        preview=preview(fields),
        summary=summary(fields),
        errors=errors,
        message="; ".join([message, *rest] if message else rest),
        open=unfold or any(control not in basic for control in errors),
        may_test=may_test,
    )


def summary(fields: FormFields) -> Summary:
    """The line beside Advanced."""
    first = fields.requests[0]
    return Summary(
        headers=len(lines(first.headers)),
        body=first.body_kind != "none",
        checks=sum(not check.blank for check in first.checks),
        thresholds=len(lines(fields.thresholds)),
        requests=len([r for r in fields.requests[1:] if not r.blank]),
        timeout=fields.timeout.strip()[:20],
        fields=fields,
    )


def preview(fields: FormFields, now: datetime | None = None) -> Preview | None:
    """The load that these fields describe; None while they do not describe one."""
    load = load_from_fields(fields)
    if load is None:
        return None
    try:
        pause = (
            None if fields.open_model or fields.shape in ("burst", "sweep") else pause_from_text(fields.pause)
        )
    except ValueError:
        pause = None
    return preview_of(load, pause, now)
