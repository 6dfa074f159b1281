"""`/login`: a token becomes a session, by form or by the link that `katydid serve` prints; `/logout`."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from webui.errors import InvalidInput, LoginNeeded, TooManyAttempts
from webui.pages.templating import respond
from webui.security.access import Role
from webui.security.entrance import Entrance, address_of, cookie_name, current_caller, is_tls
from webui.security.origin import parts_of
from webui.web import Door

_LONGEST_FORM = 8192

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class LoginPage:
    """The form. `leads_to`: the page after it; `problem`: what was wrong; `role`: who is logged in."""

    leads_to: str = "/"
    problem: str | None = None
    role: Role | None = None
    hours: float = 0.0


@router.get("/login")
async def show(
    request: Request,
    door: Door,
    token: Annotated[str | None, Query(max_length=1000)] = None,
    wanted: Annotated[str, Query(alias="next", max_length=2000)] = "/",
) -> Response:
    """The form; with a token the session at once, and the address without it."""
    if not door.access.controlled:
        return RedirectResponse(own_path(wanted), 303)
    if token is not None:
        return _log_in(request, door, token, own_path(wanted))
    return _page(door, own_path(wanted))


@router.post("/login")
async def log_in(request: Request, door: Door) -> Response:
    """The session for the token in the form."""
    if not door.access.controlled:
        return RedirectResponse("/", 303)
    fields = parse_qs((await _body(request)).decode(errors="replace"))
    token, wanted = fields.get("token", [""])[0], fields.get("next", ["/"])[0]
    return _log_in(request, door, token.strip(), own_path(wanted))


@router.post("/logout")
async def log_out(request: Request, door: Door) -> Response:
    """Ends the session, here and wherever its cookie may have been copied to."""
    session = door.by_cookie(request).session
    if session is not None:
        door.sessions.end(session)
    response = RedirectResponse("/login" if door.access.controlled else "/", 303)
    response.delete_cookie(
        cookie_name(request), path="/", secure=is_tls(request), httponly=True, samesite="lax"
    )
    return response


def own_path(wanted: str) -> str:
    """`wanted` where it is a path of this dashboard; else the start page. No way to another site."""
    parts = parts_of(wanted) if wanted.isprintable() and "\\" not in wanted else None
    own = parts is not None and not parts.scheme and not parts.netloc
    leads_on = own and wanted.startswith("/") and not wanted.startswith(("//", "/login", "/logout"))
    return wanted if leads_on else "/"


def _log_in(request: Request, door: Entrance, token: str, wanted: str) -> Response:
    try:
        role = door.by_token(token, address_of(request))
    except LoginNeeded as error:
        return _page(door, wanted, str(error), 401)
    except TooManyAttempts as error:
        response = _page(door, wanted, str(error), 429)
        response.headers["Retry-After"] = str(error.wait_s)
        return response
    response = RedirectResponse(wanted, 303, headers={"Cache-Control": "no-store"})
    response.set_cookie(
        cookie_name(request),
        door.sessions.begin(role),
        max_age=door.sessions.life_s,
        path="/",
        secure=is_tls(request),
        httponly=True,
        samesite="lax",
    )
    return response


def _page(door: Entrance, wanted: str, problem: str | None = None, status: int = 200) -> Response:
    page = LoginPage(wanted, problem, current_caller.get().role, door.sessions.life_s / 3600)
    return respond("login/page.html", page, status=status)


async def _body(request: Request) -> bytes:
    """The form, up to a limit: anybody may send one. Raises InvalidInput."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LONGEST_FORM:
            raise InvalidInput.at("token", "is longer than any token")
    return bytes(body)
