"""The audit log: who of the staff did what to whom, and why."""

from typing import Any

from iayos.core import clock
from iayos.core.db import Tx
from iayos.core.models import AuditTable
from iayos.core.principal import Principal


async def note(
    tx: Tx, by: Principal | None, action: str, *, subject: str, reason: str,
    before: dict[str, Any] | None = None, after: dict[str, Any] | None = None,
) -> None:  # fmt: skip
    """Write one line, in the transaction of the change itself. `by` None is the host's own operator or the runner."""
    await tx.insert(
        AuditTable, actor_id=by.account_id if by else None, action=action, subject=subject, reason=reason,
        before=before, after=after, at=clock.now(),
    )  # fmt: skip
