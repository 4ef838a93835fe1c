"""Supabase Storage: buckets, and the objects in them."""

import hashlib
import re
from typing import Final
from uuid import uuid4

from iayos.sandbox.answers import Refusal, now_iso
from iayos.sandbox.store import Doc, Store

_KEY: Final = re.compile(r"[A-Za-z0-9_/!.*'() &$=@;:+,?-]+")
_BUCKET_ID_MAX: Final = 100
_UNITS: Final = {"": 1, "b": 1, "kb": 1_000, "mb": 1_000_000, "gb": 1_000_000_000}
_SIZE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]*)")


def storage_error(status: int, error: str, message: str, *, code: str) -> Refusal:
    """The real server answers 400 to almost everything; the true status is in the body, as a text."""
    body = {"statusCode": str(status), "error": error, "message": message, "code": code}
    return Refusal(400, body)


class Objects:
    """Every bucket and object of the project."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def create_bucket(self, wanted: Doc) -> Doc:
        """A new, empty bucket."""
        bucket_id = str(wanted.get("id") or wanted.get("name") or "")
        if not bucket_id or len(bucket_id) > _BUCKET_ID_MAX or "/" in bucket_id or not _KEY.fullmatch(bucket_id):
            raise storage_error(400, "Invalid Input", "Bucket name invalid", code="InvalidBucketName")
        if self.store.get("bucket", bucket_id) is not None:
            raise storage_error(409, "Duplicate", "The resource already exists", code="BucketAlreadyExists")
        now = now_iso()
        bucket = {
            "id": bucket_id,
            "name": wanted.get("name") or bucket_id,
            "owner": "",
            "public": False,
            "type": "STANDARD",
            "file_size_limit": None,
            "allowed_mime_types": None,
            "created_at": now,
        }
        self._save_bucket(bucket, wanted)
        return bucket

    def update_bucket(self, bucket_id: str, wanted: Doc) -> None:
        """Other limits, or public from now on."""
        self._save_bucket(self.bucket(bucket_id), wanted)

    def delete_bucket(self, bucket_id: str) -> None:
        """Only an empty one goes."""
        self.bucket(bucket_id)
        if self.in_bucket(bucket_id):
            message = "The bucket you tried to delete is not empty"
            raise storage_error(409, "InvalidRequest", message, code="ResourceNotEmpty")
        self.store.remove("bucket", bucket_id)

    def empty_bucket(self, bucket_id: str) -> None:
        """All of its objects go."""
        self.bucket(bucket_id)
        for each in self.in_bucket(bucket_id):
            self._remove(each)

    def bucket(self, bucket_id: str) -> Doc:
        """One bucket, or the refusal."""
        bucket = self.store.get("bucket", bucket_id)
        if bucket is None:
            raise storage_error(404, "Bucket not found", "Bucket not found", code="NoSuchBucket")
        return bucket

    def buckets(self) -> list[Doc]:
        """All buckets."""
        return self.store.all("bucket")

    def put(self, bucket_id: str, path: str, content: bytes, *, upsert: bool, **about: object) -> Doc:
        """Store an object; `about` holds its contentType, cacheControl and metadata."""
        bucket = self.bucket(bucket_id)
        if not _KEY.fullmatch(path):
            raise storage_error(400, "InvalidKey", f"Invalid key: {path}", code="InvalidKey")
        _check_limits(bucket, str(about["contentType"]), len(content))
        known = self.find(bucket_id, path)
        if known is not None and not upsert:
            raise storage_error(409, "Duplicate", "The resource already exists", code="KeyAlreadyExists")
        now = now_iso()
        stored = {
            "id": str(uuid4()) if known is None else known["id"],
            "version": str(uuid4()),
            "bucket": bucket_id,
            "path": path,
            "size": len(content),
            "etag": f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"',
            "createdAt": now if known is None else known["createdAt"],
            "updatedAt": now,
            **about,
        }
        self.store.write_file(_name(bucket_id, path), content)
        self.store.put("object", _name(bucket_id, path), stored, ref=bucket_id)
        return stored

    def find(self, bucket_id: str, path: str) -> Doc | None:
        """One object, or None."""
        return self.store.get("object", _name(bucket_id, path))

    def get(self, bucket_id: str, path: str) -> Doc:
        """One object, or the refusal."""
        self.bucket(bucket_id)
        found = self.find(bucket_id, path)
        if found is None:
            raise storage_error(404, "not_found", "Object not found", code="NoSuchKey")
        return found

    def content(self, stored: Doc) -> bytes:
        """Byte for byte as it came."""
        return self.store.read_file(_name(stored["bucket"], stored["path"]))

    def all(self) -> list[Doc]:
        """All objects, oldest first."""
        return self.store.all("object")

    def in_bucket(self, bucket_id: str) -> list[Doc]:
        """The objects of one bucket, oldest first."""
        return self.store.all("object", ref=bucket_id)

    def remove(self, bucket_id: str, paths: list[str]) -> list[Doc]:
        """Those that were there and are gone now; the others are passed over in silence."""
        self.bucket(bucket_id)
        found = [each for path in dict.fromkeys(paths) if (each := self.find(bucket_id, path)) is not None]
        for each in found:
            self._remove(each)
        return found

    def copy(self, bucket_id: str, source: str, *, to_bucket: str, to: str, keep: bool) -> Doc:
        """The same bytes under another key; `keep` leaves the old one too."""
        stored = self.get(bucket_id, source)
        about = {key: stored[key] for key in ("contentType", "cacheControl", "metadata")}
        copied = self.put(to_bucket, to, self.content(stored), upsert=False, **about)
        if not keep:
            self._remove(stored)
        return copied

    def _remove(self, stored: Doc) -> None:
        name = _name(stored["bucket"], stored["path"])
        self.store.remove("object", name)
        self.store.remove_file(name)

    def _save_bucket(self, bucket: Doc, wanted: Doc) -> None:
        changes = {key: wanted[key] for key in ("public", "file_size_limit", "allowed_mime_types") if key in wanted}
        if "file_size_limit" in changes:
            changes["file_size_limit"] = _bytes(changes["file_size_limit"])
        self.store.put("bucket", bucket["id"], bucket | changes | {"updated_at": now_iso()})


def _check_limits(bucket: Doc, content_type: str, size: int) -> None:
    allowed, declared = bucket["allowed_mime_types"], content_type.partition(";")[0].strip().lower()
    if allowed and not any(_fits(declared, pattern) for pattern in allowed):
        message = f"mime type {declared} is not supported"
        raise storage_error(415, "invalid_mime_type", message, code="InvalidMimeType")
    if bucket["file_size_limit"] is not None and size > bucket["file_size_limit"]:
        message = "The object exceeded the maximum allowed size"
        raise storage_error(413, "Payload too large", message, code="EntityTooLarge")


def _fits(declared: str, pattern: str) -> bool:
    if pattern.endswith("/*"):
        return declared.startswith(pattern[:-1])
    return pattern in {"*", declared}


def _bytes(limit: object) -> int | None:
    """A size limit in bytes, from a number or from a text as "2MB"."""
    if limit is None or isinstance(limit, int):
        return limit or None
    match = _SIZE.fullmatch(str(limit).strip().lower())
    if match is None or match[2] not in _UNITS:
        raise storage_error(400, "Invalid Input", f"Invalid size limit {limit}", code="InvalidRequest")
    return int(float(match[1]) * _UNITS[match[2]])


def _name(bucket_id: str, path: str) -> str:
    return f"{bucket_id}/{path}"
