"""Pictures of a job: before, and after."""

from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy import BigInteger, bindparam, func, select

from iayos.core.db import Statement, Tx
from iayos.core.errors import Conflict, Invalid, NotFound
from iayos.core.principal import Principal
from iayos.jobs.models import Job, JobPhotoTable
from iayos.jobs.queries import lock_job
from iayos.jobs.states import JobStatus, PhotoKind
from iayos.media.actions import Files, attach, keep
from iayos.media.states import Purpose

MOST_AT_ONCE: Final = 20
MOST: Final = 60

COUNT = Statement(select(func.count()).where(JobPhotoTable.job_id == bindparam("job_id", type_=BigInteger)))


class TooManyPhotos(Conflict):
    code, message = "TOO_MANY_PHOTOS", "This job has as many pictures as it can have."


class JobOver(Conflict):
    code, message = "JOB_OVER", "This job is over, so no more pictures can be added."


async def keep_all(files: Files, uploads: Sequence[bytes], *, by: Principal) -> list[int]:
    """The uploads as pictures of our own; their ids, for `add`."""
    if len(uploads) > MOST_AT_ONCE:
        raise Invalid.of("photos", f"Expected at most {MOST_AT_ONCE} pictures")
    return [
        (await keep(files, upload, owner_id=by.account_id, purpose=Purpose.JOB_PHOTO, field="photos")).id
        for upload in uploads
    ]


async def add_to(tx: Tx, job_id: int, media_ids: Collection[int], *, kind: PhotoKind, by: Principal) -> Job:
    """Somebody who takes part adds pictures, until the job is over."""
    job = await lock_job(tx, job_id)
    if job is None or by.account_id not in job.participants:
        raise NotFound(jobID=job_id)
    if job.status in {JobStatus.COMPLETED, JobStatus.CANCELLED}:
        raise JobOver(jobID=job_id)
    if not media_ids:
        raise Invalid.of("photos", "Expected at least one picture")
    await add(tx, job, media_ids, kind=kind, by=by)
    return job


async def add(tx: Tx, job: Job, media_ids: Collection[int], *, kind: PhotoKind, by: Principal) -> None:
    """These files are the job's from now on. `job` is locked by the caller."""
    if not media_ids:
        return
    found = await attach(tx, media_ids, owner_id=by.account_id, purpose=Purpose.JOB_PHOTO, to=f"job:{job.id}")
    if await tx.value(COUNT, job_id=job.id) + len(found) > MOST:
        raise TooManyPhotos(jobID=job.id, most=MOST)
    for media in found:
        await tx.insert(JobPhotoTable, job_id=job.id, media_id=media.id, uploaded_by=by.account_id, kind=kind.value)
