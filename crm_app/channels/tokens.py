"""Access tokens that outlive a job: a pull every few seconds must not sign in every few seconds."""

import logging
from typing import Final, Protocol, cast

from redis import Redis
from redis.exceptions import RedisError

from crm_app import vault
from crm_app.errors import ServiceUnavailableError

logger = logging.getLogger(__name__)

# Less than this is not worth keeping: the next job would find it gone.
_SHORTEST_S: Final = 1.0


class TokenStore(Protocol):
    """Where the access token of one account is kept between jobs. Nothing here ever raises."""

    def load(self) -> tuple[str, float] | None:
        """The token and the seconds that it still lasts; None if there is none."""
        ...

    def save(self, token: str, lasts_s: float) -> None: ...

    def drop(self) -> None:
        """Forget a token that the channel refused."""
        ...


class NoStore:
    """Keeps nothing: each connector signs in by itself."""

    def load(self) -> None:
        return None

    def save(self, token: str, lasts_s: float) -> None:
        del token, lasts_s

    def drop(self) -> None:
        return None


class RedisTokens:
    """One account's token in Redis, encrypted like its credentials.

    Redis is a cache here: whatever goes wrong with it costs one more sign-in.
    """

    def __init__(self, redis: "Redis", account_id: int, credentials_mark: str) -> None:
        """`credentials_mark` changes with the credentials: their old token dies with them."""
        self._redis = redis
        self._key = f"crm:token:{account_id}:{credentials_mark}"

    def load(self) -> tuple[str, float] | None:
        """See `TokenStore`."""
        try:
            sealed = cast(bytes | None, self._redis.get(self._key))
            lasts_ms = cast(int, self._redis.pttl(self._key))
            if sealed is None or lasts_ms <= 0:
                return None
            return vault.unseal(sealed)["token"], lasts_ms / 1_000
        except (RedisError, ServiceUnavailableError, KeyError) as error:
            logger.warning("A kept token cannot be read: %s", type(error).__name__)
            return None

    def save(self, token: str, lasts_s: float) -> None:
        """See `TokenStore`."""
        if lasts_s < _SHORTEST_S:
            return
        try:
            self._redis.set(self._key, vault.seal({"token": token}), px=int(lasts_s * 1_000))
        except RedisError as error:
            logger.warning("A token was not kept: %s", type(error).__name__)

    def drop(self) -> None:
        """See `TokenStore`."""
        try:
            self._redis.delete(self._key)
        except RedisError as error:
            logger.warning("A refused token was not dropped: %s", type(error).__name__)
