"""Who takes part in a conversation."""

from sqlalchemy import BigInteger, bindparam, delete

from iayos.chat.models import ParticipantTable
from iayos.chat.queries import conversation_of
from iayos.core.db import Statement, Tx

LEAVE = Statement(
    delete(ParticipantTable).where(
        ParticipantTable.conversation_id == bindparam("conversation_id", type_=BigInteger),
        ParticipantTable.account_id == bindparam("account_id", type_=BigInteger),
    )
)


async def replace_participant(tx: Tx, job_id: int, *, leaves: int, joins: int) -> None:
    """Another takes one's place in the conversation of this job, and sees what was said before."""
    conversation_id = await conversation_of(tx, job_id)
    if conversation_id is None:
        raise LookupError(f"job {job_id} has no conversation")
    await tx.run(LEAVE, conversation_id=conversation_id, account_id=leaves)
    await tx.insert(ParticipantTable, conversation_id=conversation_id, account_id=joins)
