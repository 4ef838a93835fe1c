"""Accounts and sign-in over HTTP."""

from typing import Any, Final

from litestar import Response, Router, get, patch, post
from litestar.datastructures import Cookie
from litestar.di import Provide
from litestar.params import JSONBody

from iayos.accounts import actions, pages, queries, sessions, sign_in
from iayos.accounts.provided import (
    ASKING_IN,
    MAILING,
    REDEEMING,
    REFRESHING,
    REGISTERING,
    Configured,
    Hashing,
    provide_passwords,
    provide_settings,
)  # fmt: skip
from iayos.accounts.schemas import (
    AccountOut,
    Address,
    ChangePassword,
    Done,
    EditAccount,
    MailedToken,
    Pair,
    Refresh,
    Register,
    ResetPassword,
    SignedIn,
    SignIn,
    SwitchProfile,
)  # fmt: skip
from iayos.accounts.sessions import Opened
from iayos.accounts.states import RESET_PASSWORD, VERIFY_EMAIL
from iayos.core.errors import AuthRequired
from iayos.core.principal import Principal
from iayos.settings import Settings
from iayos.web.auth import COOKIE, Caller, Me, from_own_page, provide_caller, signed_in
from iayos.web.docs import answers
from iayos.web.tx import InTx, OwnTx, Reading


@post(
    ["/api/accounts/register", "/api/mobile/auth/register"], status_code=201, summary="Register",
    guards=[REGISTERING], opt=answers(actions.EmailTaken, no_replay=True),
)  # fmt: skip
async def register(data: JSONBody[Register], db: OwnTx, passwords: Hashing) -> AccountOut:
    """A new account; a mail with a link confirms the address."""
    return AccountOut.of(await actions.register(db, passwords, data))


@post(
    "/api/accounts/login", status_code=200, summary="Sign in on the web", guards=[from_own_page, ASKING_IN],
    opt=answers(
        sign_in.WrongPassword, sign_in.AccountSuspended, sign_in.AccountLocked, no_replay=True, secret_answer=True,
    ),
)  # fmt: skip
async def login(data: JSONBody[SignIn], db: OwnTx, passwords: Hashing, settings: Configured) -> Response[AccountOut]:
    """Sets the cookie `session_id` for 7 days and answers the account."""
    opened = await sign_in.sign_in(
        db, passwords, email=data.email, password=data.password, kind=sessions.WEB, secret=settings.secret
    )
    return _answer(AccountOut.of(opened.account), opened, settings)


@post(
    "/api/mobile/auth/login", status_code=200, summary="Sign in on a phone", guards=[ASKING_IN],
    opt=answers(
        sign_in.WrongPassword, sign_in.AccountSuspended, sign_in.AccountLocked, no_replay=True, secret_answer=True
    ),
)  # fmt: skip
async def mobile_login(data: JSONBody[SignIn], db: OwnTx, passwords: Hashing, settings: Configured) -> SignedIn:
    """Answers an access token for 7 days and a refresh token for 30."""
    return _signed_in(
        await sign_in.sign_in(
            db, passwords, email=data.email, password=data.password, kind=sessions.MOBILE, secret=settings.secret
        )
    )


@post(
    "/api/mobile/auth/refresh", status_code=200, summary="New tokens for a refresh token", guards=[REFRESHING],
    opt=answers(sessions.RefreshRefused, no_replay=True, secret_answer=True),
)  # fmt: skip
async def refresh(data: JSONBody[Refresh], db: OwnTx, settings: Configured) -> Pair:
    """Each refresh token serves once; a second use, unless at once, signs the phone out."""
    token, refresh_token = await sessions.refresh(db, data.refreshToken, secret=settings.secret)
    return Pair(token=token, refreshToken=refresh_token)


@post(
    ["/api/accounts/logout", "/api/mobile/auth/logout"], status_code=200, summary="Sign out", guards=[signed_in],
    opt=answers(no_replay=True),
)  # fmt: skip
async def logout(tx: InTx, me: Me, settings: Configured) -> Response[Done]:
    """Ends this session, on the web or on a phone."""
    await sessions.end(tx, me, reason="SIGNED_OUT")
    return Response(Done(), cookies=[session_cookie("", settings, max_age=0)])


@get("/api/accounts/me", summary="My account", guards=[signed_in])
async def my_account(reads: Reading, me: Me) -> AccountOut:
    """As it is now."""
    return AccountOut.of(await queries.account_of(reads, me.account_id))


@patch("/api/accounts/me", summary="Change my account", guards=[signed_in])
async def edit_account(data: JSONBody[EditAccount], tx: InTx, me: Me) -> AccountOut:
    """Names, contact, place and language."""
    return AccountOut.of(await actions.edit(tx, data, by=me))


