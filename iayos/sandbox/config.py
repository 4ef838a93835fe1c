"""What a sandbox is started with."""

from pathlib import Path

import msgspec


class SandboxConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Every setting of the sandbox; the keys are development defaults and open nothing real."""

    base_url: str
    """Its own public address without a trailing slash, as http://127.0.0.1:8090; checkout links start with it."""
    webhook_url: str = ""
    """Where webhooks go; empty means that none is registered, as in a fresh Xendit account."""
    webhook_token: str = "sandbox-callback-token"  # noqa: S105 - opens nothing real
    """Sent as `x-callback-token`."""
    state_dir: Path | None = None
    """Where state is kept over restarts; None keeps it in memory."""
    payouts_auto: bool = False
    """Whether payouts settle by themselves."""
    auto_after_s: float = 2.0
    """How long after its creation a payout settles by itself, in seconds of the shared clock."""
    clock_file: Path | None = None
    """The offset file shared with the API and the runner; None keeps the clock to this process."""
    opening_balance: float = 100_000_000.0
    """What the Xendit account holds at first, in pesos."""
    xendit_api_key: str = "xnd_development_sandbox"
    resend_api_key: str = "re_sandbox"
    supabase_key: str = "sandbox-service-role-key"
    expo_access_token: str = ""
    """Empty means that Expo's "enhanced push security" is off, and no bearer token is asked for."""
