"""Rows of the form added and taken away: requests, stages, checks. Pure.

What is asked for is the value of the pressed button: `add-request`, `remove-request-3`, `add-stage`,
`remove-stage-2`, `add-check-0`, `remove-check-0-1`.
"""

from dataclasses import replace

from webui.pages.forms import FIRST, CheckRow, FormFields, RequestFields, StageRow, next_key


def edited(fields: FormFields, do: str) -> tuple[FormFields, str | None]:
    """The form after that, and the control that gets the focus. What is not known changes nothing."""
    verb, _, rest = do.partition("-")
    what, _, key = rest.partition("-")
    if verb == "add" and what == "request":
        added = with_request(fields)
        return added, f"url-{added.requests[-1].key}"
    if verb == "add" and what == "stage":
        added = with_stage(fields)
        return added, f"stage-{added.stages[-1].key}"
    if verb == "add" and what == "check":
        return _focused(with_check(fields, key), key)
    if verb == "remove":
        return _without(fields, what, key), None
    return fields, None


def with_request(fields: FormFields) -> FormFields:
    """The form with one more, empty request."""
    key = next_key(request.key for request in fields.requests)
    return replace(fields, requests=(*fields.requests, RequestFields(key=key)))


def with_stage(fields: FormFields) -> FormFields:
    """The form with one more stage, which says the same as the last."""
    key = next_key(stage.key for stage in fields.stages)
    text = fields.stages[-1].text if fields.stages else ""
    return replace(fields, stages=(*fields.stages, StageRow(key, text)))


def with_check(fields: FormFields, request: str) -> FormFields:
    """The form with one more, empty check on the responses to that request."""

    def more(old: RequestFields) -> RequestFields:
        row = CheckRow(next_key(check.key for check in old.checks))
        return replace(old, checks=(*old.checks, row)) if old.key == request else old

    return replace(fields, requests=tuple(map(more, fields.requests)))


def _focused(fields: FormFields, request: str) -> tuple[FormFields, str | None]:
    found = next((r for r in fields.requests if r.key == request), None)
    return fields, f"check-{request}-{found.checks[-1].key}" if found and found.checks else None


def _without(fields: FormFields, what: str, key: str) -> FormFields:
    if what == "request":  # the first one always stays
        kept = tuple(r for r in fields.requests if r.key == FIRST or r.key != key)
        return replace(fields, requests=kept)
    if what == "stage":
        stages = tuple(stage for stage in fields.stages if stage.key != key)
        return replace(fields, stages=stages or fields.stages[:1])
    if what == "check":
        request, _, row = key.partition("-")
        return replace(fields, requests=tuple(_without_check(r, request, row) for r in fields.requests))
    return fields


def _without_check(fields: RequestFields, request: str, row: str) -> RequestFields:
    if fields.key != request:
        return fields
    return replace(fields, checks=tuple(check for check in fields.checks if check.key != row))
