"""Supabase Storage's API for objects, as storage3 speaks it."""

from typing import Final
from urllib.parse import quote

import msgspec
from litestar import Response, Router, delete, get, post, put
from litestar.connection import ASGIConnection
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.handlers import BaseRouteHandler
from litestar.params import FromPath

from iayos.sandbox.answers import AnyRequest, json_body
from iayos.sandbox.config import SandboxConfig
from iayos.sandbox.store import Doc
from iayos.sandbox.supabase.listing import listed, listed_v2
from iayos.sandbox.supabase.objects import Objects, storage_error
from iayos.sandbox.supabase.signing import Signer

_MANY: Final = 1_000
_KEYLESS: Final = {"keyless": True}


def require_key(connection: ASGIConnection, handler: BaseRouteHandler) -> None:  # type: ignore[type-arg]
    """The service key as bearer, as storage3 sends it with every call; some addresses are key enough."""
    if handler.opt.get("keyless"):
        return
    config: SandboxConfig = connection.app.state.sandbox.config
    if connection.headers.get("authorization", "").removeprefix("Bearer ") != config.supabase_key:
        raise storage_error(403, "Unauthorized", "Invalid Compact JWS", code="AccessDenied")


async def body_of(request: AnyRequest) -> Doc:
    """The body, which has to be a JSON object."""
    body = await json_body(request)
    if not isinstance(body, dict):
        raise storage_error(400, "Invalid Input", "The body must be a JSON object", code="InvalidRequest")
    return body


@post("/{bucket:str}/{path:path}", status_code=200)
async def upload(
    bucket: FromPath[str], path: FromPath[str], request: AnyRequest, objects: NamedDependency[Objects]
) -> Doc:
    return await _store(request, objects, bucket, path, upsert=request.headers.get("x-upsert") == "true")


@put("/{bucket:str}/{path:path}")
async def update(
    bucket: FromPath[str], path: FromPath[str], request: AnyRequest, objects: NamedDependency[Objects]
) -> Doc:
    return await _store(request, objects, bucket, path, upsert=True)


@get("/{bucket:str}/{path:path}")
async def download(
    bucket: FromPath[str], path: FromPath[str], request: AnyRequest, objects: NamedDependency[Objects]
) -> Response[bytes]:
    return file_response(request, objects, objects.get(bucket, path.lstrip("/")))


@get("/authenticated/{bucket:str}/{path:path}")
async def authenticated(
    bucket: FromPath[str], path: FromPath[str], request: AnyRequest, objects: NamedDependency[Objects]
) -> Response[bytes]:
    return file_response(request, objects, objects.get(bucket, path.lstrip("/")))


@get(["/info/{bucket:str}/{path:path}", "/info/authenticated/{bucket:str}/{path:path}"])
async def info(bucket: FromPath[str], path: FromPath[str], objects: NamedDependency[Objects]) -> Doc:
    stored = objects.get(bucket, path.lstrip("/"))
    return {
        "id": stored["id"],
        "name": stored["path"],
        "version": stored["version"],
        "bucket_id": stored["bucket"],
        "size": stored["size"],
        "content_type": stored["contentType"],
        "cache_control": stored["cacheControl"],
        "etag": stored["etag"],
        "metadata": stored["metadata"],
        "last_modified": stored["updatedAt"],
        "created_at": stored["createdAt"],
    }


@delete("/{bucket:str}", status_code=200)
async def remove(bucket: FromPath[str], request: AnyRequest, objects: NamedDependency[Objects]) -> Response[list[Doc]]:
    paths = (await body_of(request)).get("prefixes")
    if not isinstance(paths, list) or not 1 <= len(paths) <= _MANY:
        raise storage_error(400, "Invalid Input", f"prefixes is a list of 1 to {_MANY} keys", code="InvalidRequest")
    removed = objects.remove(bucket, [str(path) for path in paths])
    return Response([{"bucket_id": bucket, "name": each["path"], "id": each["id"]} for each in removed])


@delete("/{bucket:str}/{path:path}", status_code=200)
async def remove_one(bucket: FromPath[str], path: FromPath[str], objects: NamedDependency[Objects]) -> Doc:
    stored = objects.get(bucket, path.lstrip("/"))
    objects.remove(bucket, [stored["path"]])
    return {"message": "Successfully deleted"}


