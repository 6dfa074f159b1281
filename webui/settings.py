"""What an operator sets: flags, then environment variables `KATYDID_…`, then these defaults."""

from pathlib import Path
from typing import Annotated

from platformdirs import user_data_path
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """One dashboard's or one command's settings. Immutable."""

    model_config = SettingsConfigDict(env_prefix="KATYDID_", frozen=True, extra="ignore")

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8090
    data_dir: Path = Field(default_factory=lambda: user_data_path("katydid"))
    database_url: str | None = None  # default: katydid.db in data_dir
    max_running: Annotated[int, Field(ge=1, le=64)] = 4  # runs at a time; further ones wait
    max_queued: Annotated[int, Field(ge=0, le=10_000)] = 200  # how many may wait
    practice_target: bool = True  # start the practice target with the dashboard

    @property
    def store_url(self) -> str:
        """The SQLAlchemy address of the database."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir / 'katydid.db'}"
