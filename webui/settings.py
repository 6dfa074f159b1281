"""What an operator sets: flags, then environment variables `KATYDID_…`, then these defaults."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from platformdirs import user_data_path
from pydantic import BeforeValidator, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from webui.units import parse_duration, parse_rate, parse_size


def _typed(parse: Callable[[str], float]) -> Callable[[Any], Any]:
    """Reads what people type; numbers stay as they are."""
    return lambda value: parse(value) if isinstance(value, str) else value


class Settings(BaseSettings):
    """One dashboard's or one command's settings. Immutable."""

    model_config = SettingsConfigDict(env_prefix="KATYDID_", frozen=True, extra="ignore")

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8090
    data_dir: Path = Field(default_factory=lambda: user_data_path("katydid"))
    database_url: str | None = None  # default: katydid.db in data_dir
    max_running: Annotated[int, Field(ge=1, le=64)] = 4  # runs at a time; further ones wait
    max_queued: Annotated[int, Field(ge=0, le=10_000)] = 200  # how many may wait
    owner_silent_s: Annotated[float, Field(ge=1, le=3600)] = 30.0  # when another machine's is taken for dead
    practice_target: bool = True  # start the practice target with the dashboard

    # Who may ask. Without a token a dashboard on loopback is open, one that others can reach does not start.
    access_control: bool = True
    access_token: SecretStr | None = None
    access_token_file: Path | None = None
    viewer_token: SecretStr | None = None
    viewer_token_file: Path | None = None
    session_hours: Annotated[float, Field(gt=0, le=8760)] = 12.0  # how long a login lasts
    allowed_host: Annotated[tuple[str, ...], NoDecode] = ()  # further names that are answered
    tls_cert: Path | None = None  # PEM; with it the dashboard speaks HTTPS
    tls_key: Path | None = None  # PEM; default: in tls_cert

    # Where tests may send to, see `webui.security.targets`, and what plans may take from the environment.
    allow_target: Annotated[tuple[str, ...], NoDecode] = ()
    deny_target: Annotated[tuple[str, ...], NoDecode] = ()
    allow_env: Annotated[tuple[str, ...], NoDecode] = ()
    # How much a test may ask for, see `webui.security.ceilings`; None: as much as a plan can say.
    max_users: Annotated[int, Field(ge=1)] | None = None
    max_rate: Annotated[float, BeforeValidator(_typed(parse_rate)), Field(gt=0)] | None = None  # starts per s
    max_duration: Annotated[float, BeforeValidator(_typed(parse_duration)), Field(ge=1)] | None = None  # s
    max_body: Annotated[int, BeforeValidator(_typed(parse_size)), Field(ge=1)] | None = None  # bytes

    # Where metrics are sent besides being read at /metrics, see `webui.observability.otlp`.
    otlp_endpoint: str | None = None
    otlp_interval: Annotated[float, BeforeValidator(_typed(parse_duration)), Field(ge=1, le=3600)] = 10.0  # s

    @field_validator("allowed_host", "allow_target", "deny_target", "allow_env", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        """In the environment names stand one after another, with commas or spaces between."""
        return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value

    @property
    def store_url(self) -> str:
        """The SQLAlchemy address of the database."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir / 'katydid.db'}"


def without_tokens(settings: Settings) -> Settings:
    """The settings as the running application keeps them: what it needs of tokens is their hashes."""
    return settings.model_copy(update={"access_token": None, "viewer_token": None})
