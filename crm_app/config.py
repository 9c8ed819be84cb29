"""Every setting, read from the environment (prefix `CRM_`) or a `.env` file."""

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

# Known to everybody who can read this repository: refused outside demo and test.
DEMO_SECRET: Final = "demo-only-secret-key-never-for-production"  # noqa: S105
DEMO_PASSWORD: Final = "demo-only-password"  # noqa: S105


class Settings(BaseSettings):
    """Every knob an operator may turn. A wrong or missing one stops the process at start."""

    model_config = SettingsConfigDict(
        env_prefix="CRM_", env_file=".env", extra="ignore", frozen=True
    )

    environment: Literal["demo", "test", "production"] = "demo"
    brand_name: str = "Palmonas"
    business_timezone: str = "Asia/Kolkata"

    port: int = Field(default=8000, ge=1, le=65_535)
    # Address the web process listens on. Loopback unless said otherwise: demo passwords are public.
    host: str = "127.0.0.1"
    # What people type in the browser. Websockets and forms from any other origin are refused.
    public_url: str | None = None
    web_workers: int = Field(default=1, ge=1, le=64)
    # How many reverse proxies in front of us set X-Forwarded-For.
    trusted_proxy_hops: int = Field(default=0, ge=0, le=5)

    data_dir: Path = Path(".data")
    # Unset: an embedded server below `data_dir`.
    database_url: str | None = None
    redis_url: str | None = None
    # Fernet keys derive from these; the first one encrypts, all of them decrypt (rotation).
    secret_keys: Annotated[list[SecretStr], NoDecode] = Field(
        default_factory=lambda: [SecretStr(DEMO_SECRET)], min_length=1
    )

    session_idle_hours: float = Field(default=12, gt=0)
    session_absolute_hours: float = Field(default=24 * 7, gt=0)
    # Roles whose people may do nothing until their second factor is set up: "admin,support".
    two_factor_roles: Annotated[list[Literal["admin", "support", "read_only"]], NoDecode] = Field(
        default_factory=list[Literal["admin", "support", "read_only"]]
    )
    # How long an invitation or a reset link waits to be used.
    link_hours: float = Field(default=72, gt=0, le=24 * 30)
    access_token_minutes: float = Field(default=10, gt=0)
    # How long after a password or code nobody is asked again before a grave step.
    sudo_minutes: float = Field(default=10, gt=0, le=24 * 60)

    pull_interval_s: int = Field(default=10, ge=1)
    outbox_interval_s: int = Field(default=5, ge=1)
    http_timeout_s: float = Field(default=20.0, gt=0)
    # Pauses between two tries double up to this: of a change, a webhook, an account, a channel.
    longest_pause_s: float = Field(default=15 * 60.0, ge=5, le=3600)
    # How often, and how many days back, an account's list is compared with what is here.
    deep_sweep_interval_s: int = Field(default=6 * 3600, ge=60)
    deep_sweep_days: float = Field(default=3, gt=0, le=365)
    # Whether the address of a channel or of a hook may lead into a private network.
    allow_private_channels: bool = False
    # ... or to this machine itself. Unset: only in a demo, whose sandbox is here, and in tests.
    allow_loopback: bool | None = None
    # A channel repeats a webhook for days at most: younger entries are needed to know it again.
    inbox_retention_days: int = Field(default=30, ge=7)

    # Mails of alerts. Without a host nobody is told by mail.
    smtp_host: str | None = None
    smtp_port: int = Field(default=587, ge=1, le=65_535)
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_from: str = "orders@localhost"

    document_max_mb: int = Field(default=50, ge=1, le=500)
    # An uploaded file and its lines are deleted after so long; what the import did stays.
    document_keep_days: int = Field(default=30, ge=1)
    # A file under Downloads is deleted after so long.
    download_keep_days: int = Field(default=7, ge=1, le=365)

    sandbox_port: int = Field(default=8100, ge=1, le=65_535)
    sandbox_database_url: str | None = None
    # published: the channels' documented rate limits; fast: the same multiplied.
    sandbox_mode: Literal["published", "fast"] = "fast"
    sandbox_orders: int = Field(default=2_000, ge=0, le=1_000_000)
    # Mean seconds between two new orders; 0 stops the shop from living.
    sandbox_order_every_s: float = Field(default=6.0, ge=0)
    sandbox_seed: int = 7

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("secret_keys", "two_factor_roles", mode="before")
    @classmethod
    def _split_keys(cls, value: object) -> object:
        if isinstance(value, str):
            return [part.strip() for part in value.split(",") if part.strip()]
        return value

    @field_validator("business_timezone")
    @classmethod
    def _known_timezone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError) as error:
            raise ValueError(f"{value!r} is not a time zone name such as Asia/Kolkata") from error
        return value

    @field_validator("database_url", "redis_url", "sandbox_database_url", "public_url", "smtp_host")
    @classmethod
    def _empty_is_unset(cls, value: str | None) -> str | None:
        return value or None

    @model_validator(mode="after")
    def _no_default_secret_in_production(self) -> "Settings":
        if self.environment != "production":
            return self
        keys = [key.get_secret_value() for key in self.secret_keys]
        if DEMO_SECRET in keys or any(len(key) < 32 for key in keys):
            raise ValueError(
                "CRM_SECRET_KEYS must hold secrets of your own, 32 characters or more each, "
                "in production"
            )
        return self

    @property
    def is_demo(self) -> bool:
        return self.environment == "demo"

    @property
    def is_encrypted(self) -> bool:
        """Whether people come by https, which a proxy in front of us speaks."""
        return self.origin.startswith("https://")

    @property
    def is_production(self) -> bool:
        return self.environment == "production"

    @property
    def may_reach_loopback(self) -> bool:
        return not self.is_production if self.allow_loopback is None else self.allow_loopback

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.business_timezone)

    @property
    def origin(self) -> str:
        """Scheme, host and port of the public address, without a trailing slash."""
        return (self.public_url or f"http://localhost:{self.port}").rstrip("/")

    @property
    def sandbox_url(self) -> str:
        return f"http://127.0.0.1:{self.sandbox_port}"


@lru_cache
def get_settings() -> Settings:
    """Read the settings once; tests call `get_settings.cache_clear()`."""
    return Settings()
