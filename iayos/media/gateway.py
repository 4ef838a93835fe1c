"""Supabase Storage, through its own async client on an httpx client of ours.

Its habits that this works around (reference/providers.md C): almost every refusal is HTTP 400 with the true status in the body;
an upload whose answer was lost looks like a duplicate when it comes again; removing skips silently what is not there.
"""

from collections.abc import Awaitable, Collection
from functools import cached_property
from typing import Any, Final, TypeVar

import httpx
import structlog

from iayos.core import metrics
from iayos.core.errors import GatewayUnavailable, Plain
from iayos.media.states import BUCKETS, JPEG, LARGEST, PDF

SIGNED_S: Final = 300
"""How long an address of a private file works."""
TIMEOUT: Final = httpx.Timeout(20, connect=5)
T = TypeVar("T")
log = structlog.get_logger(__name__)


class Refused(Plain):
    """Storage understood and said no: a fact, not a failure."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"{status} {code}")
        self.status, self.code = status, code


def public_address(url: str, path: str) -> str:
    """Where anyone finds a file of a public bucket; `path` begins with the bucket."""
    return f"{_base(url)}object/public/{path}"


def _base(url: str) -> str:
    return f"{url.rstrip('/')}/storage/v1/"


class Storage:
    """Our project's files."""

    def __init__(self, http: httpx.AsyncClient, *, url: str, key: str) -> None:
        self._http = http
        self._base = _base(url)
        self._key = key

    async def ensure_buckets(self) -> None:
        """Every bucket exists, with its limits; running this again changes nothing."""
        for bucket in set(BUCKETS.values()):
            kinds = [JPEG, PDF] if bucket.pdf else [JPEG]
            options: Any = {"public": bucket.public, "file_size_limit": LARGEST, "allowed_mime_types": kinds}
            try:
                await self._call("create_bucket", self._client.create_bucket(bucket.name, options=options))
            except Refused as no:
                if no.status != 409:  # noqa: PLR2004 - it is there already
                    raise
                await self._call("update_bucket", self._client.update_bucket(bucket.name, options))

    async def upload(self, bucket: str, path: str, content: bytes, content_type: str) -> None:
        """Storage has the file when this returns, also when its answer was lost on the way."""
        try:
            await self._put(bucket, path, content, content_type)
        except GatewayUnavailable:
            await self._check(bucket, path, len(content))
        except Refused as no:
            if no.status == 404:  # noqa: PLR2004 - the bucket is not there
                await self.ensure_buckets()
                await self._put(bucket, path, content, content_type)
            elif no.status == 409:  # noqa: PLR2004 - it came before
                await self._check(bucket, path, len(content))
            else:
                raise _down(no) from no

    async def sign(self, bucket: str, paths: Collection[str]) -> dict[str, str]:
        """An address for each file that is there, good for five minutes."""
        if not paths:
            return {}
        try:
            found = await self._call("sign", self._client.from_(bucket).create_signed_urls(list(paths), SIGNED_S))
        except Refused as no:
            raise _down(no) from no
        return {str(one["path"]): str(one["signedURL"]) for one in found if one["signedURL"] and not one["error"]}

    async def download(self, bucket: str, path: str) -> bytes | None:
        """The file; None when storage has lost it."""
        try:
            content: bytes = await self._call("download", self._client.from_(bucket).download(path))
        except Refused as no:
            if no.status == 404:  # noqa: PLR2004 - it is not there
                return None
            raise _down(no) from no
        return content

    async def remove(self, bucket: str, paths: Collection[str]) -> None:
        """None of these files is there when this returns."""
        try:
            gone = await self._call("remove", self._client.from_(bucket).remove(list(paths)))
        except Refused as no:
            raise _down(no) from no
        for path in set(paths) - {one["name"] for one in gone}:
            if await self._size(bucket, path) is not None:
                raise GatewayUnavailable

    async def _put(self, bucket: str, path: str, content: bytes, content_type: str) -> None:
        options = {"content-type": content_type, "cache-control": "31536000"}
        await self._call("upload", self._client.from_(bucket).upload(path, content, options))

    async def _check(self, bucket: str, path: str, size: int) -> None:
        if await self._size(bucket, path) != size:
            raise GatewayUnavailable

    async def _size(self, bucket: str, path: str) -> int | None:
        try:
            return int((await self._call("info", self._client.from_(bucket).info(path)))["size"])
        except Refused as no:
            if no.status == 404:  # noqa: PLR2004 - it is not there
                return None
            raise _down(no) from no

    @cached_property
    def _client(self) -> Any:
        from storage3 import AsyncStorageClient  # noqa: PLC0415 - a slow import, needed by few processes

        headers = {"apikey": self._key, "Authorization": f"Bearer {self._key}"}
        return AsyncStorageClient(self._base, headers, http_client=self._http)

    async def _call(self, name: str, request: Awaitable[T]) -> T:
        with metrics.calling("supabase", name):
            return await self._answer(request)

    async def _answer(self, request: Awaitable[T]) -> T:
        """A refusal is `Refused`, anything unclear is `GatewayUnavailable`."""
        from storage3.exceptions import StorageApiError  # noqa: PLC0415 - as above

        try:
            return await request
        except StorageApiError as no:
            status = int(no.status) if str(no.status).isdigit() else 500
            if 400 <= status < 500 and status not in {401, 408, 429}:  # noqa: PLR2004 - the family of refusals
                raise Refused(status, str(no.code)) from None
            log.warning("storage unavailable", status=status, code=str(no.code)[:40])
            raise GatewayUnavailable from None
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as unclear:
            log.warning("storage unavailable", error=type(unclear).__name__)
            raise GatewayUnavailable from None


def _down(no: Refused) -> GatewayUnavailable:
    """A refusal that only a wrong set-up can bring (a missing bucket, a revoked key): for operators, not for the caller."""
    log.error("storage refused", status=no.status, code=no.code)
    return GatewayUnavailable()
