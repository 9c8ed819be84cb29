"""What people ask of the real sandbox."""

from tests.jobs.conftest import amazon, sandbox, sandbox_server, shop

__all__ = ["amazon", "sandbox", "sandbox_server", "shop"]
