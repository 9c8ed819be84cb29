"""`python -m crm_app.sandbox [serve]` and `python -m crm_app.sandbox load FILE.csv.gz`."""

import argparse
import asyncio
import logging
import signal
import sys
import time
from pathlib import Path

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from crm_app import logs
from crm_app.config import Settings, get_settings
from crm_app.sandbox import shop, store, times
from crm_app.sandbox.app import create_app
from crm_app.sandbox.channel_store import ExtraChannel
from crm_app.sandbox.report import ReportError, load_report
from crm_app.sandbox.serving import Options

# Longer, and it is not starting but away.
_DATABASE_WITHIN_S = 60.0

logger = logging.getLogger(__name__)


class SandboxSettings(BaseSettings):
    """What only this process needs to know."""

    model_config = SettingsConfigDict(env_prefix="CRM_SANDBOX_", env_file=".env", extra="ignore")

    # How old a change must be for an Amazon search to show it; unset: 120 s published, 2 s fast.
    amazon_delay_s: float | None = None
    host: str = "127.0.0.1"
    # Channels beyond Amazon and the web shop that sell, each with its first number of orders:
    # CRM_SANDBOX_ACCOUNTS={"flipkart": 600, "shopify": 250, "swiggy": 150, "blinkit": 60}
    accounts: dict[ExtraChannel, int] = Field(default_factory=dict[ExtraChannel, int])


def _open(url: str) -> Engine:
    """The store, once its database answers: that one may be starting as well."""
    give_up = time.monotonic() + _DATABASE_WITHIN_S
    while True:
        try:
            return store.open_store(url)
        except OperationalError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.5)


def main(argv: list[str]) -> int:
    """Run one command; the process's exit code."""
    parser = argparse.ArgumentParser(prog="python -m crm_app.sandbox", description=__doc__)
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("serve", help="serve the channels (the default)")
    load = commands.add_parser("load", help="load an Amazon order report")
    load.add_argument("file", type=Path)
    chosen = parser.parse_args(argv)
    settings = get_settings()
    logs.keep_secrets_out()
    logging.basicConfig(level=settings.log_level, format="%(levelname)s %(name)s: %(message)s")
    # One line for each hook would drown the rest; what was sent can be asked for.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    if settings.sandbox_database_url is None:
        print("Set CRM_SANDBOX_DATABASE_URL to a database of the sandbox's own.", file=sys.stderr)
        return 2
    engine = _open(settings.sandbox_database_url)
    if chosen.command == "load":
        return _load(engine, chosen.file)
    return _serve(engine, settings)


def _load(engine: Engine, path: Path) -> int:
    try:
        result = load_report(engine, path)
    except ReportError as error:
        print(error, file=sys.stderr)
        return 2
    print(result.describe())
    return 0


def _serve(engine: Engine, settings: Settings) -> int:
    own = SandboxSettings()
    shop.seed_shop(engine, settings.sandbox_orders, settings.sandbox_seed, times.now())
    options = Options(
        mode=settings.sandbox_mode,
        amazon_delay_s=own.amazon_delay_s,
        orders=settings.sandbox_orders,
        order_every_s=settings.sandbox_order_every_s,
        seed=settings.sandbox_seed,
        accounts={str(channel): count for channel, count in own.accounts.items()},
    )
    server = Server(
        create_app(engine, options),
        address=own.host,
        port=settings.sandbox_port,
        interface=Interfaces.ASGI,
        websockets=False,
        # Its own notices at start read like faults; real ones are errors.
        log_level=LogLevels.error,
    )
    address = f"http://{own.host}:{settings.sandbox_port}"
    logger.info("channel sandbox at %s, rate limits: %s", address, options.mode)
    asyncio.run(_run(server))
    engine.dispose()
    return 0


async def _run(server: Server) -> None:
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, server.stop)
    await server.serve()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
