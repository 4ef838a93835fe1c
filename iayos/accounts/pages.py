"""Where the links in mails lead when there is no web app: small pages with one form each, without a script."""

from html import escape
from typing import Annotated, Any, Final

from litestar import Response, get, post
from litestar.enums import MediaType, RequestEncodingType
from litestar.handlers import HTTPRouteHandler
from litestar.params import Body, QueryParameter

from iayos.accounts import actions
from iayos.accounts.provided import REDEEMING, Hashing
from iayos.accounts.schemas import ResetPassword
from iayos.core.errors import AppError
from iayos.web.pages import html
from iayos.web.request import checked
from iayos.web.tx import InTx, OwnTx

Token = Annotated[str, QueryParameter(name="token", max_length=200)]
Form = Annotated[dict[str, Any], Body(media_type=RequestEncodingType.URL_ENCODED)]
LOOK: Final = "font:inherit;padding:.5rem .8rem;border-radius:8px"
CONFIRM: Final = "Confirm your email"
CHOOSE: Final = "Choose a new password"
PASSWORD: Final = (
    "<p><label>New password, at least 10 characters<br>"
    f"<input type=password name=password minlength=10 maxlength=128 autocomplete=new-password required style='{LOOK}'></label></p>"
)


@get("/verify-email", include_in_schema=False, sync_to_thread=False)
def ask_to_confirm(token: Token = "") -> Response[str]:
    """A button, because programs that look into mails open links, but press nothing."""
    return _page(CONFIRM, _form("/verify-email", token, button=CONFIRM))


@post("/verify-email", include_in_schema=False, guards=[REDEEMING])
async def confirm(data: Form, tx: InTx) -> Response[str]:
    """The button was pressed."""
    try:
        async with tx.savepoint():
            await actions.verify_email(tx, str(data.get("token")))
    except AppError as fault:
        return _page(CONFIRM, _sentence(fault.message), status=fault.status)
    return _page("Thank you", _sentence("Your email is confirmed. You can close this page and go on in iAyos."))


@get("/reset-password", include_in_schema=False, sync_to_thread=False)
def ask_for_password(token: Token = "") -> Response[str]:
    """A field for the new password."""
    return _page(CHOOSE, _form("/reset-password", token, PASSWORD, button=CHOOSE))


@post("/reset-password", include_in_schema=False, guards=[REDEEMING])
async def choose(data: Form, db: OwnTx, passwords: Hashing) -> Response[str]:
    """The new password was typed; one that is too easy can be typed again."""
    token = str(data.get("token"))
    try:
        wanted = checked(data, ResetPassword)
        await actions.reset_password(db, passwords, token=wanted.token, password=wanted.password)
    except AppError as fault:
        again = (
            "" if isinstance(fault, actions.TokenInvalid) else _form("/reset-password", token, PASSWORD, button=CHOOSE)
        )
        return _page(CHOOSE, _sentence(fault.details.get("reason", fault.message)) + again, status=fault.status)
    return _page("Thank you", _sentence("Your password is changed. Sign in with it on all your devices."))


def _form(action: str, token: str, fields: str = "", *, button: str) -> str:
    return (
        f"<form method=post action='{action}'><input type=hidden name=token value='{escape(token)}'>{fields}"
        f"<p><button style='{LOOK}'>{escape(button)}</button></p></form>"
    )


def _sentence(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def _page(title: str, body: str, *, status: int = 200) -> Response[str]:
    return Response(
        html(title, f"<h1>{escape(title)}</h1>{body}"), status_code=status, media_type=MediaType.HTML,
        headers={"Cache-Control": "no-store"},
    )  # fmt: skip


handlers: Final[list[HTTPRouteHandler]] = [ask_to_confirm, confirm, ask_for_password, choose]
