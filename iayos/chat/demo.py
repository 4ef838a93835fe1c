"""A page to try the chat at `/demo/chat`, outside production: two people side by side in one browser."""

from pathlib import Path
from typing import Final

from litestar import MediaType, get
from litestar.response import File

from iayos.web.pages import html

SCRIPT: Final = Path(__file__).with_name("demo.js")
STYLE: Final = """
<style>
body{max-width:76rem}.people{display:grid;grid-template-columns:1fr 1fr;gap:1.2rem}
@media (max-width:44rem){.people{grid-template-columns:1fr}}
section{border:1px solid var(--line);border-radius:10px;padding:.8rem;display:flex;flex-direction:column;gap:.6rem;min-width:0}
header{display:flex;justify-content:space-between;align-items:baseline;gap:.6rem;flex-wrap:wrap}h2{margin:0;text-transform:none}
form{display:flex;gap:.4rem}input,select,button{font:inherit;padding:.4rem .6rem;border:1px solid var(--line);border-radius:8px;
background:transparent;color:inherit;min-width:0}form input{flex:1}button{cursor:pointer;color:var(--accent)}option{color:#000}
button:disabled,input:disabled{opacity:.5;cursor:default}
ol{list-style:none;margin:0;padding:.2rem;height:22rem;overflow:auto;display:flex;flex-direction:column;gap:.35rem}
li{max-width:82%;padding:.35rem .65rem;border-radius:12px;border:1px solid var(--line);overflow-wrap:anywhere;white-space:pre-wrap}
li.mine{align-self:flex-end;border-color:var(--accent)}li.open{opacity:.55}li small{display:block;color:var(--soft);font-size:.75rem}
.state{font-size:.85rem;color:var(--soft)}.state.live{color:var(--accent)}.typing{min-height:1.4em;font-size:.85rem;color:var(--soft)}
[hidden]{display:none!important}
</style>
"""
PERSON: Final = """
<section id="{key}" aria-label="{title}">
<header><h2 data-name>{title}</h2><span class=state data-state role=status>not signed in</span></header>
<form data-login><input name=email type=email value="{email}" aria-label=Email required autocomplete=off>
<input name=password type=password placeholder=Password aria-label=Password required autocomplete=off><button>Sign in</button></form>
<div data-talk hidden><form><select data-pick aria-label=Conversation></select>
<button type=button data-break disabled>Break the connection</button></form>
<ol data-messages aria-live=polite></ol><div class=typing data-typing></div>
<form data-write><input name=message maxlength=4000 placeholder="Write a message" aria-label=Message autocomplete=off disabled>
<button disabled>Send</button></form></div>
</section>
"""


@get("/demo/chat", include_in_schema=False, sync_to_thread=False, media_type=MediaType.HTML)
def page() -> str:
    """Two people; `iayos up` prints the password of the demo accounts."""
    people = (("left", "Client", "client@demo.iayos"), ("right", "Worker", "worker@demo.iayos"))
    body = "".join(PERSON.format(key=key, title=title, email=email) for key, title, email in people)
    intro = "<p>Both sign in by their own token in this browser. Break a connection, write on the other side, and watch it resume.</p>"
    return html(
        "iAyos chat", f"{STYLE}<h1>Chat</h1>{intro}<div class=people>{body}</div><script src=/demo/chat.js></script>"
    )


@get("/demo/chat.js", include_in_schema=False, sync_to_thread=False)
def script() -> File:
    """What the page runs."""
    return File(SCRIPT, media_type="text/javascript", content_disposition_type="inline")


routes = [page, script]