@post(
    "/api/accounts/verify-email", status_code=200, summary="Confirm my email", guards=[REDEEMING],
    opt=answers(actions.TokenInvalid),
)  # fmt: skip
async def verify_email(data: JSONBody[MailedToken], tx: InTx) -> Done:
    """With the token from the mail; it works once."""
    await actions.verify_email(tx, data.token)
    return Done()


@post(
    "/api/accounts/resend-verification", status_code=200, summary="Another mail to confirm my email",
    guards=[from_own_page, MAILING], opt=answers(AuthRequired),
)  # fmt: skip
async def resend_verification(
    db: OwnTx, settings: Configured, caller: Caller, data: JSONBody[Address | None] = None
) -> Done:
    """To the signed-in account, or to the email given; the answer is the same whether or not a mail is due."""
    await actions.ask_for_mail(db, settings, VERIFY_EMAIL, email=_address(caller, data))
    return Done()


@post(
    "/api/accounts/forgot-password", status_code=200, summary="A mail to choose a new password",
    guards=[MAILING],
)  # fmt: skip
async def forgot_password(data: JSONBody[Address], db: OwnTx, settings: Configured) -> Done:
    """The answer is the same whether or not the email has an account."""
    await actions.ask_for_mail(db, settings, RESET_PASSWORD, email=data.email)
    return Done()


@post(
    "/api/accounts/reset-password", status_code=200, summary="Choose a new password", guards=[REDEEMING],
    opt=answers(actions.TokenInvalid, no_replay=True),
)  # fmt: skip
async def reset_password(data: JSONBody[ResetPassword], db: OwnTx, passwords: Hashing) -> Done:
    """With the token from the mail; it works once and signs out everywhere."""
    await actions.reset_password(db, passwords, token=data.token, password=data.password)
    return Done()


@post(
    "/api/accounts/change-password", status_code=200, summary="Change my password", guards=[signed_in, ASKING_IN],
    opt=answers(sign_in.WrongPassword, sign_in.AccountLocked, secret_answer=True),
)  # fmt: skip
async def change_password(
    data: JSONBody[ChangePassword], db: OwnTx, passwords: Hashing, settings: Configured, me: Me
) -> Response[SignedIn | AccountOut]:
    """Signs out everywhere else; a phone gets new tokens with the answer, a browser a new cookie."""
    opened = await actions.change_password(
        db, passwords, by=me, current=data.currentPassword, new=data.newPassword, secret=settings.secret
    )
    body = _signed_in(opened) if opened.pair else AccountOut.of(opened.account)
    return _answer(body, opened, settings)


@post(
    "/api/accounts/switch-profile", status_code=200, summary="Act as client or as worker", guards=[signed_in],
    opt=answers(actions.ProfileFixed, secret_answer=True),
)  # fmt: skip
async def switch_profile(data: JSONBody[SwitchProfile], tx: InTx, me: Me, settings: Configured) -> Response[SignedIn]:
    """Opens the profile if it is new. Old tokens end; by cookie, a new cookie comes too."""
    opened = await actions.switch_profile(tx, data.profileType, by=me, secret=settings.secret)
    return _answer(_signed_in(opened), opened, settings)


def _signed_in(opened: Opened) -> SignedIn:
    token, refresh_token = opened.pair or ("", "")
    return SignedIn(token=token, refreshToken=refresh_token, user=AccountOut.of(opened.account))


def _answer(body: Any, opened: Opened, settings: Settings) -> Response[Any]:
    lasts = int(sessions.WEB_LASTS.total_seconds())
    return Response(body, cookies=[session_cookie(opened.cookie, settings, max_age=lasts)] if opened.cookie else [])


def session_cookie(value: str, settings: Settings, *, max_age: int) -> Cookie:
    secure = settings.env not in {"development", "test"}
    return Cookie(COOKIE, value=value, max_age=max_age, path="/", httponly=True, samesite="lax", secure=secure)


def _address(caller: Principal | None, data: Address | None) -> str:
    if caller is not None:
        return caller.email
    if data is None:
        raise AuthRequired
    return data.email


router: Final = Router(
    "/",
    route_handlers=[
        register, login, mobile_login, refresh, logout, my_account, edit_account, verify_email, resend_verification,
        forgot_password, reset_password, change_password, switch_profile, *pages.handlers,
    ],
    dependencies={
        "passwords": Provide(provide_passwords), "settings": Provide(provide_settings), "caller": Provide(provide_caller),
    },
    tags=["accounts"],
)  # fmt: skip
