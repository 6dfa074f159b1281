"""Where a request's bearer token or session cookie becomes a caller. No I/O; never waits."""

from contextvars import ContextVar
from dataclasses import dataclass

from starlette.requests import HTTPConnection

from webui.errors import Forbidden, LoginNeeded, TooManyAttempts
from webui.security.access import Access, Need, Role, access_of, allows, needed
from webui.security.origin import Hosts, check_change, check_host, check_single
from webui.security.sessions import Session, Sessions, session_secret
from webui.security.throttle import Throttle
from webui.settings import Settings


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. `role` is None for somebody unknown, at an address that is open to all."""

    role: Role | None = Role.OPERATOR
    session: Session | None = None

    @property
    def changes(self) -> bool:
        """Whether they may change things: pages show the controls for it."""
        return self.role is Role.OPERATOR

    @property
    def reads(self) -> bool:
        """Whether they may open every page: pages show the ways there."""
        return self.role in (Role.OPERATOR, Role.VIEWER)


NOBODY = Caller(None)

# Templates read it: what a page shows depends on who asks. Without a request, as in tests, an operator does.
current_caller: ContextVar[Caller] = ContextVar("current_caller", default=Caller())  # noqa: B039 - it is frozen


@dataclass(frozen=True, slots=True)
class Entrance:
    """What decides who gets in: one for a dashboard, for as long as it serves."""

    access: Access
    sessions: Sessions
    hosts: Hosts
    throttle: Throttle

    @classmethod
    def of(cls, settings: Settings, own_names: tuple[str, ...] = ()) -> "Entrance":
        """The entrance that the settings ask for. Raises InvalidInput, see `access_of`."""
        access = access_of(settings)
        secret = session_secret(settings.data_dir) if access.controlled else b""
        life_s = round(settings.session_hours * 3600)
        return cls(
            access,
            Sessions.of(secret, access.fingerprints, life_s),
            Hosts.of(settings.host, settings.allowed_host, own_names),
            Throttle(),
        )

    def admit(self, method: str, path: str, connection: HTTPConnection) -> Caller:
        """Who asks, where they may. Raises Forbidden, LoginNeeded, TooManyAttempts, and HTTPException for a
        request that says twice for whom or from whom it is."""
        check_single(connection.headers.keys())
        check_host(connection.headers, self.hosts)
        need = needed(method, path)
        bearer = _bearer(connection)
        if not self.access.controlled or need in (Need.NOTHING, Need.SHARE):
            check_change(method, connection.headers)
            return self._open(need, connection)
        if bearer is not None:
            caller = Caller(self.by_token(bearer, address_of(connection)))
        else:
            caller = self.by_cookie(connection)
            check_change(method, connection.headers, proof=caller.session is not None)
        if caller.role is None:
            raise LoginNeeded("This dashboard wants to know who asks: log in, or send an access token.")
        if not allows(caller.role, need):
            raise Forbidden("This needs an operator's login; yours can read and not change.")
        return caller

    def by_token(self, token: str, address: str) -> Role:
        """Whose token it is. Raises LoginNeeded for a wrong one, TooManyAttempts without looking at it."""
        if wait_s := self.throttle.wait_s(address):
            raise TooManyAttempts(wait_s)
        role = self.access.role_of(token)
        if role is None:
            self.throttle.failed(address)
            raise LoginNeeded("That is not an access token of this dashboard.")
        self.throttle.succeeded(address)
        return role

    def by_cookie(self, connection: HTTPConnection) -> Caller:
        """Who the session cookie stands for; NOBODY without one that lasts."""
        session = self.sessions.read(connection.cookies.get(cookie_name(connection), ""))
        return NOBODY if session is None else Caller(session.role, session)

    def _open(self, need: Need, connection: HTTPConnection) -> Caller:
        if need is Need.SHARE:
            return Caller(Role.SHARE)
        return self.by_cookie(connection) if self.access.controlled else Caller()


def cookie_name(connection: HTTPConnection) -> str:
    """The session cookie's name: with the port, as cookies know none and two dashboards may share a host.
    Under TLS with the prefix that keeps subdomains and plain HTTP from setting it."""
    server = connection.scope.get("server")
    name = f"katydid_{server[1] if server else 0}"
    return f"__Host-{name}" if is_tls(connection) else name


def is_tls(connection: HTTPConnection) -> bool:
    """Whether the browser's connection is encrypted, as far as this server or its proxy says."""
    return bool(connection.scope.get("scheme") == "https")


def address_of(connection: HTTPConnection) -> str:
    """Where the request comes from, to slow down who guesses."""
    return connection.client.host if connection.client else "unknown"


def _bearer(connection: HTTPConnection) -> str | None:
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None
