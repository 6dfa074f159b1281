"""What a person may write on a run at any time: its name, its tags, a note. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from webui.plan.documents import plan_from_data
from webui.store import RunChanges


def checked_labels(
    plan: Mapping[str, Any], name: str | None, tags: Sequence[str] | None, note: str | None
) -> RunChanges:
    """The fields to set; None leaves one as it is. An empty name is the one that the plan makes up.

    They follow the plan's own rules. Raises InvalidInput for what breaks them.
    """
    given = {"name": name, "tags": tags, "note": note}
    wanted = {key: value for key, value in given.items() if value is not None}
    checked = plan_from_data({**plan, **wanted})
    changes: RunChanges = {}
    if name is not None:
        changes["name"] = checked.title
    if tags is not None:
        changes["tags"] = checked.tags
    if note is not None:
        changes["note"] = checked.note
    return changes
