"""The audit log over HTTP, for ADMIN alone."""

from datetime import UTC, datetime
from typing import Annotated, Final

from litestar import Router, get
from litestar.params import QueryParameter

from iayos.admin import audit
from iayos.admin.audit_schemas import AuditOut, ChainOut
from iayos.core import page
from iayos.core.errors import Invalid
from iayos.core.page import Page
from iayos.core.wire import Title
from iayos.web.auth import staff
from iayos.web.progress import InProgress
from iayos.web.request import instant
from iayos.web.tx import Reading

FROM_THE_FIRST: Final = datetime(2000, 1, 1, tzinfo=UTC)
HASH: Final = 32


@get("/", summary="What staff did, and why")
async def list_lines(
    reads: Reading,
    actor: Annotated[int | None, QueryParameter(ge=1, le=page.BIGGEST, description="Only by this account.")] = None,
    action: Annotated[Title | None, QueryParameter(description="Only actions that begin so, as `payments:`.")] = None,
    subject: Annotated[Title | None, QueryParameter(description="Only about this, as `job:12`.")] = None,
    since: Annotated[datetime | None, QueryParameter(description="Only from then on; with a time zone.")] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=page.MAX_LIMIT)] = page.DEFAULT_LIMIT,
    cursor: Annotated[str | None, QueryParameter(max_length=500)] = None,
) -> Page[AuditOut]:
    """Newest first."""
    place = page.decode(cursor, int)
    rows = await audit.lines(
        reads, actor_id=actor, action=action, subject=subject, since=instant("since", since) if since else FROM_THE_FIRST,
        before=place[0] if place else page.BIGGEST, limit=limit + 1,
    )  # fmt: skip
    return page.page(rows, limit, audit.shown, lambda line: (line.id,))


@get("/verify", summary="Prove that the audit log is as it was written")
async def verify_chain(
    reads: Reading,
    progress: InProgress,
    head: Annotated[
        str | None,
        QueryParameter(
            max_length=100, description="POSITION:HASH, as it was told before: the chain must still hold it."
        ),
    ] = None,
) -> ChainOut:
    """Walks the whole chain and names the first fault."""
    return await audit.verify(reads, _anchor(head), progress=progress)


def _anchor(head: str | None) -> tuple[int, bytes] | None:
    if head is None:
        return None
    position, _, given = head.partition(":")
    try:
        anchor = int(position), bytes.fromhex(given)
    except ValueError:
        anchor = 0, b""
    if not 0 < anchor[0] <= page.BIGGEST or len(anchor[1]) != HASH:
        raise Invalid.of("head", "Expected POSITION:HASH, as 12:9f86d0…")
    return anchor


router = Router("/api/admin/audit", route_handlers=[list_lines, verify_chain], guards=[staff()], tags=["admin"])
