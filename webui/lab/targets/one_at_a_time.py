"""A service that protects itself: it admits so many requests and turns the rest away at once."""

import asyncio
import os

from fastapi import FastAPI, HTTPException

app = FastAPI()
ADMIT = int(os.environ.get("ADMIT", "1"))
inside = 0


@app.get("/render")
async def render() -> dict[str, int]:
    global inside
    if inside >= ADMIT:
        raise HTTPException(503, "busy; try again", headers={"Retry-After": "1"})
    inside += 1
    try:
        await asyncio.sleep(0.050)  # stands for a job on the only printer
    finally:
        inside -= 1
    return {"took_ms": 50}


@app.get("/ping")
async def ping() -> str:
    return "pong"
