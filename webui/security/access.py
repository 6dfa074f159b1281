"""Who asks, and what they may: tokens, roles, and what each address needs. Pure but for the tokens' salt.

Bound to loopback there is no login, and everybody is an operator. Bound to anything else, or with a token
given, requests need the operator's or the viewer's token, as a bearer token or exchanged for a session. What
is kept of a token is a keyed hash.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from starlette.requests import HTTPConnection

from webui.errors import Forbidden, InvalidInput
from webui.security.origin import LOOPBACK_NAMES, SAFE_METHODS, is_loopback
from webui.settings import Settings

SHORTEST = 16  # characters of a token: below that it could be guessed, slowed down or not


class Role(StrEnum):
    """What a request may do, as `request.state.role` has it."""

    OPERATOR = "operator"  # everything
    VIEWER = "viewer"  # reads
    SHARE = "share"  # what one link opens; nobody in particular asks


class Need(StrEnum):
    """What an address asks for."""

    NOTHING = "nothing"
    SHARE = "share"  # nothing either: the link's own token is the key
    VIEWER = "viewer"
    OPERATOR = "operator"


_OPEN = re.compile(r"/(?:healthz|login|logout|static(?:/.*)?)")
_SHARED = re.compile(r"/s/.+", re.DOTALL)
# Read, but of use only to who may change things.
_OPERATORS_OWN = re.compile(r"/runs/[^/]+/edit")


def needed(method: str, path: str) -> Need:
    """What a request needs. Whatever is not named here is read by viewers and changed by operators."""
    if _OPEN.fullmatch(path):
        return Need.NOTHING
    if method not in SAFE_METHODS or _OPERATORS_OWN.fullmatch(path):
        return Need.OPERATOR
    return Need.SHARE if _SHARED.fullmatch(path) else Need.VIEWER


def allows(role: Role, need: Need) -> bool:
    """Whether the role has what an address needs."""
    if need in (Need.NOTHING, Need.SHARE) or role is Role.OPERATOR:
        return True
    return need is Need.VIEWER and role is Role.VIEWER


@dataclass(frozen=True, slots=True)
class Access:
    """The tokens of one dashboard. Without any (`controlled` is False) everybody is an operator."""

    _salt: bytes = field(repr=False)
    _hashes: Mapping[Role, bytes] = field(repr=False)
    # Session keys are made from these, so that another token ends the sessions of the one before.
    fingerprints: Mapping[Role, bytes] = field(repr=False)

    @classmethod
    def of(cls, tokens: Mapping[Role, str]) -> "Access":
        """Access with these tokens; none of them is kept."""
        salt = secrets.token_bytes(32)
        hashes = {role: _hashed(salt, token) for role, token in tokens.items()}
        prints = {role: hashlib.sha256(f"{role} {token}".encode()).digest() for role, token in tokens.items()}
        return cls(salt, hashes, prints)

    @property
    def controlled(self) -> bool:
        """Whether requests need a token at all."""
        return bool(self._hashes)

    def role_of(self, token: str) -> Role | None:
        """Whose token it is, in the same time whichever it is and however much of it is right."""
        given = _hashed(self._salt, token)
        found = [role for role, kept in self._hashes.items() if hmac.compare_digest(given, kept)]
        return found[0] if found else None


def access_of(settings: Settings) -> Access:
    """The access that the settings ask for. Raises InvalidInput for tokens that are missing, too short or
    alike, and for a dashboard that others can reach and nothing guards."""
    tokens = {
        role: token
        for role, name in ((Role.OPERATOR, "access_token"), (Role.VIEWER, "viewer_token"))
        if (token := _token(settings, name)) is not None
    }
    if not settings.access_control:
        if tokens:
            raise InvalidInput.at("--no-access-control", "goes without a token; give one of the two")
        return Access.of({})
    if Role.OPERATOR not in tokens and (tokens or is_exposed(settings.host, settings.allowed_host)):
        raise InvalidInput.at(
            "access_token", f"is needed, as others can reach {settings.host}; or give --no-access-control"
        )
    if len(set(tokens.values())) < len(tokens):
        raise InvalidInput.at("viewer_token", "must be another than the operator's")
    return Access.of(tokens)


def needs_token(settings: Settings) -> bool:
    """Whether a token has to be made, as none was given and one is needed. Raises InvalidInput."""
    wanted = is_exposed(settings.host, settings.allowed_host) or _token(settings, "viewer_token") is not None
    return settings.access_control and wanted and _token(settings, "access_token") is None


def operators_token(settings: Settings) -> str | None:
    """The operator's token that the settings name, for who asks a dashboard. Raises InvalidInput."""
    if settings.access_token is not None:  # a flag, over a file in the environment
        return settings.access_token.get_secret_value()
    return _token(settings, "access_token")


def is_exposed(host: str, allowed: Iterable[str] = ()) -> bool:
    """Whether others than this machine's users can ask: by the address, or through a proxy under a name."""
    return not is_loopback(host) or any(name.lower() not in LOOPBACK_NAMES for name in allowed)


def new_token() -> str:
    """A token that cannot be guessed: 256 random bits."""
    return secrets.token_urlsafe(32)


def is_viewer(connection: HTTPConnection) -> bool:
    """Whether whoever asks may read, and no more."""
    return bool(connection.scope.get("state", {}).get("role") == Role.VIEWER)


def operator(connection: HTTPConnection) -> None:
    """A dependency for routes of operators alone. Raises Forbidden."""
    if connection.scope.get("state", {}).get("role") != Role.OPERATOR:
        raise Forbidden("This needs an operator's login; yours can read and not change.")


def _token(settings: Settings, name: str) -> str | None:
    """The token given as text or as a file, checked. Raises InvalidInput."""
    given, path = getattr(settings, name), getattr(settings, f"{name}_file")
    if given is not None and path is not None:
        raise InvalidInput.at(name, f"is given twice: as text and as --{name.replace('_', '-')}-file")
    if given is None and path is None:
        return None
    field_name = name if path is None else f"{name}_file"
    text = given.get_secret_value() if path is None else _read(path, field_name)
    if len(text) < SHORTEST:
        raise InvalidInput.at(field_name, f"must have {SHORTEST} characters or more, not {len(text)}")
    if not (text.isascii() and text.isprintable()) or " " in text:
        raise InvalidInput.at(field_name, "must be printable ASCII without spaces, as it goes into a header")
    return str(text)


def _read(path: Path, name: str) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise InvalidInput.at(name, f"cannot read {path}: {reason.lower()}") from error


def _hashed(salt: bytes, token: str) -> bytes:
    return hmac.digest(salt, token.encode(errors="surrogatepass"), "sha256")