@post("/list/{bucket:str}", status_code=200)
async def list_objects(
    bucket: FromPath[str], request: AnyRequest, objects: NamedDependency[Objects]
) -> Response[list[Doc]]:
    objects.bucket(bucket)
    return Response(listed(objects.in_bucket(bucket), await body_of(request)))


@post("/list-v2/{bucket:str}", status_code=200)
async def list_objects_v2(bucket: FromPath[str], request: AnyRequest, objects: NamedDependency[Objects]) -> Doc:
    objects.bucket(bucket)
    return listed_v2(objects.in_bucket(bucket), await body_of(request))


@post("/move", status_code=200)
async def move(request: AnyRequest, objects: NamedDependency[Objects]) -> Doc:
    _copy(objects, await body_of(request), keep=False)
    return {"message": "Successfully moved"}


@post("/copy", status_code=200)
async def copy(request: AnyRequest, objects: NamedDependency[Objects]) -> Doc:
    copied = _copy(objects, await body_of(request), keep=True)
    return {"Key": f"{copied['bucket']}/{copied['path']}", "Id": copied["id"]}


@post("/sign/{bucket:str}/{path:path}", status_code=200)
async def sign(
    bucket: FromPath[str],
    path: FromPath[str],
    request: AnyRequest,
    objects: NamedDependency[Objects],
    signer: NamedDependency[Signer],
) -> Doc:
    life_s = _life(await body_of(request))
    return {"signedURL": _signed(signer, objects.get(bucket, path.lstrip("/")), life_s)}


@post("/sign/{bucket:str}", status_code=200)
async def sign_many(
    bucket: FromPath[str], request: AnyRequest, objects: NamedDependency[Objects], signer: NamedDependency[Signer]
) -> Response[list[Doc]]:
    body = await body_of(request)
    paths, life_s = body.get("paths"), _life(body)
    if not isinstance(paths, list) or len(paths) > _MANY:
        raise storage_error(400, "Invalid Input", f"paths is a list of at most {_MANY} keys", code="InvalidRequest")
    objects.bucket(bucket)
    answers: list[Doc] = []
    for path in paths:
        stored = objects.find(bucket, path)
        if stored is None:
            error = "Either the object does not exist or you do not have access to it"
            answers.append({"error": error, "path": path, "signedURL": None})
        else:
            answers.append({"error": None, "path": path, "signedURL": _signed(signer, stored, life_s)})
    return Response(answers)


@post("/upload/sign/{bucket:str}/{path:path}", status_code=200)
async def sign_upload(
    bucket: FromPath[str],
    path: FromPath[str],
    request: AnyRequest,
    objects: NamedDependency[Objects],
    signer: NamedDependency[Signer],
) -> Doc:
    key, upsert = path.lstrip("/"), request.headers.get("x-upsert") == "true"
    objects.bucket(bucket)
    if objects.find(bucket, key) is not None and not upsert:
        raise storage_error(409, "Duplicate", "The resource already exists", code="KeyAlreadyExists")
    token = signer.upload(f"{bucket}/{key}", upsert=upsert)
    return {"url": f"/object/upload/sign/{quote(f'{bucket}/{key}')}?token={token}", "token": token}


@put("/upload/sign/{bucket:str}/{path:path}", opt=_KEYLESS)
async def upload_signed(
    bucket: FromPath[str],
    path: FromPath[str],
    request: AnyRequest,
    objects: NamedDependency[Objects],
    signer: NamedDependency[Signer],
) -> Doc:
    token = request.query_params.get("token", "")
    claims = signer.check(token, f"{bucket}/{path.lstrip('/')}", scope="upload")
    stored = await _store(request, objects, bucket, path, upsert=claims["upsert"])
    return {"Key": stored["Key"]}


