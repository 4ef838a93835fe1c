"""Agencies' employees."""

from datetime import datetime

from advanced_alchemy.base import IdentityAuditBase
from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from iayos.agencies.states import EMPLOYEE_MOVES
from iayos.core.models import Instant
from iayos.core.moves import Stateful


class EmployeeTable(IdentityAuditBase):
    """A worker and an agency: one row for each pair, whatever becomes of it. Amounts are centavos.

    `assigned_job_id` is the agency's job that the employee is at; a trigger clears it when that job ends, whoever ends it.
    """

    __tablename__ = "agency_employees"
    __table_args__ = (
        UniqueConstraint("agency_id", "worker_id", name="uq_agency_employees_pair"),
        UniqueConstraint("assigned_job_id", name="uq_agency_employees_assigned_job_id"),
        CheckConstraint("status IN ('INVITED','ACTIVE','DECLINED','INACTIVE')", name="status_known"),
        CheckConstraint("agency_id <> worker_id", name="not_oneself"),
        CheckConstraint("assigned_job_id IS NULL OR status = 'ACTIVE'", name="active_when_assigned"),
        CheckConstraint("total_jobs_completed >= 0 AND total_earnings >= 0", name="totals_not_negative"),
        Index("uq_agency_employees_employed", "worker_id", unique=True, postgresql_where=text("status = 'ACTIVE'")),
        Index("ix_agency_employees_agency", "agency_id", "id"),
        Index("ix_agency_employees_invited", "worker_id", "id", postgresql_where=text("status = 'INVITED'")),
    )

    agency_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    worker_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    role: Mapped[str | None] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    invited_at: Mapped[datetime] = mapped_column(Instant)
    joined_at: Mapped[datetime | None] = mapped_column(Instant)
    assigned_job_id: Mapped[int | None] = mapped_column(BigInteger)
    total_jobs_completed: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    total_earnings: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    rating_sum: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    rating_count: Mapped[int] = mapped_column(Integer, server_default=text("0"))


class Employee(Stateful, frozen=True):
    """An employee of an agency, or who was asked to be one."""

    table = EmployeeTable
    moves = EMPLOYEE_MOVES
    id: int
    agency_id: int
    worker_id: int
    role: str | None
    status: str
    invited_at: datetime
    joined_at: datetime | None
    assigned_job_id: int | None
    total_jobs_completed: int
    total_earnings: int
    rating_sum: int
    rating_count: int

    @property
    def is_currently_assigned(self) -> bool:
        """At a job of the agency that is neither completed nor cancelled."""
        return self.assigned_job_id is not None
