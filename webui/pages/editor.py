"""The plan as text on the dashboard: for pasting JSON or TOML, and for plans beyond the form's fields."""

from collections.abc import Sequence
from dataclasses import dataclass

from webui.errors import InvalidInput, Problem
from webui.pages.formplan import plan_from_fields
from webui.pages.forms import FIRST, FormFields, RequestFields
from webui.pages.newtest import MAY_TEST, NewTest, new_test
from webui.pages.plantext import format_of, plan_from_text, text_of
from webui.pages.prefill import beyond_the_form, fields_from_plan
from webui.pages.preview import Preview, preview_of
from webui.plan.model import Plan

EXAMPLE_URL = "http://127.0.0.1:8000/items"


@dataclass(frozen=True, slots=True)
class PlanEditor:
    """The text as typed, what is wrong with it by its place in the plan, and the load it describes.

    `beyond` names the parts that the form has no fields for, where that is why the plan is shown as text.
    """

    text: str
    format: str
    preview: Preview | None
    problems: Sequence[Problem] = ()
    message: str = ""
    beyond: Sequence[str] = ()
    may_test: bool = False  # the box is ticked that says so

    @property
    def asks_may_test(self) -> bool:
        """Whether somebody has to say that its public address may be tested, or has."""
        return self.may_test or any(problem.field == MAY_TEST for problem in self.problems)

    @property
    def asks(self) -> bool:
        """Whether the plan needs a yes before it starts."""
        return any(problem.field == "confirm" for problem in self.problems)


def editor_of_text(
    text: str,
    problems: Sequence[Problem] = (),
    message: str = "",
    beyond: Sequence[str] = (),
    *,
    may_test: bool = False,
) -> PlanEditor:
    """The editor with a text as it was typed."""
    try:
        plan = plan_from_text(text)
    except InvalidInput:
        return PlanEditor(text, format_of(text), None, problems, message, beyond, may_test)
    shown = preview_of(plan.load, plan.think_time_s)
    return PlanEditor(text, format_of(text), shown, problems, message, beyond, may_test)


def editor_of_plan(plan: Plan, form: str = "json", beyond: Sequence[str] = ()) -> PlanEditor:
    """The editor with a plan."""
    return editor_of_text(text_of(plan, form), beyond=beyond)


def example() -> PlanEditor:
    """The editor with a small plan to begin from."""
    return editor_of_plan(plan_from_fields(FormFields(requests=(RequestFields(FIRST, url=EXAMPLE_URL),))))


def form_of_plan(plan: Plan) -> NewTest | PlanEditor:
    """The form filled in with the plan; the plan as text where the form would lose something of it."""
    beyond = beyond_the_form(plan)
    if beyond:
        return editor_of_plan(plan, beyond=beyond)
    return new_test(fields_from_plan(plan), unfold=True)


def rewritten(text: str, do: str) -> NewTest | PlanEditor:
    """The text after its button: `as-json`, `as-toml`, or `as-form`. A wrong text stays, with its places."""
    try:
        plan = plan_from_text(text)
    except InvalidInput as error:
        return editor_of_text(text, error.problems)
    if do != "as-form":
        return editor_of_plan(plan, do.removeprefix("as-"))
    beyond = beyond_the_form(plan)
    return editor_of_text(text, beyond=beyond) if beyond else new_test(fields_from_plan(plan), unfold=True)
