"""The sockets: one conversation, or all of mine with my notices. Who may not come in is told by a close code."""

from typing import Any

from litestar import WebSocket, websocket
from litestar.params import FromPath

from iayos.chat import queries
from iayos.chat.live import Live
from iayos.chat.rooms import Line
from iayos.chat.talk import Talk
from iayos.core.principal import Principal
from iayos.web.auth import Credentials, own_origin
from iayos.web.sockets import GONE, NOT_SIGNED_IN, NOT_YOURS, Socket, refuse, subprotocol_of

Asgi = WebSocket[Any, Any, Any]
MOST_DIGITS = 18


@websocket("/ws/chat/{number:str}")
async def one_conversation(socket: Asgi, number: FromPath[str]) -> None:
    """The socket of one conversation."""
    asked = int(number) if number.isascii() and number.isdigit() and len(number) <= MOST_DIGITS else 0
    await talk(socket, only=asked)


@websocket("/ws")
async def everything(socket: Asgi) -> None:
    """All my conversations and my notices on one socket."""
    await talk(socket, only=None)


async def talk(asgi: Asgi, *, only: int | None) -> None:
    """Let in whoever may come in, and serve until either side ends it."""
    me, live = asgi.scope.get("user"), asgi.app.state.live
    if not isinstance(me, Principal):
        await refuse(asgi, NOT_SIGNED_IN, "not signed in")
    elif is_foreign(asgi):
        await refuse(asgi, NOT_YOURS, "this page may not act for you")
    else:
        await serve(asgi, live, me, only=only)


def is_foreign(asgi: Asgi) -> bool:
    """Does a page of another site use this browser's cookie?"""
    given = asgi.scope.get("auth")
    return isinstance(given, Credentials) and given.kind == "cookie" and not own_origin(asgi)


async def serve(asgi: Asgi, live: Live, me: Principal, *, only: int | None) -> None:
    """One line, from its first frame to its last."""
    socket = Socket(asgi)
    line = Line(live.db.reads, socket, me, only=only)
    try:
        await live.join(line, await queries.open_ones(live.db.reads, me.account_id) if only is None else [only])
        if only is not None and only not in line.places:
            await refuse(asgi, NOT_YOURS, "not a participant")
            return
        await live.enter(line)
        try:
            await asgi.accept(subprotocol_of(asgi))
            line.hold()
            await socket.run(Talk(live, line).handle, line.catch_up)
        finally:
            await live.leave(line)
    except GONE:
        return
    finally:
        line.release()
        for place in list(line.places.values()):
            live.drop(place)


routes = [one_conversation, everything]
