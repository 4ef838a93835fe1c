"""How Storage lists a bucket: folders are only prefixes, and have no id."""

from typing import Final

from iayos.sandbox.store import Doc
from iayos.sandbox.supabase.objects import storage_error

_SORTABLE: Final = frozenset({"name", "created_at", "updated_at"})


def listed(objects: list[Doc], query: Doc) -> list[Doc]:
    """One level below a prefix: its objects, and its folders."""
    prefix = str(query.get("prefix") or "").strip("/")
    prefix = f"{prefix}/" if prefix else ""
    entries = {each["name"]: each for each in _level(objects, prefix)}
    search = str(query.get("search") or "").lower()
    found = [each for name, each in entries.items() if search in name.lower()]
    sort = query.get("sortBy") or {}
    column = str(sort.get("column"))
    column = column if column in _SORTABLE else "name"
    found.sort(key=lambda each: str(each[column] or ""), reverse=sort.get("order") == "desc")
    start = _whole(query, "offset", 0)
    return found[start : start + _whole(query, "limit", 100)]


def listed_v2(objects: list[Doc], query: Doc) -> Doc:
    """All keys after a cursor, with folders apart when a delimiter is asked for."""
    prefix, limit = str(query.get("prefix") or ""), _whole(query, "limit", 1000)
    under = sorted((each for each in objects if each["path"].startswith(prefix)), key=lambda each: str(each["path"]))
    under = [each for each in under if each["path"] > str(query.get("cursor") or "")]
    page, rest = under[:limit], under[limit:]
    folders: dict[str, Doc] = {}
    files = []
    for each in page:
        head, slash, _ = each["path"][len(prefix) :].partition("/")
        if query.get("with_delimiter") and slash:
            folders[head] = {"key": f"{prefix}{head}", "name": f"{prefix}{head}/"}
        else:
            files.append(_entry(each, each["path"]) | {"key": each["path"]})
    answer: Doc = {"hasNext": bool(rest), "folders": list(folders.values()), "objects": files}
    return answer | ({"nextCursor": page[-1]["path"]} if rest else {})


def _whole(query: Doc, name: str, default: int) -> int:
    value = query.get(name) or default
    if not isinstance(value, int) or value < 0:
        raise storage_error(400, "Invalid Input", f"{name} must be a whole number", code="InvalidRequest")
    return value


def _level(objects: list[Doc], prefix: str) -> list[Doc]:
    entries = []
    for each in objects:
        if each["path"].startswith(prefix):
            name, slash, _ = each["path"][len(prefix) :].partition("/")
            entries.append(_folder(name) if slash else _entry(each, name))
    return entries


def _folder(name: str) -> Doc:
    nothing = dict.fromkeys(("id", "updated_at", "created_at", "last_accessed_at", "metadata"))
    return {"name": name, **nothing}


def _entry(stored: Doc, name: str) -> Doc:
    return {
        "name": name,
        "id": stored["id"],
        "updated_at": stored["updatedAt"],
        "created_at": stored["createdAt"],
        "last_accessed_at": stored["updatedAt"],
        "metadata": {
            "eTag": stored["etag"],
            "size": stored["size"],
            "mimetype": stored["contentType"],
            "cacheControl": stored["cacheControl"],
            "lastModified": stored["updatedAt"],
            "contentLength": stored["size"],
            "httpStatusCode": 200,
        },
    }
