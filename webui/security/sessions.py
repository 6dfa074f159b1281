"""Sessions: what a browser's cookie says, signed. Nothing is kept of a session but that it was logged out.

A cookie is `role.end.id.signature`: who, until when (Unix seconds), a random name, and HMAC-SHA256 over the
three. A role's key is made from the key file and the role's token, so a changed token ends its sessions.
"""

import base64
import hmac
import os
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from webui.security.access import Role

KEY_FILE = "session.key"
_KEY_BYTES = 32
_ENDED_KEPT = 10_000  # logged-out sessions remembered; only who has a token can make more
_COOKIE = re.compile(r"(operator|viewer)\.(\d{1,12})\.([\w-]{16,40})\.([\w-]{43})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Session:
    """One login: until `ends` (Unix seconds)."""

    role: Role
    ends: int
    id: str


@dataclass(slots=True)
class Sessions:
    """Makes and reads the cookies of one dashboard. `clock` gives Unix seconds."""

    keys: Mapping[Role, bytes] = field(repr=False)
    life_s: int
    clock: Callable[[], float] = time.time
    _ended: OrderedDict[str, int] = field(default_factory=OrderedDict)

    @classmethod
    def of(cls, secret: bytes, fingerprints: Mapping[Role, bytes], life_s: int) -> "Sessions":
        """With a key for each role that has a token."""
        keys = {
            role: hmac.digest(secret, role.encode() + print_, "sha256")
            for role, print_ in fingerprints.items()
        }
        return cls(keys, life_s)

    def begin(self, role: Role) -> str:
        """A new session's cookie value."""
        text = f"{role}.{int(self.clock()) + self.life_s}.{secrets.token_urlsafe(18)}"
        return f"{text}.{self._signature(role, text)}"

    def read(self, cookie: str) -> Session | None:
        """The session that a cookie stands for; None where it is forged, over or logged out."""
        match = _COOKIE.fullmatch(cookie)
        if match is None or (role := Role(match[1])) not in self.keys:
            return None
        if not hmac.compare_digest(self._signature(role, cookie.rpartition(".")[0]), match[4]):
            return None
        session = Session(role, int(match[2]), match[3])
        return session if self.lasts(session) else None

    def lasts(self, session: Session) -> bool:
        """Whether it is neither over nor logged out."""
        return self.clock() < session.ends and session.id not in self._ended

    def end(self, session: Session) -> None:
        """Logs it out: a copy of its cookie is worth nothing from now on."""
        now = self.clock()
        self._ended[session.id] = session.ends
        for old in [name for name, ends in self._ended.items() if ends <= now]:
            del self._ended[old]
        while len(self._ended) > _ENDED_KEPT:
            self._ended.popitem(last=False)

    def _signature(self, role: Role, text: str) -> str:
        digest = hmac.digest(self.keys[role], text.encode(), "sha256")
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def session_secret(data_dir: Path) -> bytes:
    """The secret under every session key: kept in the data folder, readable by its owner alone, so that a
    restart logs nobody out. Where it can't be kept, one for this process."""
    path = data_dir / KEY_FILE
    fresh = secrets.token_bytes(_KEY_BYTES)
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        _write_new(path, fresh)
        kept = path.read_bytes()
    except OSError:
        return fresh
    return kept if len(kept) == _KEY_BYTES else fresh


def _write_new(path: Path, content: bytes) -> None:
    """The file whole or not at all; one that is there stays."""
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        beside.touch(mode=0o600)
        beside.write_bytes(content)
        path.hardlink_to(beside)
    except FileExistsError:
        pass
    finally:
        beside.unlink(missing_ok=True)
