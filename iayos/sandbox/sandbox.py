"""The sandbox as a whole: its parts, and what falls due in them."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from iayos.core import clock
from iayos.sandbox.answers import seconds
from iayos.sandbox.config import SandboxConfig
from iayos.sandbox.expo import Pushes
from iayos.sandbox.faults import Faults
from iayos.sandbox.resend import Mailbox
from iayos.sandbox.store import Store
from iayos.sandbox.supabase.objects import Objects
from iayos.sandbox.supabase.signing import Signer
from iayos.sandbox.webhooks import Webhooks
from iayos.sandbox.wire import RequestLog
from iayos.sandbox.xendit.invoices import Invoices
from iayos.sandbox.xendit.payouts import Auto, Payouts
from iayos.sandbox.xendit.transactions import Transactions

_TICK_S: Final = 0.1
_log: Final = logging.getLogger(__name__)


class Sandbox:
    """All four providers over one store."""

    def __init__(self, config: SandboxConfig) -> None:
        if config.clock_file is not None:
            clock.share(config.clock_file)
        self.config = config
        self.store = Store(config.state_dir)
        self.log = RequestLog(self.store)
        self.faults = Faults(self.store)
        self.webhooks = Webhooks(self.store, url=config.webhook_url, token=config.webhook_token)
        self.transactions = Transactions(self.store, opening_balance=config.opening_balance)
        self.invoices = Invoices(
            self.store, base_url=config.base_url, webhooks=self.webhooks, transactions=self.transactions
        )
        auto = Auto(payouts=config.payouts_auto, after_s=config.auto_after_s)
        self.payouts = Payouts(self.store, auto=auto, webhooks=self.webhooks, transactions=self.transactions)
        self.mailbox = Mailbox(self.store)
        self.pushes = Pushes(self.store)
        self.objects = Objects(self.store)
        self.signer = Signer(config.supabase_key)

    @property
    def webhook_url(self) -> str:
        """Where webhooks go; may be set after the start, when the receiver's port is known."""
        return self.webhooks.url

    @webhook_url.setter
    def webhook_url(self, url: str) -> None:
        self.webhooks.url = url

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Webhooks go out and things fall due for as long as this lasts."""
        self.webhooks.open()
        ticking = asyncio.create_task(self._tick())
        try:
            yield
        finally:
            ticking.cancel()
            with suppress(asyncio.CancelledError):
                await ticking
            await self.webhooks.close()
            self.store.close()

    def fall_due(self) -> None:
        """Do everything whose time has come on the shared clock."""
        for kind, key in self.store.due(seconds()):
            if kind == "invoice":
                self.invoices.fall_due(key)
            elif kind == "payout":
                self.payouts.fall_due(key)
            elif kind == "webhook":
                self.webhooks.start(key)

    async def reset(self) -> None:
        """Forget everything; buckets stay, because they are set up and not received."""
        await self.webhooks.stop()
        self.store.forget(but="bucket")
        self.faults.set([])
        self.webhooks.set_policy(self.webhooks.policy())
        clock.reset()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK_S)
            try:
                self.fall_due()
            except Exception:  # noqa: BLE001 - one bad document must not stop the clock for the others
                _log.exception("something that fell due could not be done")
