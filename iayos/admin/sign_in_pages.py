"""Where staff signs in with a browser, and out."""

from html import escape
from typing import Annotated, Any, Final

from litestar import Response, Router, get, post
from litestar.di import Provide
from litestar.enums import RequestEncodingType
from litestar.params import Body, QueryParameter
from litestar.response import Redirect

from iayos.accounts import sessions, sign_in
from iayos.accounts.provided import ASKING_IN, Configured, Hashing, provide_passwords, provide_settings
from iayos.accounts.queries import ACCOUNT_OF_EMAIL
from iayos.accounts.routes import session_cookie
from iayos.accounts.schemas import SignIn
from iayos.admin.pages import HEADERS, HOME, SIGN_IN, own, page, to_sign_in
from iayos.core.errors import AppError, AuthRequired, Forbidden, Invalid
from iayos.web.auth import Caller, Me, from_own_page, provide_caller, signed_in
from iayos.web.request import checked
from iayos.web.tx import InTx, OwnTx

Form = Annotated[dict[str, Any], Body(media_type=RequestEncodingType.URL_ENCODED)]
Next = Annotated[str, QueryParameter(name="next", max_length=500)]
FIELDS: Final = """
<label>Email<input type=email name=email value='{email}' autocomplete=username required autofocus></label>
<label>Password<input type=password name=password autocomplete=current-password maxlength=128 required></label>
"""


class NotOnTheStaff(Forbidden):
    """The password is right, but these pages are for staff."""

    code, message = "NOT_ON_THE_STAFF", "This account is not on the staff."


@get("/", sync_to_thread=False)
def home() -> Redirect:
    """There is one page so far."""
    return Redirect(HOME, status_code=303, headers={**HEADERS})


@get("/sign-in")
async def ask(caller: Caller, wanted: Next = HOME) -> Response[Any]:
    """A form; who is signed in as staff goes on at once."""
    if caller is not None and caller.role is not None:
        return Redirect(own(wanted), status_code=303, headers={**HEADERS})
    said = f"You are signed in as {caller.email}, who is not on the staff." if caller is not None else ""
    return _door(wanted, said=said)


@post("/sign-in", guards=[from_own_page, ASKING_IN])
async def enter(data: Form, db: OwnTx, passwords: Hashing, settings: Configured) -> Response[Any]:
    """Sets the cookie, as signing in on the web does."""
    wanted, email = str(data.get("next", "")), str(data.get("email", "")).strip()
    try:
        given = checked({"email": email, "password": data.get("password")}, SignIn)
        account = await db.reads.one_or_none(ACCOUNT_OF_EMAIL, email=given.email.lower())
        if account is not None and account.role is None:
            await sign_in.prove(db, passwords, email=given.email, password=given.password)
            raise NotOnTheStaff
        opened = await sign_in.sign_in(
            db, passwords, email=given.email, password=given.password, kind=sessions.WEB, secret=settings.secret
        )
    except AppError as fault:
        return _door(wanted, email=email, said=_why(fault), status=fault.status)
    cookie = session_cookie(opened.cookie or "", settings, max_age=int(sessions.WEB_LASTS.total_seconds()))
    return Redirect(own(wanted), status_code=303, cookies=[cookie], headers={**HEADERS})


@post("/sign-out", guards=[signed_in])
async def leave(tx: InTx, me: Me, settings: Configured) -> Redirect:
    """Ends this session."""
    await sessions.end(tx, me, reason="SIGNED_OUT")
    return Redirect(SIGN_IN, status_code=303, cookies=[session_cookie("", settings, max_age=0)], headers={**HEADERS})


def _why(fault: AppError) -> str:
    if isinstance(fault, sign_in.WrongPassword | Invalid):
        return "The email or the password is wrong."
    if isinstance(fault, sign_in.AccountLocked):
        return f"There were too many wrong passwords. Try again in {max(1, round((fault.retry_after or 60) / 60))} min."
    return fault.message


def _door(wanted: str, *, email: str = "", said: str = "", status: int = 200) -> Response[str]:
    told = f"<p class='say bad' role=alert>{escape(said)}</p>" if said else ""
    return page(
        "Sign in",
        f"<main class=door><h1>iAyos staff</h1>{told}<form method=post action={SIGN_IN}>"
        f"<input type=hidden name=next value='{escape(own(wanted))}'>{FIELDS.format(email=escape(email))}"
        "<button>Sign in</button></form></main>",
        status=status,
    )


router = Router(
    "/admin", route_handlers=[home, ask, enter, leave], include_in_schema=False, exception_handlers={AuthRequired: to_sign_in},
    dependencies={
        "passwords": Provide(provide_passwords), "settings": Provide(provide_settings), "caller": Provide(provide_caller),
    },
)  # fmt: skip
