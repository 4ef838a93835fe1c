"""Who is asking: credentials from cookie or bearer, the account behind them read anew for each request, and the guards."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import structlog
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency
from litestar.exceptions import NotAuthorizedException
from litestar.handlers import BaseRouteHandler
from litestar.types import ASGIApp, Receive, Scope, Send

from iayos.core.db import Reads
from iayos.core.errors import AuthRequired, Forbidden, NotFound
from iayos.core.principal import Principal

COOKIE: Final = "session_id"
BEARING: Final = "bearer."
"""A browser cannot set headers on a WebSocket: the token comes as a subprotocol beside `iayos`, never in the URL."""
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
Connection = ASGIConnection[Any, Any, Any, Any]
Guard = Callable[[Connection, BaseRouteHandler], Awaitable[None]]
"""Guards are async: Litestar would run a plain function in a thread for each request."""
Me = NamedDependency[Principal]
"""How a handler asks who is signed in: `me: Me`."""
Caller = NamedDependency[Principal | None]
"""The same where nobody has to be: `caller: Caller`."""


class ForeignOrigin(Forbidden):
    """A page of another site used this browser's cookie."""

    code, message = "FOREIGN_ORIGIN", "This request comes from a page that may not act for you."


class EmailUnverified(Forbidden):
    """The account's email is not confirmed yet."""

    code = "EMAIL_UNVERIFIED"
    message = "Please confirm your email first: open the link that we sent you, or ask for another one."


class WrongProfile(Forbidden):
    """The route belongs to another kind of profile."""

    code, message = "WRONG_PROFILE", "This is for another kind of profile. Switch your profile and try again."


class Credentials(NamedTuple):
    """What the caller sent to prove who it is."""

    kind: str
    """`cookie` or `bearer`."""
    token: str


FindPrincipal = Callable[[Reads, Credentials], Awaitable[Principal | None]]


def credentials(connection: Connection) -> Credentials | None:
    """A bearer token wins over a cookie: whoever sends one means it."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return Credentials("bearer", token.strip())
    offers: Any = connection.scope.get("subprotocols", ())  # of a WebSocket
    for offered in offers:
        if offered.startswith(BEARING):
            return Credentials("bearer", offered.removeprefix(BEARING))
    cookie = connection.cookies.get(COOKIE)
    return Credentials("cookie", cookie) if cookie else None


class Authenticate:
    """Middleware: puts the principal (or None) into the scope. It never refuses; guards do."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Look the caller up once."""
        connection: Connection = ASGIConnection(scope, receive, send)
        scope["user"] = None
        given = credentials(connection)
        if given is not None:
            state = connection.app.state
            scope["user"] = await state.find_principal(state.db.reads, given)
            scope["auth"] = given
        if scope["user"] is not None:
            structlog.contextvars.bind_contextvars(account_id=scope["user"].account_id)
        await self.app(scope, receive, send)


async def signed_in(connection: Connection, _: BaseRouteHandler) -> None:
    """Guard: somebody is signed in, and a cookie is not used from a foreign page.

    Guards are coroutines because Litestar sends plain functions through a thread for each request.
    """
    _require_sign_in(connection)


def _require_sign_in(connection: Connection) -> Principal:
    me = connection.scope.get("user")
    if not isinstance(me, Principal):
        raise AuthRequired
    given = connection.scope.get("auth")
    if isinstance(given, Credentials) and given.kind == "cookie":
        refuse_foreign_origin(connection)
    return me


def _require_verified(connection: Connection) -> Principal:
    me = _require_sign_in(connection)
    if not me.email_verified:
        raise EmailUnverified
    return me


def refuse_foreign_origin(connection: Connection) -> None:
    """403 when a page of another origin asks for a change (SPEC 2, Web)."""
    if connection.scope.get("method") in SAFE_METHODS:
        return
    if not own_origin(connection):
        raise ForeignOrigin


def own_origin(connection: Connection) -> bool:
    """Does this come from a page of ours, or from no page at all?"""
    origin = connection.headers.get("origin")
    if origin is not None:
        settings = connection.app.state.settings
        own = {settings.public_url, settings.web_url, *settings.origins}
        named = origin.rstrip("/") in own or _host_of(origin) == connection.headers.get("host")
        return named and _host_of(origin) != ""
    return connection.headers.get("sec-fetch-site", "none") in {"same-origin", "none"}


def _host_of(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:  # `http://[`
        return ""


async def from_own_page(connection: Connection, _: BaseRouteHandler) -> None:
    """Guard for what sets a cookie: another site's page may not sign this browser in."""
    refuse_foreign_origin(connection)


async def verified(connection: Connection, _: BaseRouteHandler) -> None:
    """Guard: signed in with a confirmed email."""
    _require_verified(connection)


def acting_as(*profile_types: str) -> Guard:
    """Guard: signed in, acting in one of these profiles, with a confirmed email."""

    async def guard(connection: Connection, _: BaseRouteHandler) -> None:
        if _require_sign_in(connection).profile_type not in profile_types:
            raise WrongProfile(needs=list(profile_types))
        _require_verified(connection)

    return guard


def staff(*roles: str) -> Guard:
    """Guard: a member of staff with one of these roles; `ADMIN` may do everything. Others see that nothing is there."""

    async def guard(connection: Connection, _: BaseRouteHandler) -> None:
        role = _require_sign_in(connection).role
        if role is None:
            raise NotFound
        if role != "ADMIN" and role not in roles:
            raise Forbidden(needs=["ADMIN", *roles])

    return guard


async def provide_me(scope: Scope) -> Principal:
    """Dependency `me`: the signed-in account; the route's guard has made sure that there is one."""
    me = scope.get("user")
    if not isinstance(me, Principal):
        raise NotAuthorizedException
    return me


async def provide_caller(scope: Scope) -> Principal | None:
    """Dependency `caller`: who is signed in, if anybody is, for routes that do not ask for it."""
    caller = scope.get("user")
    return caller if isinstance(caller, Principal) else None
