"""Checks: assertions on one response. A response that fails one counts as `check_failed`. Pure.

`on` names what is looked at and `is` the rule; see `webui.plan.rules` for how rules are written.
"""

import re
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field, model_validator

from webui.plan.base import Document
from webui.plan.jsonpath import parse_path
from webui.plan.rules import Kind, Rule, parse_rule

_HEADER_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
MAX_CHECKS = 20


class _Check(Document):
    """What all checks share: a rule about a value of one kind."""

    is_: Annotated[str, Field(max_length=1000)]
    kind: ClassVar[Kind]
    needs_body: ClassVar[bool] = False

    model_config = ConfigDict(alias_generator=lambda name: name.rstrip("_"), populate_by_name=True)

    @model_validator(mode="after")
    def _parses(self) -> "_Check":
        parse_rule(self.is_, self.kind)
        return self

    @property
    def rule(self) -> Rule:
        """The compiled rule."""
        return parse_rule(self.is_, self.kind)


class StatusCheck(_Check):
    """The status code: `== 200`, `< 300`."""

    on: Literal["status"]
    kind = "number"


class TimeCheck(_Check):
    """The service time: `< 200ms`."""

    on: Literal["time"]
    kind = "time"


class SizeCheck(_Check):
    """The body's bytes as they came: `< 10kB`, `> 0`."""

    on: Literal["size"]
    kind = "size"


class HeaderCheck(_Check):
    """A header's value (the first of that name): `contains json`, `exists`."""

    on: Literal["header"]
    name: Annotated[str, Field(min_length=1, max_length=200)]
    kind = "text"

    @model_validator(mode="after")
    def _valid_name(self) -> "HeaderCheck":
        if not _HEADER_NAME.fullmatch(self.name):
            raise ValueError(f"{self.name[:60]!r} is no header name")
        return self


class BodyCheck(_Check):
    """The decoded body as text: `contains "items"`, `matches ^\\{`."""

    on: Literal["body"]
    kind = "text"
    needs_body = True


class JsonCheck(_Check):
    """A value inside a JSON body: path `$.items[0].id`, rule `== 3`."""

    on: Literal["json"]
    path: Annotated[str, Field(min_length=1, max_length=500)]
    kind = "json"
    needs_body = True

    @model_validator(mode="after")
    def _valid_path(self) -> "JsonCheck":
        parse_path(self.path)
        return self


Check = Annotated[
    StatusCheck | TimeCheck | SizeCheck | HeaderCheck | BodyCheck | JsonCheck, Field(discriminator="on")
]
