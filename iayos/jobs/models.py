"""Jobs and applications."""

from datetime import date, datetime

from advanced_alchemy.base import IdentityAuditBase, IdentityBase
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Computed,
    Date,
    Double,
    ForeignKey,
    Index,
    Text,
    UniqueConstraint,
    text,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from iayos.core.models import Instant
from iayos.core.moves import Stateful
from iayos.jobs.states import APPLICATION_MOVES, JOB_MOVES, JobStatus, JobType


class JobTable(IdentityAuditBase):
    """A piece of work that a client posted. Amounts are centavos."""

    __tablename__ = "jobs"
    __table_args__ = (
        CheckConstraint("status IN ('ACTIVE','IN_PROGRESS','COMPLETED','CANCELLED')", name="status_known"),
        CheckConstraint("job_type IN ('LISTING','INVITE')", name="job_type_known"),
        CheckConstraint("urgency IN ('LOW','MEDIUM','HIGH')", name="urgency_known"),
        CheckConstraint("budget BETWEEN 10000 AND 100000000", name="budget_in_range"),
        CheckConstraint("agreed_price BETWEEN 10000 AND 100000000", name="agreed_price_in_range"),
        CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name="coordinates_paired"),
        CheckConstraint("client_id <> assigned_worker_id", name="not_ones_own"),
        CheckConstraint("client_id <> assigned_agency_id", name="not_ones_own_agency"),
        CheckConstraint("invite_status IN ('PENDING','ACCEPTED','REJECTED')", name="invite_status_known"),
        CheckConstraint("(job_type = 'INVITE') = (invite_status IS NOT NULL)", name="invite_has_status"),
        CheckConstraint("job_type = 'INVITE' OR assigned_agency_id IS NULL", name="agency_by_invite"),
        CheckConstraint(
            "status IN ('ACTIVE','CANCELLED') OR agreed_price IS NOT NULL", name="price_agreed_when_accepted"
        ),
        CheckConstraint("NOT remaining_paid OR escrow_paid", name="halves_in_order"),
        CheckConstraint("NOT remaining_paid OR dispute_open OR settled_at IS NOT NULL", name="paid_means_settled"),
        CheckConstraint("NOT dispute_open OR (escrow_paid AND settled_at IS NULL)", name="dispute_about_held_money"),
        CheckConstraint("(cancel_asked_by IS NULL) = (cancel_asked_at IS NULL)", name="cancel_asked_whole"),
        Index("ix_jobs_open", "id", postgresql_where=text("status = 'ACTIVE' AND job_type = 'LISTING'")),
        Index(
            "ix_jobs_open_category",
            "category_id",
            "id",
            postgresql_where=text("status = 'ACTIVE' AND job_type = 'LISTING'"),
        ),
        Index(
            "ix_jobs_open_budget", "budget", "id", postgresql_where=text("status = 'ACTIVE' AND job_type = 'LISTING'")
        ),
        Index(
            "ix_jobs_open_place",
            "latitude",
            "longitude",
            postgresql_where=text("status = 'ACTIVE' AND job_type = 'LISTING'"),
        ),
        Index("ix_jobs_search", "search", postgresql_using="gin"),
        Index("ix_jobs_client", "client_id", "id"),
        Index("ix_jobs_worker", "assigned_worker_id", "id"),
        Index("ix_jobs_agency", "assigned_agency_id", "id"),
        Index("ix_jobs_status", "status", "id"),
        Index("ix_jobs_created_at", "created_at"),
        Index(
            "ix_jobs_held",
            "id",
            postgresql_where=text("escrow_paid AND settled_at IS NULL AND NOT half_released"),
        ),
    )

    client_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    category_id: Mapped[int] = mapped_column(ForeignKey("categories.id"))
    title: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    budget: Mapped[int] = mapped_column(BigInteger)
    location: Mapped[str] = mapped_column(Text)
    latitude: Mapped[float | None] = mapped_column(Double)
    longitude: Mapped[float | None] = mapped_column(Double)
    urgency: Mapped[str] = mapped_column(Text)
    preferred_start_date: Mapped[date | None] = mapped_column(Date)
    job_type: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    invite_status: Mapped[str | None] = mapped_column(Text)
    assigned_worker_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    assigned_agency_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    agreed_price: Mapped[int | None] = mapped_column(BigInteger)
    accepted_at: Mapped[datetime | None] = mapped_column(Instant)
    escrow_paid: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    worker_marked_complete: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    marked_complete_at: Mapped[datetime | None] = mapped_column(Instant)
    completion_notes: Mapped[str | None] = mapped_column(Text)
    client_marked_complete: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    approved_at: Mapped[datetime | None] = mapped_column(Instant)
    final_payment_method: Mapped[str | None] = mapped_column(Text)
    remaining_paid: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    settled_at: Mapped[datetime | None] = mapped_column(Instant)
    cancelled_at: Mapped[datetime | None] = mapped_column(Instant)
    cancel_reason: Mapped[str | None] = mapped_column(Text)
    cancel_asked_by: Mapped[int | None] = mapped_column(BigInteger)
    cancel_asked_at: Mapped[datetime | None] = mapped_column(Instant)
    dispute_open: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    clocks_from: Mapped[datetime | None] = mapped_column(Instant)
    half_released: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    cash_confirmed: Mapped[int | None] = mapped_column(BigInteger)
    cash_proof_media_id: Mapped[int | None] = mapped_column(BigInteger)
    cash_approved: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    search: Mapped[str] = mapped_column(
        TSVECTOR, Computed("to_tsvector('simple', title || ' ' || description || ' ' || location)", persisted=True)
    )


