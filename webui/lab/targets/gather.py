"""A page that asks five other services, all at the same time."""

import asyncio

from fastapi import FastAPI

app = FastAPI()


async def ask(service: str) -> str:
    await asyncio.sleep(1)  # stands for a call over the network
    return service


@app.get("/gather")
async def overview() -> list[str]:
    services = ["orders", "stock", "prices", "reviews", "shipping"]
    return await asyncio.gather(*(ask(service) for service in services))


@app.get("/ping")
async def ping() -> str:
    return "pong"
