"""A channel's folder, found by its name: the member of `Channel` is the whole registration.

Three modules of a folder are looked for, and loaded only when they are asked for. `statuses.py`
(`CAPABILITIES`) and `form.py` (`FORM`) are data, read by services and pages; `channel.py`
(`CHANNEL`, see `kind.py`) leads to the connector. No import statement names a folder, so the
connector of one channel loads no other.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from crm_app.domain.channel import Channel


def part(channel: Channel, module: str, name: str) -> Any:
    """What a module of a channel's folder calls `name`; None if it has no such module.

    Raises:
        ModuleNotFoundError: If the channel has no folder at all.
    """
    path = f"{__package__}.{channel.value}.{module}"
    return getattr(import_module(path), name) if find_spec(path) is not None else None
