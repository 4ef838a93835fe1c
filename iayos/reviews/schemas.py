"""Reviews on the wire."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from iayos.core.wire import Text
from iayos.profiles.schemas import AgencyOut, WorkerOut

Stars = Annotated[int, msgspec.Meta(ge=1, le=5, description="1 to 5 stars.")]


class ReviewIn(msgspec.Struct, frozen=True, kw_only=True):
    """What one side thinks of the other."""

    rating: Stars
    comment: Text


class ReviewOut(msgspec.Struct, frozen=True, kw_only=True):
    """A review."""

    reviewID: int
    jobID: int
    reviewerType: Literal["CLIENT", "WORKER", "AGENCY"]
    """The side that wrote it."""
    rating: int
    comment: str
    publishedAt: datetime | None
    """Null while it is hidden: until both sides have written, or their time is over."""
    createdAt: datetime

    @classmethod
    def of(cls, row: Any) -> "ReviewOut":
        """From its row."""
        return cls(
            reviewID=row.id, jobID=row.job_id, reviewerType=row.reviewer_type, rating=row.rating, comment=row.comment,
            publishedAt=row.published_at, createdAt=row.created_at,
        )  # fmt: skip


class ReviewsOut(msgspec.Struct, frozen=True, kw_only=True):
    """The reviews of one job: at most two, so there is never another page."""

    items: list[ReviewOut]
    nextCursor: None = None


class PublishedOut(ReviewOut, frozen=True, kw_only=True):
    """A review that everyone may read, with who wrote it."""

    reviewerName: str

    @classmethod
    def of(cls, row: Any) -> "PublishedOut":
        """From its row."""
        return cls(**msgspec.structs.asdict(ReviewOut.of(row)), reviewerName=row.reviewer_name)


class WorkerCardOut(WorkerOut, frozen=True, kw_only=True):
    """A worker with what clients said, the newest twenty; the rest at `/api/workers/{accountID}/reviews`."""

    reviews: list[PublishedOut]


class AgencyCardOut(AgencyOut, frozen=True, kw_only=True):
    """An agency with what clients said, the newest twenty; the rest at `/api/agencies/{accountID}/reviews`."""

    reviews: list[PublishedOut]
