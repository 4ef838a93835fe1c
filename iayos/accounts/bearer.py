"""The tokens of phones: JWTs, HS256, each naming the session whose row decides whether it still counts."""

from datetime import datetime, timedelta
from typing import Any, Final

import jwt
import msgspec

from iayos.accounts.models import Account
from iayos.core import clock, tokens
from iayos.core.wire import ID

AUDIENCE: Final = "iayos"
ACCESS: Final = "access"
REFRESH: Final = "refresh"
ACCESS_LASTS: Final = timedelta(days=7)
REFRESH_LASTS: Final = timedelta(days=30)


class Claims(msgspec.Struct, frozen=True):
    """What a token says. `jti` of an access token is `<session>.<random>`, of a refresh token the key of its row."""

    user_id: ID
    email: str
    profile_type: str | None
    exp: int
    iat: int
    jti: str
    aud: str
    typ: str

    @property
    def session_id(self) -> int | None:
        """The session that an access token belongs to."""
        number = self.jti.partition(".")[0]
        return int(number) if number.isascii() and number.isdigit() and len(number) < len(str(2**63)) else None


def mint(key: str, account: Account, *, session_id: int, refresh_jti: str, issued_at: datetime) -> tuple[str, str]:
    """The access and the refresh token of one row; minting it again gives the same two, letter for letter."""
    access_jti = f"{session_id}.{tokens.sign(key, ACCESS, refresh_jti)[:32]}"
    access = _encode(key, account, typ=ACCESS, jti=access_jti, issued_at=issued_at, lasts=ACCESS_LASTS)
    refresh = _encode(key, account, typ=REFRESH, jti=refresh_jti, issued_at=issued_at, lasts=REFRESH_LASTS)
    return access, refresh


def read(key: str, token: str, *, typ: str) -> Claims | None:
    """What a token of this type says; None when it is not ours, over, or of the other type."""
    try:
        # times are judged by the one clock of the house, not by the library's
        raw: dict[str, Any] = jwt.decode(
            token, key, algorithms=["HS256"], audience=AUDIENCE,
            options={"verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )  # fmt: skip
        claims = msgspec.convert(raw, Claims)
    except (jwt.InvalidTokenError, msgspec.ValidationError, RecursionError):  # the last: JSON nested without end
        return None
    return claims if claims.typ == typ and claims.exp > clock.now().timestamp() else None


def _encode(key: str, account: Account, *, typ: str, jti: str, issued_at: datetime, lasts: timedelta) -> str:
    issued = int(issued_at.timestamp())
    claims = Claims(
        user_id=account.id, email=account.email, profile_type=account.profile_type,
        exp=issued + int(lasts.total_seconds()), iat=issued, jti=jti, aud=AUDIENCE, typ=typ,
    )  # fmt: skip
    return jwt.encode(msgspec.to_builtins(claims), key, algorithm="HS256")
