"""Verbs of conversations."""

from collections.abc import Collection

from iayos.chat.models import ConversationTable, ParticipantTable
from iayos.core import clock
from iayos.core.db import Tx


async def open_conversation(tx: Tx, job_id: int, account_ids: Collection[int]) -> int:
    """The one conversation of this job begins, between these accounts; its id."""
    moment = clock.now()
    conversation_id = await tx.insert(ConversationTable, job_id=job_id, created_at=moment, last_at=moment)
    for account_id in sorted(account_ids):
        await tx.insert(ParticipantTable, conversation_id=conversation_id, account_id=account_id)
    return conversation_id
