"""PDFs: read through for anything but pages, then written anew with the pages alone."""

from io import BytesIO
from typing import Any, Final

from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject

from iayos.media.inspect import Bad
from iayos.media.states import LARGEST, Reason

MOST_PAGES: Final = 50
MOST_OBJECTS: Final = 20_000
ACTIVE: Final = frozenset({"/JS", "/JavaScript", "/Launch", "/EmbeddedFile", "/EmbeddedFiles", "/RichMedia", "/XFA", "/AA",
                           "/SubmitForm", "/ImportData", "/GoToR", "/GoToE", "/Movie", "/Sound", "/Rendition"})  # fmt: skip
TELLING: Final = ("/Metadata", "/PieceInfo", "/LastModified", "/Thumb")


def rewritten(content: bytes) -> bytes:
    """The pages of this PDF as a PDF of our own; `Bad` when it is protected, or does more than show pages."""
    reader = PdfReader(BytesIO(content), strict=False)
    if reader.is_encrypted:
        raise Bad(Reason.ENCRYPTED)
    _refuse_active(reader)
    if not 0 < len(reader.pages) <= MOST_PAGES:
        raise Bad(Reason.TOO_COMPLEX, "pages")
    writer = PdfWriter()
    for page in reader.pages:
        added = writer.add_page(page)
        for name in TELLING:
            added.pop(name, None)
    writer.metadata = None
    file = BytesIO()
    writer.write(file)
    if file.tell() > LARGEST:
        raise Bad(Reason.TOO_LARGE)
    return file.getvalue()


def _refuse_active(reader: PdfReader) -> None:
    """Walk everything that the root reaches."""
    waiting: list[Any] = [reader.trailer]
    seen: set[int] = set()
    while waiting:
        found = waiting.pop()
        if isinstance(found, IndirectObject):
            if found.idnum in seen:
                continue
            seen.add(found.idnum)
            if len(seen) > MOST_OBJECTS:
                raise Bad(Reason.TOO_COMPLEX, "objects")
            found = found.get_object()
        if isinstance(found, DictionaryObject):
            names = {str(name) for name in found} | {
                str(found.get(name)) for name in ("/S", "/Type", "/Subtype") if isinstance(found.get(name), str)
            }
            if names & ACTIVE:
                raise Bad(Reason.ACTIVE_CONTENT)
            waiting += [found.raw_get(name) for name in found]
        elif isinstance(found, ArrayObject):
            waiting += list.__iter__(found)