class Job(Stateful, frozen=True):
    """A job as the verbs see it."""

    table = JobTable
    moves = JOB_MOVES
    id: int
    client_id: int
    category_id: int
    title: str
    description: str
    budget: int
    location: str
    latitude: float | None
    longitude: float | None
    urgency: str
    preferred_start_date: date | None
    job_type: str
    status: str
    invite_status: str | None
    assigned_worker_id: int | None
    assigned_agency_id: int | None
    agreed_price: int | None
    accepted_at: datetime | None
    escrow_paid: bool
    worker_marked_complete: bool
    marked_complete_at: datetime | None
    completion_notes: str | None
    client_marked_complete: bool
    approved_at: datetime | None
    final_payment_method: str | None
    remaining_paid: bool
    settled_at: datetime | None
    cancelled_at: datetime | None
    cancel_reason: str | None
    cancel_asked_by: int | None
    cancel_asked_at: datetime | None
    dispute_open: bool
    clocks_from: datetime | None
    half_released: bool
    cash_confirmed: int | None
    cash_proof_media_id: int | None
    cash_approved: bool
    created_at: datetime

    @property
    def payee_id(self) -> int | None:
        """Who is paid: the agency, else the worker."""
        return self.assigned_agency_id or self.assigned_worker_id

    @property
    def is_open(self) -> bool:
        """Workers see it and may apply."""
        return self.status == JobStatus.ACTIVE and self.job_type == JobType.LISTING

    @property
    def is_listing(self) -> bool:
        """Anyone of the trade may apply."""
        return self.job_type == JobType.LISTING

    @property
    def is_invite(self) -> bool:
        """Offered to one worker or agency."""
        return self.job_type == JobType.INVITE

    @property
    def invites_worker(self) -> bool:
        """Offered to one worker."""
        return self.is_invite and self.assigned_agency_id is None

    @property
    def invites_agency(self) -> bool:
        """Offered to one agency, which sends an employee."""
        return self.is_invite and self.assigned_agency_id is not None

    @property
    def awaits_answer(self) -> bool:
        """An invitation that nobody has answered yet."""
        return self.is_invite and self.status == JobStatus.ACTIVE

    @property
    def agency_may_mark_complete(self) -> bool:
        """The agency may say so in its employee's stead."""
        return self.assigned_agency_id is not None and self.may_mark_complete

    @property
    def may_reassign(self) -> bool:
        """The agency may send another employee until the work is marked complete."""
        return self.assigned_agency_id is not None and not self.worker_marked_complete

    @property
    def may_mark_complete(self) -> bool:
        """Work can be marked complete once, and not before the escrow is paid (SPEC 3, ruling b)."""
        return self.escrow_paid and not self.worker_marked_complete and not self.dispute_open

    @property
    def may_approve(self) -> bool:
        """The work is marked complete, and nobody disputes it."""
        return self.worker_marked_complete and not self.dispute_open

    @property
    def may_ask_cancel(self) -> bool:
        """Money is held, so that the other side must agree, and nobody has asked yet."""
        return self.escrow_paid and not self.dispute_open and self.cancel_asked_by is None

    @property
    def cancel_asked(self) -> bool:
        """One side asked to cancel, and the other may confirm."""
        return self.cancel_asked_by is not None and not self.dispute_open

    @property
    def owes_final(self) -> bool:
        """Approved, not settled, and the second half is not paid."""
        return self.client_marked_complete and not self.remaining_paid and self.settled_at is None

    @property
    def may_release_half(self) -> bool:
        """The second half is not paid, and the first is still held (SPEC 3, ruling g)."""
        return self.owes_final and self.holds_money

    @property
    def holds_money(self) -> bool:
        """Is anything in escrow, with nobody disputing it?"""
        return self.escrow_paid and self.settled_at is None and not self.half_released and not self.dispute_open

    @property
    def may_pay_final(self) -> bool:
        """The second half is due, and goes where it belongs."""
        return self.owes_final and not self.dispute_open

    @property
    def may_go_on(self) -> bool:
        """Disputed, and the second half is still to be paid once the dispute is over."""
        return self.dispute_open and not self.remaining_paid

    @property
    def paid_in_dispute(self) -> bool:
        """Disputed with both halves held: without the dispute all of it is the payee's."""
        return self.dispute_open and self.remaining_paid

    @property
    def may_join_dispute(self) -> bool:
        """The second half arrives while a dispute is open, and joins what is split."""
        return self.owes_final and self.dispute_open

    @property
    def participants(self) -> set[int]:
        """Everyone who takes part."""
        return {one for one in (self.client_id, self.assigned_worker_id, self.assigned_agency_id) if one is not None}


