"""Whom an invitation is for."""

from typing import Final

from iayos.core.db import Tx
from iayos.core.errors import Forbidden, Invalid
from iayos.core.principal import AGENCY, WORKER, Principal
from iayos.jobs.queries import hold_caller
from iayos.jobs.schemas import JobIn
from iayos.jobs.states import JobType

WORKER_FIELD, AGENCY_FIELD = "assignedWorkerID", "assignedAgencyFK"
KINDS: Final = {WORKER_FIELD: (WORKER, "assigned_worker_id"), AGENCY_FIELD: (AGENCY, "assigned_agency_id")}
"""Which profile the account in each field must hold, and the job's column for it."""


class OwnInvite(Forbidden):
    code, message = "OWN_JOB", "Nobody is invited to a job of their own."


async def invited(tx: Tx, data: JobIn, *, by: Principal) -> dict[str, int]:
    """The column that names the invited worker or agency; none for a listing. Both sides are held until the transaction ends."""
    named = [field for field in KINDS if getattr(data, field) is not None]
    if data.jobType is JobType.LISTING:
        if named:
            raise Invalid.of_fields([(field, "Only an invitation names one") for field in named])
        await hold_caller(tx, by)
        return {}
    if len(named) != 1:
        raise Invalid.of_fields([(field, "An invitation names one worker or one agency") for field in KINDS])
    field = named[0]
    kind, column = KINDS[field]
    account_id: int = getattr(data, field)
    if account_id == by.account_id:
        raise OwnInvite
    account = (await hold_caller(tx, by, account_id)).get(account_id)
    if account is None or kind not in account.profile_types or account.suspended_at is not None:
        raise Invalid.of(field, f"There is no such {kind.lower()}")
    return {column: account_id}
