"""Who brings orders into the desk, as the events of those orders name it."""

from dataclasses import dataclass, field
from typing import Any

from crm_app.domain.actor import Actor


@dataclass(frozen=True, slots=True)
class Author:
    """A channel, or a person with a file; `told` is what the events say beside what changed."""

    actor: Actor
    told: dict[str, Any] = field(default_factory=dict[str, Any])
