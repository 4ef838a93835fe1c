"""What staff's pages share: their look, how they are answered, and where one is sent who is not signed in."""

import re
from datetime import datetime
from html import escape
from typing import Any, Final
from urllib.parse import quote

from litestar import Request, Response
from litestar.enums import MediaType
from litestar.response import Redirect

from iayos.core import clock
from iayos.core.errors import AuthRequired, Forbidden
from iayos.web.errors import app_error
from iayos.web.pages import html

HOME: Final = "/admin/queues"
SIGN_IN: Final = "/admin/sign-in"
OURS: Final = re.compile(r"/admin(/[\w.:~-]+)*/?")
HEADERS: Final = {"Cache-Control": "no-store", "Referrer-Policy": "same-origin"}
"""Without a referrer a browser sends a form of ours with `Origin: null`, as if it came from elsewhere."""
AGES: Final = ((60, 1, "s"), (3600, 60, "min"), (2 * 86_400, 3600, "h"))
LOOK: Final = """
<style>
body{max-width:64rem}h2{text-transform:none;margin:1.8rem 0 .6rem}p{margin:.5rem 0}
header{display:flex;gap:.4rem 1.2rem;align-items:center;flex-wrap:wrap;border-bottom:1px solid var(--line);padding-bottom:.7rem}
header h1{margin:0;font-size:1.25rem;flex:1 1 auto}header form{margin:0}header small{color:var(--soft)}
b{display:inline;min-width:0;color:inherit}
input,button{font:inherit;padding:.45rem .8rem;border:1px solid var(--line);border-radius:8px;background:transparent;color:inherit;
min-width:0;box-sizing:border-box}
button{cursor:pointer;border-color:var(--accent);color:var(--accent);min-height:2.75rem}button.quiet{border-color:var(--line);color:inherit}
button:hover{background:color-mix(in srgb,var(--accent) 12%,transparent)}
:is(input,button,a,summary):focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.say{border-left:4px solid var(--accent);padding:.5rem .9rem;background:color-mix(in srgb,var(--accent) 9%,transparent);border-radius:4px}
.say.bad{border-color:#c2382b;background:color-mix(in srgb,#c2382b 12%,transparent)}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(8rem,1fr));gap:.6rem;margin:1rem 0 0}
.figures div{border:1px solid var(--line);border-radius:10px;padding:.6rem .8rem;display:flex;flex-direction:column}
.figures dd{order:-1;margin:0;font-size:1.5rem;font-variant-numeric:tabular-nums;line-height:1.2}.figures dt{color:var(--soft);font-size:.9rem}
.figures small{display:block}.hot dd{color:#c2382b}
@media (prefers-color-scheme:dark){.hot dd{color:#ff8a7c}}
article{border:1px solid var(--line);border-radius:10px;padding:.8rem 1rem;margin:.7rem 0}
article h3{margin:0;font:600 1rem/1.4 ui-monospace,monospace;overflow-wrap:anywhere}
article code{display:block;margin:.35rem 0;color:var(--soft)}
article .weight{display:flex;gap:.2rem 1.4rem;flex-wrap:wrap;margin:.4rem 0}.weight b{font-size:1.1rem;color:var(--ink)}
article form{display:flex;gap:.5rem;flex-wrap:wrap;margin:.7rem 0 0}article form input{flex:1 1 14rem}
.empty{border:1px dashed var(--line);border-radius:10px;padding:1.4rem;text-align:center;color:var(--soft)}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%}th{color:var(--soft);font-weight:400;font-size:.9rem}
th,td{text-align:right;padding:.35rem .5rem;border-bottom:1px solid var(--line);font-variant-numeric:tabular-nums;white-space:nowrap}
:is(th,td):first-child{text-align:left;padding-left:0}td:first-child{font-family:ui-monospace,monospace;font-size:.9rem}
@media (max-width:40rem){th,td{padding:.35rem .2rem;font-size:.85rem}th{white-space:normal;vertical-align:bottom}td:first-child{font-size:.8rem}.counts :is(th,td):last-child{display:none}}
.door{max-width:22rem;margin:3rem auto}.door label{display:block;margin:.9rem 0}.door input{width:100%;display:block;margin-top:.25rem}
.door button{width:100%;margin-top:.6rem}
</style>
"""


def page(title: str, body: str, *, status: int = 200) -> Response[str]:
    """A page of staff's, kept by nobody on the way."""
    return Response(
        html(f"{title} · iAyos", LOOK + body), status_code=status, media_type=MediaType.HTML, headers={**HEADERS}
    )


def to_sign_in(request: Request[Any, Any, Any], _: AuthRequired) -> Redirect:
    """Who is not signed in does so first, and comes back."""
    wanted = request.url.path if request.method == "GET" else HOME
    return Redirect(f"{SIGN_IN}?next={quote(own(wanted))}", status_code=303)


def not_your_role(request: Request[Any, Any, Any], refused: Forbidden) -> Response[Any]:
    """A member of staff who opens a page of others' is told whose it is, and where the own work lies."""
    if type(refused) is not Forbidden or request.method != "GET":
        return app_error(request, refused)
    whose = ", ".join(refused.details["needs"])
    return page(
        "Not your role",
        f"<header><h1>iAyos · Queue</h1>{sign_out_form(request.user.email)}</header>"
        f"<main><p class='say bad'>This page is for {whose}, and your role is {request.user.role}.</p>"
        "<p>Identity checks and certificates are reviewed in the terminal: <code>iayos kyc next</code>.</p></main>",
        status=refused.status,
    )


def own(path: str) -> str:
    """Where to go on: only within these pages."""
    return path if OURS.fullmatch(path) and ".." not in path else HOME


def ago(moment: datetime) -> str:
    """How long ago something was, with the exact time behind it."""
    return f"{age(moment)} ago"


def age(moment: datetime) -> str:
    """For how long it has been so."""
    seconds = (clock.now() - moment).total_seconds()
    words = next((f"{abs(seconds) / unit:.0f} {name}" for below, unit, name in AGES if abs(seconds) < below), "")
    words = words or f"{abs(seconds) / 86_400:.0f} days"
    exact = moment.isoformat(timespec="seconds")
    return f"<time datetime='{exact}' title='{exact}'>{words}</time>"


def counted(number: int, noun: str, plural: str = "") -> str:
    """1 task, 2 tasks."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def sign_out_form(email: str) -> str:
    """Who is signed in, and the way out."""
    return f"<small>{escape(email)}</small><form method=post action=/admin/sign-out><button class=quiet>Sign out</button></form>"
