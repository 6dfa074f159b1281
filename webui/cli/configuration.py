"""Settings from flags and environment, with mistakes named by the flag or variable they are in."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from webui.errors import InvalidInput, Problem
from webui.settings import Settings


def load_settings(flags: Mapping[str, Any]) -> Settings:
    """The settings with the given flags (None: not given) over the environment. Raises InvalidInput."""
    given = {name: value for name, value in flags.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        raise InvalidInput([_problem(details, given) for details in error.errors()]) from error


def flag_of(name: str) -> str:
    """`database_url` as typed: `--database-url`."""
    return f"--{name.replace('_', '-')}"


def variable_of(name: str) -> str:
    """`database_url` in the environment: `KATYDID_DATABASE_URL`."""
    return f"{Settings.model_config.get('env_prefix', '')}{name}".upper()


def by_flag(problem: Problem) -> Problem:
    """The same problem; one with a setting is named by the setting's flag."""
    return (
        Problem(flag_of(problem.field), problem.message)
        if problem.field in Settings.model_fields
        else problem
    )


def _problem(details: ErrorDetails, given: Mapping[str, Any]) -> Problem:
    name = str(details["loc"][0])
    message = details["msg"].removeprefix("Input ").partition(",")[0]
    return Problem(
        flag_of(name) if name in given else variable_of(name), f"{message}, not {details['input']!r}"
    )
