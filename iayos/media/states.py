"""What files are for, and where each kind lies."""

from enum import StrEnum
from typing import Final, NamedTuple


class Purpose(StrEnum):
    """What a file is for."""

    AVATAR = "AVATAR"
    PORTFOLIO = "PORTFOLIO"
    JOB_PHOTO = "JOB_PHOTO"
    KYC = "KYC"
    CASH_PROOF = "CASH_PROOF"
    CERTIFICATION = "CERTIFICATION"
    EVIDENCE = "EVIDENCE"
    CHAT = "CHAT"


class Bucket(NamedTuple):
    """A bucket at Supabase. What is public may be fetched by anyone who knows its address."""

    name: str
    public: bool
    pdf: bool = False


BUCKETS: Final = {
    Purpose.AVATAR: Bucket("avatars", public=True),
    Purpose.PORTFOLIO: Bucket("portfolios", public=True),
    Purpose.JOB_PHOTO: Bucket("job-photos", public=True),
    Purpose.KYC: Bucket("kyc-documents", public=False, pdf=True),
    Purpose.CASH_PROOF: Bucket("cash-proofs", public=False),
    Purpose.CERTIFICATION: Bucket("certifications", public=False, pdf=True),
    Purpose.EVIDENCE: Bucket("evidence", public=False),
    Purpose.CHAT: Bucket("chat", public=False),
}

PUBLIC: Final = frozenset(bucket.name for bucket in BUCKETS.values() if bucket.public)

LARGEST: Final = 10_000_000
"""Bytes of one file."""
MOST_PIXELS: Final = 50_000_000
PICTURE_PX: Final = 1200
"""The longer side of a picture, as it is kept."""
DOCUMENT_PX: Final = 2400
"""The same of a document that somebody has to read."""
THUMBNAIL_PX: Final = 320
JPEG: Final = "image/jpeg"
PDF: Final = "application/pdf"


class Reason(StrEnum):
    """Why a file is refused."""

    EMPTY = "EMPTY"
    TOO_LARGE = "TOO_LARGE"
    UNKNOWN_TYPE = "UNKNOWN_TYPE"
    PDF_NOT_ALLOWED = "PDF_NOT_ALLOWED"
    TRUNCATED = "TRUNCATED"
    CORRUPT = "CORRUPT"
    TOO_MANY_PIXELS = "TOO_MANY_PIXELS"
    TOO_COMPLEX = "TOO_COMPLEX"
    ANIMATED = "ANIMATED"
    HIDDEN_CONTENT = "HIDDEN_CONTENT"
    ENCRYPTED = "ENCRYPTED"
    ACTIVE_CONTENT = "ACTIVE_CONTENT"


SENTENCES: Final = {
    Reason.EMPTY: "This file is empty.",
    Reason.TOO_LARGE: "This file is larger than 10 MB.",
    Reason.UNKNOWN_TYPE: "Please send a JPEG, PNG, WebP or HEIC picture.",
    Reason.PDF_NOT_ALLOWED: "A PDF is not taken here. Please send a picture.",
    Reason.TRUNCATED: "This file is not complete. Please send it again.",
    Reason.CORRUPT: "This file is damaged and cannot be opened.",
    Reason.TOO_MANY_PIXELS: "This picture has more than 50 megapixels.",
    Reason.TOO_COMPLEX: "This file takes too much work to open. Please save it in another way.",
    Reason.ANIMATED: "An animated picture is not taken here.",
    Reason.HIDDEN_CONTENT: "This file carries more than a picture. Please save it anew.",
    Reason.ENCRYPTED: "This PDF is protected. Please save it without a password.",
    Reason.ACTIVE_CONTENT: "This PDF carries scripts or other files. Please print it to a new PDF.",
}
