"""One call for several orders where a channel takes that, one call for each where it does not."""

from collections.abc import Iterable, Mapping, Sequence

from crm_app.channels import capabilities
from crm_app.channels.base import BatchConnector, ChannelOrder, Connector, Receipt, StatusUpdate
from crm_app.errors import (
    AccountDisconnectedError,
    ChannelError,
    OutcomeUnknownError,
    RateLimitedError,
    RetryableError,
)
from crm_app.services.claiming import ONE, Sizes


def sizes(connector: Connector) -> Sizes:
    """How many orders one call to this channel may be about."""
    if not isinstance(connector, BatchConnector):
        return ONE
    rules = capabilities.of(connector.channel)
    return Sizes(read=rules.reads_at_once, tell=rules.batch_size)


def tell(
    connector: Connector, updates: Sequence[StatusUpdate]
) -> Mapping[int, Receipt | ChannelError]:
    """What becomes of each update, by its reference. What is not said stays open."""
    if not isinstance(connector, BatchConnector):
        return {update.reference: _told(connector, update) for update in updates}
    said = connector.push_statuses(updates)
    silence = OutcomeUnknownError("The channel does not say what became of it.")
    return {update.reference: said.get(update.reference, silence) for update in updates}


def read(
    connector: Connector, external_ids: Sequence[str]
) -> Mapping[str, ChannelOrder | Exception]:
    """Each order as the channel has it, or why it cannot be read."""
    if not isinstance(connector, BatchConnector):
        return {key: _shown(connector, key) for key in external_ids}
    said = connector.fetch_by_ids(external_ids)
    silence = RetryableError("The channel did not answer for this order.")
    return {key: said.get(key, silence) for key in external_ids}


def common(outcomes: Iterable[object]) -> ChannelError | None:
    """The error among the outcomes that concerns the whole account; the gravest if several."""
    found = list(outcomes)
    for kind in (AccountDisconnectedError, RateLimitedError):
        for one in found:
            if isinstance(one, kind):
                return one
    return None


def _told(connector: Connector, update: StatusUpdate) -> Receipt | ChannelError:
    try:
        return connector.push_status(update)
    except ChannelError as error:
        return error


def _shown(connector: Connector, external_id: str) -> ChannelOrder | Exception:
    try:
        return connector.fetch_order(external_id)
    except (ChannelError, ValueError) as error:
        return error
