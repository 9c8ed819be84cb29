"""The ASGI application: each channel below a prefix that plays the part of its host."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator

from sqlalchemy import Engine, text
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from crm_app.sandbox import (
    amazon,
    blinkit,
    channel_store,
    console,
    control,
    flipkart,
    hook_sender,
    life,
    shopify,
    swiggy,
    times,
    trade,
    woocommerce,
)
from crm_app.sandbox.limits import Limits
from crm_app.sandbox.serving import Options, Sandbox


def create_app(engine: Engine, options: Options) -> Starlette:
    """Build the application on a store whose tables exist (`store.open_store`).

    Life only runs while the server's lifespan does; without one the shop stands still.
    """
    box = Sandbox(engine, options, Limits(options.mode))
    for channel in channel_store.EXTRA_CHANNELS:
        if channel in options.accounts:
            count = options.accounts[channel]
            trade.open_account(engine, channel, count, options.seed, times.now())
    app = Starlette(
        routes=[
            Route("/health", _health),
            Mount("/amazon-auth", routes=amazon.auth_routes()),
            Mount("/amazon", routes=amazon.routes()),
            Mount("/woocommerce", routes=woocommerce.routes()),
            Mount("/flipkart", routes=flipkart.routes()),
            Mount("/shopify", routes=shopify.routes()),
            Mount("/swiggy", routes=swiggy.routes()),
            Mount("/blinkit", routes=blinkit.routes()),
            Mount("/_sandbox", routes=control.routes()),
            *console.routes(),
        ],
        lifespan=_lifespan,
    )
    app.state.sandbox = box
    return app


@contextlib.asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncGenerator[None]:
    box = app.state.sandbox
    tasks = [
        asyncio.create_task(life.live(box)),
        asyncio.create_task(hook_sender.send_forever(box)),
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def _health(request: Request) -> JSONResponse:
    def ask(engine: Engine) -> None:
        with engine.connect() as connection:
            connection.execute(text("select 1"))

    await run_in_threadpool(ask, request.app.state.sandbox.engine)
    return JSONResponse({"status": "ok"})
