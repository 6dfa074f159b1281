"""A service with a database behind SQLAlchemy's pool: 5 connections that stay, 10 more under load."""

import os
import time
from typing import Any

from fastapi import FastAPI
from sqlalchemy import QueuePool, create_engine, event, text

app = FastAPI()
engine = create_engine(
    "sqlite:///file::memory:?uri=true&check_same_thread=false",
    poolclass=QueuePool,
    pool_size=int(os.environ.get("POOL_SIZE", "5")),
    max_overflow=int(os.environ.get("MAX_OVERFLOW", "10")),
)


@event.listens_for(engine, "connect")
def add_sleep(connection: Any, record: Any) -> None:
    connection.create_function("pg_sleep", 1, time.sleep)  # as PostgreSQL has it


@app.get("/orders")
def orders() -> dict[str, int]:
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_sleep(0.050)")).all()
    return {"waited_ms": 50}


@app.get("/ping")
async def ping() -> str:
    return "pong"
