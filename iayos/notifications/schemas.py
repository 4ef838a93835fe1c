"""Notices on the wire, the phones that get them, and what people wish to get."""

import re
from datetime import datetime, time
from typing import Annotated, Any, ClassVar, Final, Literal, Self

import msgspec

from iayos.core.wire import Text

EXPO_TOKEN: Final = re.compile(
    r"Expo(?:nent)?PushToken\[[^\s\[\]]+\]|(?i:[a-z\d]{8}-[a-z\d]{4}-[a-z\d]{4}-[a-z\d]{4}-[a-z\d]{12})"
)
Clock = Annotated[
    str, msgspec.Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", description="A time of the day in Manila: `22:00`.")
]


class ExpoToken(Text):
    """A phone, as Expo names it: `ExponentPushToken[…]`, `ExpoPushToken[…]`, or a UUID."""

    __slots__ = ()
    longest: ClassVar[int] = 200

    @classmethod
    def parse(cls, raw: object) -> Self:
        """As Expo's own libraries check it."""
        token = super().parse(raw)
        if not EXPO_TOKEN.fullmatch(token):
            raise ValueError("Expected a push token of Expo, such as ExponentPushToken[xxxxxxxxxxxxxxxxxxxxxx]")
        return token


class NotificationOut(msgspec.Struct, frozen=True, kw_only=True):
    """A notice to the caller, in the language that the account had when it was written."""

    notificationID: int
    type: str
    """The event: JOB_CREATED, APPLICATION_RECEIVED, ESCROW_PAID …"""
    title: str
    body: str
    data: dict[str, Any]
    """Opens the right screen: `jobID`, `transactionID` …"""
    isRead: bool
    createdAt: datetime

    @classmethod
    def of(cls, row: Any) -> "NotificationOut":
        """From its row."""
        return cls(
            notificationID=row.id, type=row.type, title=row.title, body=row.body, data=row.data,
            isRead=row.read_at is not None, createdAt=row.created_at,
        )  # fmt: skip


class UnreadOut(msgspec.Struct, frozen=True):
    """The badge in the app's header."""

    unreadCount: int


class UpdatedOut(msgspec.Struct, frozen=True):
    """How many notices were unread before."""

    updated: int


class RegisterPushToken(msgspec.Struct, frozen=True, kw_only=True):
    """A phone that is to get the caller's pushes."""

    token: ExpoToken
    deviceType: Literal["ios", "android"] | None = None


class ForgetPushToken(msgspec.Struct, frozen=True, kw_only=True):
    """A phone that is to get no more."""

    token: ExpoToken


class PushTokenOut(msgspec.Struct, frozen=True, kw_only=True):
    """A phone of the caller."""

    token: str
    deviceType: str | None
    createdAt: datetime
    """When it was registered last."""

    @classmethod
    def of(cls, row: Any) -> "PushTokenOut":
        """From its row."""
        return cls(token=row.token, deviceType=row.device_type, createdAt=row.registered_at)


class ForgottenOut(msgspec.Struct, frozen=True):
    """The phone gets no more pushes."""

    token: str


class KindSettings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What differs for one kind; a channel that is left out follows the general setting."""

    push: bool | None = None
    email: bool | None = None


class QuietHours(msgspec.Struct, frozen=True, kw_only=True):
    """From one time to another in Manila, around midnight when `from` is the later one."""

    from_: Clock = msgspec.field(name="from")
    to: Clock

    def times(self) -> tuple[time, time]:
        """As times."""
        return time.fromisoformat(self.from_), time.fromisoformat(self.to)


class NotificationSettingsBody(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller wishes to get. Notices in the app always come; a PUT replaces all that was said before.

    During `quietHours` pushes wait for their end, except those that tell of money that moved. Mails do not wait.
    """

    push: bool = True
    email: bool = True
    kinds: dict[str, KindSettings] = msgspec.field(default_factory=dict)
    """By kind of notice, as in `type`: `{"JOB_CREATED": {"push": false}}`."""
    quietHours: QuietHours | None = None

    @classmethod
    def of(cls, row: Any) -> "NotificationSettingsBody":
        """From its row."""
        quiet = QuietHours(from_=f"{row.quiet_from:%H:%M}", to=f"{row.quiet_to:%H:%M}") if row.quiet_from else None
        kinds = {kind: KindSettings(**wish) for kind, wish in sorted(row.kinds.items())}
        return cls(push=row.push, email=row.email, kinds=kinds, quietHours=quiet)
