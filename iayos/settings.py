"""All settings, in one frozen struct, read once from `IAYOS_*` in the environment and passed in from there."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

DEVELOPMENT_SECRET: Final = "development-only-secret-of-iayos-0000"  # noqa: S105 - refused outside development
DEVELOPMENT_KEY: Final = "ZGV2ZWxvcG1lbnQtb25seS1rZXktb2YtaWF5b3MtMDA="
"""The encryption key of development; refused in production."""


class MissingSetting(Exception):
    """A setting that this environment needs is absent or wrong; the message names it."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Every knob. Each is read from `IAYOS_<NAME>`; amounts are pesos, periods are in the unit of their name."""

    env: Literal["development", "test", "production"] = "development"
    """Where this runs. Outside development and test every secret must be given."""

    database_url: str = ""
    """PostgreSQL 15 or later, `postgresql://…`, directly or through a pooler in session mode. `iayos up` starts one by itself when this is empty."""
    database_pool: int = 10
    """Connections that one process holds at most."""
    redis_url: str = ""
    """Redis for queue, pub/sub and strict rate limits; without it all three use the database."""

    public_url: str = "http://127.0.0.1:8000"
    """Where this API is reached from outside."""
    web_url: str = ""
    """The web app: links in mails and the redirects after a payment lead there. Empty: this API's own small pages."""
    web_origins: str = ""
    """Origins of browsers that may call with cookies, separated by commas."""

    secret: str = DEVELOPMENT_SECRET
    """Signs access tokens and the tokens in mails; at least 32 characters."""
    encryption_keys: str = DEVELOPMENT_KEY
    """Seal account numbers and Xendit's events in the database: keys of `iayos admin new-key`, separated by commas, newest
    first. The first seals, any opens; without the right one no withdrawal is paid out. To rotate: put the new key in front
    (where several hosts run, behind the old one first and in front once all have it), restart, run `iayos db rotate-key`,
    and take the old key out when it says so."""

    xendit_url: str = "https://api.xendit.co"
    """Where Xendit is; the sandbox stands in for it in development."""
    xendit_api_key: str = ""
    """The secret key of the Xendit account."""
    xendit_callback_token: str = ""
    """The verification token that Xendit sends with every webhook (`x-callback-token`)."""
    xendit_timeout_s: float = 10.0
    """How long one call to Xendit may take."""

    resend_url: str = "https://api.resend.com"
    """Where Resend is."""
    resend_api_key: str = ""
    """The key that sends mail."""
    mail_from: str = "iAyos <no-reply@iayos.example>"
    """Sender of all mail; its domain must be verified at Resend."""

    supabase_url: str = ""
    """The Supabase project that keeps the files; phones fetch them from there."""
    supabase_key: str = ""
    """Its service key, which may do everything there; it never leaves the service."""

    resend_per_second: float = 2
    """Mails that one process hands to Resend in a second at most; of several runners, each gets its share of Resend's limit."""

    expo_url: str = "https://exp.host"
    """Where Expo's push service is."""
    expo_access_token: str = ""
    """Needed only when "enhanced push security" is switched on at Expo."""

    metrics_token: str = ""
    """What Prometheus must send as its bearer token to read `/metrics`. Empty: nobody may, but this machine in development."""

    seller: str = "iAyos"
    """Who stands on invoices for the platform's fee: name, then address and TIN, separated by semicolons."""

    rate_limits: Literal["on", "off"] = "on"
    """`off` is for load tests and is refused in production."""
    clock_file: str = ""
    """An eight-byte file with a clock offset that sandbox, API and runner share; refused in production."""

    invoice_hours: int = 24
    """How long an invoice can be paid."""
    escrow_days: float = 3
    """An escrow that is not paid so long after acceptance cancels the job."""
    silence_days: float = 7
    """A client that does not answer a completion mark for so long approves by silence."""
    overdue_days: float = 7
    """So long after approval the held half goes to the payee, though the second is not paid."""
    cancel_days: float = 3
    """A wish to cancel that the other side does not answer lapses."""
    reminder_days: str = "3,6"
    """On which days of silence, and of a second half that is due, the client is reminded."""
    dispute_talk_hours: float = 48
    """A dispute begins with time to talk,"""
    dispute_offer_days: float = 7
    """then has time for offers, and then goes to staff."""
    invite_days: float = 3
    """How long an invitation to a job can be answered; then it lapses."""
    review_days: int = 14
    """How long after settlement a review can be written; then those that exist are published."""
    verification_hours: int = 72
    """How long the link in a verification mail works."""
    reset_minutes: int = 60
    """How long the link in a password mail works."""

    @property
    def production(self) -> bool:
        """Is this the real thing?"""
        return self.env == "production"

    @property
    def origins(self) -> list[str]:
        """`web_origins` as a list."""
        return [origin.strip().rstrip("/") for origin in self.web_origins.split(",") if origin.strip()]

    @property
    def keys(self) -> list[str]:
        """`encryption_keys` as a list, newest first."""
        return [key.strip() for key in self.encryption_keys.split(",") if key.strip()]

    @property
    def reminders(self) -> list[float]:
        """`reminder_days` as numbers."""
        return [float(day) for day in self.reminder_days.split(",") if day.strip()]

    @property
    def pages_url(self) -> str:
        """Where links for people lead."""
        return (self.web_url or self.public_url).rstrip("/")


