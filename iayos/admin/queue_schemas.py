"""The queue on the wire."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from iayos.core.money import Centavos
from iayos.core.wire import ID, Text

State = Literal["waiting", "running", "failed", "done", "aborted"]
Bulk = Annotated[int, msgspec.Meta(ge=1, le=1000)]


class TaskCountOut(msgspec.Struct, frozen=True, kw_only=True):
    """How many of one task there are."""

    task: str
    waiting: int
    dueNow: int
    """Of those that wait, the ones whose time has come."""
    failing: int
    """Of those that wait, the ones that failed at least once and are tried again by themselves."""
    failed: int
    """Those that used up their tries and wait for a person."""
    doneLastHour: int


class RunnersOut(msgspec.Struct, frozen=True, kw_only=True):
    """Is anybody at work?"""

    alive: int
    lastSeenAt: datetime | None
    """Null: there never was one."""


class QueueOut(msgspec.Struct, frozen=True, kw_only=True):
    """The queue at a glance."""

    waiting: int
    dueNow: int
    oldestDueAt: datetime | None
    running: int
    failing: int
    failed: int
    doneLastHour: int
    runners: RunnersOut
    tasks: list[TaskCountOut]


class TaskOut(msgspec.Struct, frozen=True, kw_only=True):
    """One task in the outbox."""

    taskID: int
    task: str
    state: State
    about: dict[str, Any]
    """Its arguments, as far as they are ids."""
    attempts: int
    """Tries that failed since it last went well."""
    error: str | None
    createdAt: datetime
    runAt: datetime
    """When it is, or was, to run next."""
    failingSince: datetime | None
    lastFailedAt: datetime | None
    endedAt: datetime | None
    """Done, or given up by staff."""


class FailureOut(msgspec.Struct, frozen=True, kw_only=True):
    """Tasks of one name that fail in one way, and what that holds up."""

    task: str
    error: str
    """The kind of error; it holds no values."""
    count: int
    failed: int
    """Of these, those that are not tried again by themselves."""
    firstAt: datetime
    lastAt: datetime
    amount: Centavos
    """Pesos that do not move meanwhile: payments, and what is held for jobs."""
    people: int


class FailuresOut(msgspec.Struct, frozen=True, kw_only=True):
    """All kinds of failures, what holds up most money first."""

    items: list[FailureOut]


class RetryIn(msgspec.Struct, frozen=True, kw_only=True):
    """Which tasks are tried again: those of `ids`, given up ones too, or those of one task and one kind of error."""

    reason: Text
    ids: Annotated[list[ID], msgspec.Meta(min_length=1, max_length=1000)] | None = None
    task: Text | None = None
    error: Text | None = None
    most: Bulk = 1000
    """How many at most, the oldest first."""


class RetriedOut(msgspec.Struct, frozen=True, kw_only=True):
    """Which tasks are tried again."""

    taskIDs: list[int]
    remaining: int
    """How many more would have fitted."""


class AbortIn(msgspec.Struct, frozen=True, kw_only=True):
    """Tasks that are to be given up."""

    ids: Annotated[list[ID], msgspec.Meta(min_length=1, max_length=100)]
    reason: Text


class AbortedOut(msgspec.Struct, frozen=True, kw_only=True):
    """Which tasks were given up."""

    taskIDs: list[int]
    stopping: list[int]
    """Of these, the ones that were running: they are told to stop, and may have ended by themselves before that."""
