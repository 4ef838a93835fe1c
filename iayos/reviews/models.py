"""Reviews: hidden until both sides have written or the time is over."""

from datetime import datetime

from advanced_alchemy.base import IdentityBase
from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from iayos.core.db import Row
from iayos.core.models import Instant


class ReviewTable(IdentityBase):
    """What one side of a job thought of the other."""

    __tablename__ = "reviews"
    __table_args__ = (
        UniqueConstraint("job_id", "reviewer_id", name="uq_reviews_job_id_reviewer_id"),
        CheckConstraint("rating BETWEEN 1 AND 5", name="rating_in_range"),
        CheckConstraint("reviewer_type IN ('CLIENT','WORKER','AGENCY')", name="reviewer_type_known"),
        CheckConstraint("reviewer_id <> reviewee_id", name="not_oneself"),
        Index("ix_reviews_reviewee", "reviewee_id", "id"),
    )

    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id"))
    reviewer_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    reviewee_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    reviewer_type: Mapped[str] = mapped_column(Text)
    rating: Mapped[int] = mapped_column(Integer)
    comment: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Instant)
    published_at: Mapped[datetime | None] = mapped_column(Instant)


class Review(Row, frozen=True):
    """A review."""

    table = ReviewTable
    id: int
    job_id: int
    reviewer_id: int
    reviewee_id: int
    reviewer_type: str
    rating: int
    comment: str
    created_at: datetime
    published_at: datetime | None
