"""Checks: assertions on one response. A response that fails one counts as `check_failed`. Pure."""

import operator
import re
from collections.abc import Callable
from typing import Literal

from pydantic import ConfigDict, field_validator

from webui.plan.base import Document

_OPERATORS: dict[str, Callable[[int, int], bool]] = {
    "==": operator.eq, "!=": operator.ne, "<=": operator.le,
    ">=": operator.ge, "<": operator.lt, ">": operator.gt,
}  # fmt: skip
_RULE = re.compile(r"\s*(==|!=|<=|>=|<|>)?\s*(\d{3})\s*")


class StatusCheck(Document):
    """The status must be so: `== 200`, `!= 404`, `< 300`; a bare status means `==`."""

    on: Literal["status"]
    is_: str

    model_config = ConfigDict(alias_generator=lambda name: name.rstrip("_"), populate_by_name=True)

    @field_validator("is_")
    @classmethod
    def _parses(cls, value: str) -> str:
        if _RULE.fullmatch(value) is None:
            raise ValueError(f"write a rule such as == 200, not {value[:40]!r}")
        return value

    def holds(self, status: int) -> bool:
        """Whether a response with that status passes."""
        match = _RULE.fullmatch(self.is_)
        assert match is not None
        return _OPERATORS[match[1] or "=="](status, int(match[2]))
