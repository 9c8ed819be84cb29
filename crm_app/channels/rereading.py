"""A stored payload mapped anew, by channel: the way of a replay. Pure."""

from collections.abc import Mapping
from typing import Final

from crm_app.channels import kinds
from crm_app.channels.kind import Rereader
from crm_app.domain.channel import Channel

# A channel that is not here has no payloads that could be mapped anew.
REREADERS: Final[Mapping[Channel, Rereader]] = {
    channel: reread for channel in Channel if (reread := kinds.of(channel).reread) is not None
}
