"""`iayos cash show`: a photo of cash with both sides' word, and the decision by a single key."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from cli.cash import earlier
from cli.desk import Sheet, ask, browse, draw
from cli.faults import Fault
from cli.papers import Paper, fetched
from cli.show import ago, pesos
from cli.terminal import Screen

DECIDE: Final = {"v": "verify", "r": "reject"}
MANY: Final = 2


class Verdict(NamedTuple):
    """What a member of staff makes of a proof, and why."""

    approved: bool
    reason: str


def judged(found: dict[str, Any], again: Callable[[], dict[str, Any]]) -> Verdict | None:
    """The verdict of whoever sits here; None when he leaves. `again` asks for the proof with a fresh address."""
    with Screen.taken() as screen:
        paid = found["transaction"]
        title = (
            f"Cash proof {paid['transactionID']} · {pesos(paid['amount'])} · job {paid['jobID']} {found['jobTitle']}"
        )
        draw(screen, Sheet(title, "", ["Fetching the photo …"], None, {}))
        paper = _photo(found)
        said, seen = "", isinstance(paper, Paper)
        while (key := ask(screen, _sheet(title, found, paper, said, seen=seen))) != "q":
            if key in DECIDE:
                reason = screen.line(f"Why {DECIDE[key]}? It is kept on the audit log: ")
                if reason:
                    return Verdict(key == "v", reason)
                said = "Nothing was decided: a decision needs its reason."
            elif key == "w":
                address = again()["photoURL"]
                said, seen = browse(screen, title, address), seen or bool(address)
            else:
                paper = _photo(again())
                seen = seen or isinstance(paper, Paper)
    return None


def _photo(found: dict[str, Any]) -> Paper | Fault:
    try:
        return fetched(found["photoURL"])
    except Fault as fault:
        return fault


def _sheet(title: str, found: dict[str, Any], paper: Paper | Fault, said: str, *, seen: bool) -> Sheet:
    """Nobody decides about a photo that was on no screen."""
    missed = isinstance(paper, Fault)
    keys = (DECIDE if seen else {}) | ({"t": "try again"} if missed else {"z": "zoom"})
    about = [said, _word(found), _seen_before(found), _shown(found, paper)]
    body = (
        [f"The photo could not be fetched: {paper.message}", f"[t] tries again: {paper.hint}."]
        if isinstance(paper, Fault)
        else ["This terminal draws no pictures. [w] opens it, or look at", "", str(found["photoURL"])]
    )
    picture = None if isinstance(paper, Fault) else paper.picture
    return Sheet(title, "", about, picture, keys | {"w": "open in browser", "q": "leave"}, body)


def _word(found: dict[str, Any]) -> str:
    """What the client claims, and what the worker says to that."""
    amount, said = found["transaction"]["amount"], found["confirmedByWorker"]
    words = "has not said what was received" if said is None else f"says {pesos(said)} was received"
    mark = "" if said is None else "✓ " if said == amount else "! "
    return f"{found['clientName']} paid {found['workerName']} {pesos(amount)} · {mark}the worker {words}"


def _seen_before(found: dict[str, Any]) -> str:
    uses = found["earlierUses"]
    more = f", and {len(uses) - MANY} more" if len(uses) > MANY else ""
    return f"! Seen before: {'; '.join(earlier(one) for one in uses[:MANY])}{more}" if uses else ""


def _shown(found: dict[str, Any], paper: Paper | Fault) -> str:
    about = "" if isinstance(paper, Fault) else f"{paper.about} · "
    return f"{about}shown {ago(found['transaction']['createdAt'])}"