SHORTEST_SECRET: Final = 32
SECRETS: Final = (
    "secret", "encryption_keys", "xendit_api_key", "xendit_callback_token", "resend_api_key", "supabase_url", "supabase_key",
)  # fmt: skip
KEY: Final = re.compile(r"[A-Za-z0-9_-]{43}=", re.ASCII)


def from_env(environ: Mapping[str, str] = os.environ, **given: Any) -> Settings:
    """The settings of this process; `given` wins over the environment. Raises `MissingSetting` with the name at fault."""
    raw: dict[str, Any] = {}
    for field in msgspec.structs.fields(Settings):
        value = environ.get(f"IAYOS_{field.name.upper()}")
        if value:
            raw[field.name] = value
    try:
        settings = msgspec.convert(raw | given, Settings, strict=False)
    except msgspec.ValidationError as fault:
        raise MissingSetting(f"A setting does not fit: {fault}") from fault
    _check(settings)
    return settings


def keys_of(environ: Mapping[str, str] = os.environ) -> list[str]:
    """The encryption keys alone, for a host command that has no other secrets; development's only where it is named."""
    given = environ.get("IAYOS_ENCRYPTION_KEYS", "")
    env = environ.get("IAYOS_ENV", "")
    if not given and env not in {"development", "test"}:
        raise MissingSetting(
            "IAYOS_ENCRYPTION_KEYS is not set, and there is something to seal; `iayos admin new-key` makes a key. On a"
            " database for development, set IAYOS_ENV=development"
        )
    settings = Settings(encryption_keys=given or DEVELOPMENT_KEY, env="production" if env == "production" else "test")
    _check_keys(settings)
    return settings.keys


def _check(settings: Settings) -> None:
    if len(settings.secret) < SHORTEST_SECRET:
        raise MissingSetting("IAYOS_SECRET must have at least 32 characters")
    _check_keys(settings)
    if not settings.production:
        return
    for name in SECRETS:
        if getattr(settings, name) in {"", DEVELOPMENT_SECRET, DEVELOPMENT_KEY}:
            raise MissingSetting(f"IAYOS_{name.upper()} is not set; production needs it")
    if settings.rate_limits == "off":
        raise MissingSetting("IAYOS_RATE_LIMITS=off is refused in production")
    if settings.clock_file:
        raise MissingSetting("IAYOS_CLOCK_FILE is refused in production")


def _check_keys(settings: Settings) -> None:
    for place, key in enumerate(settings.keys or [""], start=1):
        if not KEY.fullmatch(key):
            raise MissingSetting(f"IAYOS_ENCRYPTION_KEYS: no. {place} is not a key; `iayos admin new-key` makes one")
        if key == DEVELOPMENT_KEY and settings.production:
            raise MissingSetting(
                "IAYOS_ENCRYPTION_KEYS is not set, or has development's key in it; production needs its own:"
                " `iayos admin new-key` makes one"
            )


def data_dir(given: Path | None = None) -> Path:
    """Where `iayos up` keeps its data: the option, else `IAYOS_DATA_DIR`, else `.iayos` here."""
    return (given or Path(os.environ.get("IAYOS_DATA_DIR", ".iayos"))).absolute()