class ApplicationTable(IdentityAuditBase):
    """A worker's application for a listing."""

    __tablename__ = "applications"
    __table_args__ = (
        UniqueConstraint("job_id", "worker_id", name="uq_applications_job_id_worker_id"),
        CheckConstraint("status IN ('PENDING','ACCEPTED','REJECTED','WITHDRAWN')", name="status_known"),
        CheckConstraint("proposed_budget BETWEEN 10000 AND 100000000", name="proposed_budget_in_range"),
        Index("uq_applications_accepted", "job_id", unique=True, postgresql_where=text("status = 'ACCEPTED'")),
        Index("ix_applications_worker", "worker_id", "id"),
    )

    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id"))
    worker_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    proposal_message: Mapped[str] = mapped_column(Text)
    proposed_budget: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(Text)
    reject_reason: Mapped[str | None] = mapped_column(Text)


class Application(Stateful, frozen=True):
    """An application."""

    table = ApplicationTable
    moves = APPLICATION_MOVES
    id: int
    job_id: int
    worker_id: int
    proposal_message: str
    proposed_budget: int
    status: str
    reject_reason: str | None
    created_at: datetime


class JobPhotoTable(IdentityBase):
    """A picture of a job, by one of those who take part."""

    __tablename__ = "job_photos"
    __table_args__ = (
        UniqueConstraint("media_id", name="uq_job_photos_media_id"),
        CheckConstraint("kind IN ('BEFORE','AFTER')", name="kind_known"),
        Index("ix_job_photos_job", "job_id", "id"),
    )

    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id"))
    media_id: Mapped[int] = mapped_column(BigInteger)
    uploaded_by: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    kind: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Instant)
