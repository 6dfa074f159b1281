"""What a learner predicted, remembered by their browser: a cookie `gather:0.threads:2`, the target's name and
the place of the choice. Pure, but for setting the cookie."""

import re
from collections.abc import Mapping

from starlette.responses import Response

COOKIE = "katydid_lab"
_KEPT_S = 365 * 24 * 3600
_ANSWER = re.compile(r"([a-z][a-z0-9-]{0,39}):(\d)")


def answers_of(cookies: Mapping[str, str]) -> dict[str, int]:
    """The answers in a request's cookies; what is no answer is passed over."""
    found = (_ANSWER.fullmatch(part) for part in cookies.get(COOKIE, "")[:2000].split("."))
    return {match[1]: int(match[2]) for match in found if match}


def remember(response: Response, answers: Mapping[str, int]) -> None:
    """Sets the cookie for the pages of the lab."""
    value = ".".join(f"{name}:{place}" for name, place in answers.items())
    response.set_cookie(COOKIE, value, max_age=_KEPT_S, path="/lab", httponly=True, samesite="lax")
