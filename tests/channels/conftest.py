from collections.abc import Iterator

import pytest
from redis import Redis

from crm_app import embedded


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with embedded.redis(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    # redis-py leaves the extra arguments of these two untyped.
    connection: Redis = Redis.from_url(redis_url)  # pyright: ignore[reportUnknownMemberType]
    with connection:
        connection.flushdb()  # pyright: ignore[reportUnknownMemberType]
        yield connection
