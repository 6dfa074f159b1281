"""A service behind `uvicorn --limit-concurrency`: with so many connections open, answers are 503."""

import asyncio

from fastapi import FastAPI

app = FastAPI()


@app.get("/search")
async def search() -> dict[str, int]:
    await asyncio.sleep(0.050)  # stands for a query
    return {"waited_ms": 50}


@app.get("/ping")
async def ping() -> str:
    return "pong"