@get("/sign/{bucket:str}/{path:path}", opt=_KEYLESS)
async def fetch_signed(
    bucket: FromPath[str],
    path: FromPath[str],
    request: AnyRequest,
    objects: NamedDependency[Objects],
    signer: NamedDependency[Signer],
) -> Response[bytes]:
    signer.check(request.query_params.get("token", ""), f"{bucket}/{path.lstrip('/')}", scope="download")
    return file_response(request, objects, objects.get(bucket, path.lstrip("/")))


@get("/public/{bucket:str}/{path:path}", opt=_KEYLESS)
async def fetch_public(
    bucket: FromPath[str], path: FromPath[str], request: AnyRequest, objects: NamedDependency[Objects]
) -> Response[bytes]:
    if not objects.bucket(bucket)["public"]:
        raise storage_error(404, "Bucket not found", "Bucket not found", code="NoSuchBucket")
    return file_response(request, objects, objects.get(bucket, path.lstrip("/")))


def object_router() -> Router:
    """Storage's API for objects."""
    handlers = [
        upload, update, download, authenticated, info, remove, remove_one, list_objects, list_objects_v2, move, copy,
        sign, sign_many, sign_upload, upload_signed, fetch_signed, fetch_public,
    ]  # fmt: skip
    return Router("/supabase/storage/v1/object", route_handlers=handlers, guards=[require_key])


def file_response(request: AnyRequest, objects: Objects, stored: Doc) -> Response[bytes]:
    """The bytes, as an attachment when `download` asks for it."""
    headers = {
        "cache-control": stored["cacheControl"],
        "etag": stored["etag"],
        # whatever somebody uploaded is never run under this address
        "content-security-policy": "default-src 'none'; sandbox",
        "x-content-type-options": "nosniff",
    }
    name = request.query_params.get("download")
    if name is not None:
        file_name = quote(name or stored["path"].rpartition("/")[2])
        headers["content-disposition"] = f"attachment; filename*=UTF-8''{file_name}"
    return Response(objects.content(stored), media_type=stored["contentType"], headers=headers)


async def _store(request: AnyRequest, objects: Objects, bucket: str, path: str, *, upsert: bool) -> Doc:
    """An upload, multipart as storage3 sends it or raw."""
    metadata: object = {}
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        form = await request.form()
        file = form.get("file") or next((each for each in form.values() if isinstance(each, UploadFile)), None)
        if not isinstance(file, UploadFile):
            raise storage_error(400, "Invalid Input", "No file in the form", code="InvalidRequest")
        content, content_type = await file.read(), file.content_type
        cache = f"max-age={form['cacheControl']}" if form.get("cacheControl") else "no-cache"
        metadata = form.get("metadata") or {}
        if isinstance(metadata, str):
            metadata = _metadata(metadata)
    else:
        content = await request.body()
        content_type = request.headers.get("content-type", "")
        cache = request.headers.get("cache-control", "no-cache")
    stored = objects.put(
        bucket, path.lstrip("/"), content, upsert=upsert, contentType=content_type or "text/plain", cacheControl=cache,
        metadata=metadata,
    )  # fmt: skip
    return {"Key": f"{bucket}/{stored['path']}", "Id": stored["id"]}


def _metadata(text: str) -> object:
    try:
        parsed: object = msgspec.json.decode(text)
    except msgspec.DecodeError as fault:
        raise storage_error(400, "Invalid Input", "metadata is not JSON", code="InvalidRequest") from fault
    return parsed


def _copy(objects: Objects, body: Doc, *, keep: bool) -> Doc:
    bucket = str(body.get("bucketId"))
    source, to = str(body.get("sourceKey")), str(body.get("destinationKey"))
    return objects.copy(bucket, source, to_bucket=str(body.get("destinationBucket") or bucket), to=to, keep=keep)


def _life(body: Doc) -> int:
    """`expiresIn` in seconds; storage3 sends it as a text."""
    try:
        life_s = int(str(body.get("expiresIn")))
    except ValueError:
        life_s = 0
    if life_s < 1:
        raise storage_error(400, "Invalid Input", "expiresIn must be an integer above zero", code="InvalidRequest")
    return life_s


def _signed(signer: Signer, stored: Doc, life_s: int) -> str:
    name = f"{stored['bucket']}/{stored['path']}"
    return f"/object/sign/{quote(name)}?token={signer.download(name, life_s=life_s)}"
