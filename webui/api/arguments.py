"""What the API's Python client takes by name; docs/api.md says what each means."""

from typing import Literal, TypedDict

Confirm = Literal["repeat-writes", "may-test"]


class Filters(TypedDict, total=False):
    """Which runs are listed, and how."""

    search: str
    status: str
    tag: str
    target: str
    since: str
    until: str
    plan_key: str
    pinned: bool
    sort: str
    order: Literal["asc", "desc"]
    limit: int


class NewValues(TypedDict, total=False):
    """What is changed of a run."""

    users: int
    rate_rps: float
    paused: bool
    add_s: float
    name: str
    tags: list[str]
    note: str
    pinned: bool
    baseline: bool
