"""Reading conversations."""

from sqlalchemy import BigInteger, bindparam, select

from iayos.chat.models import ConversationTable
from iayos.core.db import Reads, Statement

OF_JOB = Statement(
    select(ConversationTable.id).where(ConversationTable.job_id == bindparam("job_id", type_=BigInteger))
)


async def conversation_of(reads: Reads, job_id: int) -> int | None:
    """The conversation of this job, if it has been opened."""
    found: int | None = await reads.value(OF_JOB, job_id=job_id)
    return found
