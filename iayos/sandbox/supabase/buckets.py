"""Supabase Storage's API for buckets, and the control routes that show what is stored."""

from litestar import Response, Router, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath

from iayos.sandbox.answers import AnyRequest, control_error
from iayos.sandbox.store import Doc
from iayos.sandbox.supabase.objects import Objects
from iayos.sandbox.supabase.routes import body_of, file_response, require_key


@post("/", status_code=200)
async def create(request: AnyRequest, objects: NamedDependency[Objects]) -> Doc:
    return {"name": objects.create_bucket(await body_of(request))["name"]}


@get("/")
async def buckets(objects: NamedDependency[Objects]) -> Response[list[Doc]]:
    return Response(objects.buckets())


@get("/{bucket:str}")
async def bucket(bucket: FromPath[str], objects: NamedDependency[Objects]) -> Doc:
    return objects.bucket(bucket)


@put("/{bucket:str}")
async def update(bucket: FromPath[str], request: AnyRequest, objects: NamedDependency[Objects]) -> Doc:
    objects.update_bucket(bucket, await body_of(request))
    return {"message": "Successfully updated"}


@post("/{bucket:str}/empty", status_code=200)
async def empty(bucket: FromPath[str], objects: NamedDependency[Objects]) -> Doc:
    objects.empty_bucket(bucket)
    return {"message": "Empty bucket has been queued. Completion may take up to an hour."}


@delete("/{bucket:str}", status_code=200)
async def remove(bucket: FromPath[str], objects: NamedDependency[Objects]) -> Doc:
    objects.delete_bucket(bucket)
    return {"message": "Successfully deleted"}


def bucket_router() -> Router:
    """Storage's API for buckets."""
    handlers = [create, buckets, bucket, update, empty, remove]
    return Router("/supabase/storage/v1/bucket", route_handlers=handlers, guards=[require_key])


@get("/")
async def stored(request: AnyRequest, objects: NamedDependency[Objects]) -> list[Doc]:
    wanted = request.query_params.get("bucket")
    found = objects.in_bucket(wanted) if wanted else objects.all()
    shown = ("bucket", "path", "size", "contentType", "createdAt")
    return [{key: each[key] for key in shown} for each in found]


@get("/{bucket:str}/{path:path}")
async def file(
    bucket: FromPath[str], path: FromPath[str], request: AnyRequest, objects: NamedDependency[Objects]
) -> Response[bytes]:
    found = objects.find(bucket, path.lstrip("/"))
    if found is None:
        raise control_error(404, f"no object {bucket}{path}")
    return file_response(request, objects, found)


def object_control_router() -> Router:
    """What is stored, byte for byte."""
    return Router("/_sandbox/supabase/objects", route_handlers=[stored, file])
