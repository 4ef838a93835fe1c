"""Agencies' employees on the wire."""

from datetime import datetime
from typing import Any

import msgspec

from iayos.accounts.schemas import Email
from iayos.agencies.states import EmployeeStatus
from iayos.core.money import Centavos
from iayos.core.wire import Clearable


class EmployeeIn(msgspec.Struct, frozen=True, kw_only=True):
    """Whom an agency asks to work for it."""

    email: Email
    """Of the worker's account."""
    role: Clearable | None = None
    """What they do there, such as `Plumber`."""


class EmployeeChanges(msgspec.Struct, frozen=True, kw_only=True):
    """What to change about an employee."""

    role: Clearable | None
    """An empty text or null clears it."""


class EmployeeOut(msgspec.Struct, frozen=True, kw_only=True):
    """A worker as the agency sees them. Amounts are pesos."""

    employeeID: int
    workerID: int
    """The worker's `accountID`, as `assignedWorkerID` takes it."""
    name: str
    email: str
    role: str | None
    status: EmployeeStatus
    isCurrentlyAssigned: bool
    """At a job of the agency that is neither completed nor cancelled."""
    assignedJobID: int | None
    totalJobsCompleted: int
    totalEarnings: Centavos
    """The agreed prices of the settled jobs that this employee did for the agency."""
    rating: float | None
    """The average of what clients said of those jobs, two decimals; null before the first."""
    reviewsCount: int
    invitedAt: datetime
    joinedAt: datetime | None

    @classmethod
    def of(cls, row: Any) -> "EmployeeOut":
        """From its row with the worker's name and email."""
        return cls(
            employeeID=row.id, workerID=row.worker_id, name=row.name, email=row.email, role=row.role,
            status=EmployeeStatus(row.status), isCurrentlyAssigned=row.is_currently_assigned,
            assignedJobID=row.assigned_job_id, totalJobsCompleted=row.total_jobs_completed,
            totalEarnings=Centavos(row.total_earnings), rating=average(row.rating_sum, row.rating_count),
            reviewsCount=row.rating_count, invitedAt=row.invited_at, joinedAt=row.joined_at,
        )  # fmt: skip


class EmploymentOut(msgspec.Struct, frozen=True, kw_only=True):
    """An agency as the worker sees it whom it asked or employs."""

    employeeID: int
    agencyID: int
    """The agency's `accountID`."""
    agencyName: str
    role: str | None
    status: EmployeeStatus
    invitedAt: datetime
    joinedAt: datetime | None

    @classmethod
    def of(cls, row: Any) -> "EmploymentOut":
        """From its row with the agency's name."""
        return cls(
            employeeID=row.id, agencyID=row.agency_id, agencyName=row.agency_name, role=row.role,
            status=EmployeeStatus(row.status), invitedAt=row.invited_at, joinedAt=row.joined_at,
        )  # fmt: skip


class PerformanceOut(msgspec.Struct, frozen=True, kw_only=True):
    """What all employees of an agency did for it, those who left included. Amounts are pesos."""

    employees: int
    """Who work for it now."""
    currentlyAssigned: int
    totalJobsCompleted: int
    totalEarnings: Centavos
    rating: float | None
    """The average of what clients said, two decimals; null before the first."""
    reviewsCount: int

    @classmethod
    def of(cls, row: Any) -> "PerformanceOut":
        """From the sums over the employees."""
        return cls(
            employees=row.employees, currentlyAssigned=row.assigned, totalJobsCompleted=row.jobs,
            totalEarnings=Centavos(row.earnings), rating=average(row.rating_sum, row.rating_count),
            reviewsCount=row.rating_count,
        )  # fmt: skip


def average(rating_sum: int, rating_count: int) -> float | None:
    """The average rating with two decimals; None before the first."""
    return round(rating_sum / rating_count, 2) if rating_count else None
