"""Plans that need a yes before they start: the header `Confirm`, with one word for each question."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import Depends, Header

from webui.api.bodies import read_plan
from webui.errors import InvalidInput, Problem, Unconfirmed
from webui.plan.model import Plan
from webui.plan.repeats import repeated_writes

YES = "repeat-writes"
MAY_TEST = "may-test"

ConfirmHeader = Annotated[
    str | None,
    Header(
        description=f"What you confirm, separated by commas. `{YES}`: a sweep may send requests that are not "
        f"GET, HEAD or OPTIONS, thousands of times. `{MAY_TEST}`: you may test the public addresses in it. "
        "Needed for such a plan, ignored for others.",
        max_length=100,
    ),
]


async def confirmed_plan(
    plan: Annotated[Plan, Depends(read_plan)],
    confirm: ConfirmHeader = None,
) -> Plan:
    """The plan in the body. Raises InvalidInput for a sweep of writes without the header."""
    if YES not in _words(confirm) and (what := repeated_writes(plan)):
        raise InvalidInput.at("Confirm", f"{what}; send the header Confirm: {YES} to go on")
    return plan


async def may_test(confirm: ConfirmHeader = None) -> bool:
    """Whether whoever asks says that they may test the public addresses."""
    return MAY_TEST in _words(confirm)


MayTest = Annotated[bool, Depends(may_test)]


@contextmanager
def saying_how_to_confirm() -> Iterator[None]:
    """What asks for a confirmation says which header gives it."""
    try:
        yield
    except Unconfirmed as error:
        how = f"with the header Confirm: {MAY_TEST}"
        raise Unconfirmed(
            [Problem(each.field, f"{each.message} {how}") for each in error.problems]
        ) from error


def _words(header: str | None) -> frozenset[str]:
    return frozenset(word.strip().lower() for word in (header or "").split(","))
