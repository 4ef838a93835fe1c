"""Is it up, and is it ready?"""

import msgspec
from litestar import get
from sqlalchemy import text

from iayos.core.db import Statement
from iayos.core.errors import GatewayUnavailable
from iayos.web.docs import answers
from iayos.web.tx import Reading

PING = Statement(text("SELECT 1"))


class Health(msgspec.Struct, frozen=True):
    """The state of this process."""

    status: str


@get("/health", summary="Is the process alive?", sync_to_thread=False)
def health() -> Health:
    """Alive; nothing else is asked."""
    return Health("ok")


@get("/ready", summary="Can it serve requests?", opt=answers(GatewayUnavailable))
async def ready(reads: Reading) -> Health:
    """The database answers."""
    await reads.value(PING)
    return Health("ready")
