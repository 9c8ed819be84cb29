"""The packages of an order as its page draws them: display texts only. Pure."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from crm_app.domain.carriers import tracking_url
from crm_app.domain.download import Paper
from crm_app.domain.intent import OPEN, IntentState
from crm_app.domain.order_status import IN_HOUSE
from crm_app.services.order_view import OrderDetail, PackageView
from crm_app.ui.shared import times
from crm_app.ui.shared.tones import Pill


@dataclass(frozen=True)
class Package:
    """One package. `href` leads to the carrier's page, `slip` to its packing slip."""

    key: int
    title: str
    carrier: str
    number: str
    href: str
    contents: str
    at: str
    exact: str
    who: str
    state: Pill
    slip: str


def packages(detail: OrderDetail, now: datetime, zone: ZoneInfo) -> list[Package]:
    """All of an order, in the order in which they left."""
    titles = {line.external_id: line.sku or line.title for line in detail.lines}
    count = len(detail.packages)
    # Of an order that is still in the house nobody knows yet how many there will be.
    of = "" if detail.order.status in IN_HOUSE or count == 1 else f" of {count}"
    return [
        Package(
            key=at,
            title=f"Package {at}{of}",
            carrier=one.carrier,
            number=one.tracking_number,
            href=tracking_url(one.carrier, one.tracking_number),
            contents=contents(one.lines, titles),
            at=times.when(one.shipped_at, now, zone) if one.shipped_at else "",
            exact=times.exact(one.shipped_at, zone) if one.shipped_at else "",
            who=one.actor_label,
            state=_state(one, detail.order.channel.label),
            slip=_slip(detail.order.id, one.id),
        )
        for at, one in enumerate(detail.packages, start=1)
    ]


def contents(lines: dict[str, int], titles: dict[str, str]) -> str:
    """`2 × PEARL-1, 1 × RING-7`."""
    return ", ".join(f"{count} × {titles.get(key) or key}" for key, count in lines.items())


def _state(package: PackageView, channel: str) -> Pill:
    if package.channel_status:
        word = package.channel_status.replace("_", " ").capitalize()
        return Pill(word, "ok", "4", f"{channel} says {package.channel_status}")
    if package.is_told:
        return Pill("Told", "ok", "done", f"{channel} knows of it") if package.id else Pill()
    if package.state is None:
        return Pill("Noted here", "mute", "done", f"{channel} is not told")
    if package.state in OPEN:
        return Pill("On its way to " + channel, "info", "2")
    if package.state in (IntentState.REJECTED, IntentState.NEEDS_PERSON):
        return Pill("Not taken", "bad", "alert", f"{channel} does not have it: decide above")
    return Pill()


def _slip(order_id: int, package_id: int) -> str:
    if not package_id:
        return ""
    return f"/api/v1/orders/{order_id}/papers/{Paper.PACKING_SLIP.value}.pdf?package={package_id}"
