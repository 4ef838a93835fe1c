"""Files as rows: what lies where, whose it is, and what it is attached to."""

from datetime import datetime

from advanced_alchemy.base import IdentityBase
from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from iayos.core.db import Row
from iayos.core.models import Instant
from iayos.core.wire import PublicFile
from iayos.media.states import PUBLIC


class MediaTable(IdentityBase):
    """A file. It is claimed before it is uploaded, `stored_at` once storage has it, `removed_at` once it is to go."""

    __tablename__ = "media"
    __table_args__ = (
        UniqueConstraint("path", name="uq_media_path"),
        CheckConstraint("attached_to IS NULL OR stored_at IS NOT NULL", name="attached_when_stored"),
        Index("ix_media_loose", "created_at", postgresql_where=text("attached_to IS NULL AND removed_at IS NULL")),
        Index("ix_media_owner_id", "owner_id"),
        Index("ix_media_attached_to", "attached_to"),
        Index("ix_media_look", "look", postgresql_where=text("look IS NOT NULL")),
        Index("ix_media_sha256", "sha256"),
    )

    owner_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    purpose: Mapped[str] = mapped_column(Text)
    bucket: Mapped[str] = mapped_column(Text)
    path: Mapped[str] = mapped_column(Text)
    thumb_path: Mapped[str | None] = mapped_column(Text)
    content_type: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    look: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(Instant)
    stored_at: Mapped[datetime | None] = mapped_column(Instant)
    attached_to: Mapped[str | None] = mapped_column(Text)
    removed_at: Mapped[datetime | None] = mapped_column(Instant)


class Media(Row, frozen=True):
    """A file. A public one can be shown by its path; a private one is signed on request."""

    table = MediaTable
    id: int
    owner_id: int
    purpose: str
    bucket: str
    path: str
    thumb_path: str | None
    content_type: str
    size: int
    created_at: datetime
    stored_at: datetime | None
    attached_to: str | None
    removed_at: datetime | None

    @property
    def shown_at(self) -> PublicFile | None:
        """Where anyone finds it, if it is public."""
        return PublicFile(f"{self.bucket}/{self.path}") if self.bucket in PUBLIC else None

    @property
    def thumbnail_at(self) -> PublicFile | None:
        """The same of its thumbnail."""
        return PublicFile(f"{self.bucket}/{self.thumb_path}") if self.bucket in PUBLIC and self.thumb_path else None
