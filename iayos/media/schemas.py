"""Files on the wire."""

from datetime import datetime

import msgspec


class MediaOut(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was uploaded and can be attached to something within a day."""

    mediaID: int
    purpose: str
    contentType: str
    size: int
    """Bytes, as it is kept."""
    url: str
    """A public address, or one that is signed for five minutes."""
    thumbnailURL: str | None
    createdAt: datetime
