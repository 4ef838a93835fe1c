"""`iayos kyc next`: case after case, document after document, by single keys."""

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from cli import kyc, show
from cli.desk import Keys, Sheet, ask, browse, draw
from cli.faults import CONFLICT, NOT_FOUND, Fault
from cli.papers import Paper, fetched

if TYPE_CHECKING:
    from cli.api import API
    from cli.terminal import Screen

QUEUE: Final = "/api/admin/kyc"
GOOD: Final = "a"
OTHER: Final = "o"
WORDS: Final = {
    GOOD: "good", "b": "blurred", "e": "expired", "m": "does not match", "d": "wrong document", OTHER: "other",
}  # fmt: skip
CODES: Final = {"b": "UNCLEAR_IMAGE", "e": "EXPIRED", "m": "MISMATCH", "d": "WRONG_DOCUMENT", OTHER: "OTHER"}
WAYS_OUT: Final = {"u": "back", "s": "skip", "q": "leave"}
LAST_ROUND: Final = 5
A_FEW: Final = 50


class Review:
    """A reviewer at a terminal. One case is held at a time, and given back unless it is decided."""

    def __init__(self, api: "API", screen: "Screen") -> None:
        self._api, self._screen = api, screen
        self.decided: list[dict[str, Any]] = []
        self.held: int | None = None
        self.said = ""
        """What became of the last case, for whoever asks next."""
        self._skipped: set[int] = set()

    def run(self) -> None:
        """Until none is left, or the reviewer leaves."""
        while (claimed := self._next()) is not None:
            key = self._case(claimed)
            if key == "s":
                self._skipped.add(claimed["kycID"])
            if key != "enter":
                self.said = self.give_back() or self.said
            if key == "q":
                return
        self.said = f"{self.said}\n{'No other case is free.' if self._skipped else 'No case waits.'}".lstrip()

    def give_back(self) -> str:
        """Whoever comes next may have the case; what stood in the way of that. A claim that is no longer ours needs nothing."""
        number, self.held = self.held, None
        if number is None:
            return ""
        try:
            self._api.post(f"{QUEUE}/{number}/release")
        except Fault as fault:
            if fault.code not in {CONFLICT, NOT_FOUND}:
                return f"Case {number} could not be given back: {fault.message} Your claim lapses by itself."
        return ""

    def _next(self) -> dict[str, Any] | None:
        """The most urgent case that is free, claimed; one that somebody else took meanwhile is passed over."""
        draw(self._screen, Sheet("Looking for the next case …", "", [self.said], None, {}))
        for one in self._api.pages(QUEUE, most=A_FEW + len(self._skipped), free="true"):
            if one["kycID"] in self._skipped:
                continue
            try:
                claimed: dict[str, Any] = self._api.post(f"{QUEUE}/{one['kycID']}/claim")
            except Fault as fault:
                if fault.code not in {CONFLICT, NOT_FOUND}:
                    raise
            else:
                self.held = claimed["kycID"]
                return claimed
        return None

    def _case(self, claimed: dict[str, Any]) -> str:
        """One case to its end: the key that ended it. When it changed or was decided meanwhile, that is told with the next."""
        number, name = claimed["kycID"], claimed["name"]
        draw(self._screen, Sheet(f"Case {number} · {name}", "", [self.said, "Fetching its documents …"], None, {}))
        try:
            desk = Documents(self._api, self._screen, number, until=claimed["claimedUntil"], said=self.said)
            key = desk.judged()
            if key != "enter":
                self.said = ""
                return key
            found = self._api.post(f"{QUEUE}/{number}/review", desk.decision())
        except Fault as fault:
            if fault.code not in {CONFLICT, NOT_FOUND}:
                raise
            self.said = f"! Case {number} · {name}: {fault.message.partition(' [')[0]}"
            return "lost"
        self.held = None
        self.decided.append(found)
        self.said = f"✓ Case {number} · {name}: {found['status'].lower()}"
        return key


class Documents:
    """One case on the desk: its documents, and what the reviewer makes of each."""

    def __init__(self, api: "API", screen: "Screen", number: int, *, until: str, said: str) -> None:
        self._api, self._screen, self._until, self._said = api, screen, until, said
        self._path = f"{QUEUE}/{number}"
        self._found = api.get(self._path)
        self._papers = [self._fetched(one) for one in self._found["files"]]
        self._keys: dict[str, str] = {}
        """By document: the key of the verdict."""
        self._words: dict[str, str] = {}
        """By document: what is wrong with it, where no code says it."""
        self._note = ""
        self._opened: set[str] = set()

    def judged(self) -> str:
        """Document by document, then all together; which key ended it."""
        at = 0
        while True:
            files = self._found["files"]
            key = self._look_at(at) if at < len(files) else self._conclude()
            self._said = ""
            if key in {"enter", "s", "q"}:
                return key
            if key == "u":
                at = max(0, at - 1)
            elif key == "n":
                self._note = self._screen.line("Note to them: ")
            elif key in {"r", "w"}:
                self._again(at, browsing=key == "w")
            elif self._judge(files[at]["documentType"], key):
                at += 1

    def decision(self) -> dict[str, Any]:
        """As the API takes it, for the version that was looked at."""
        reasons = [{"documentType": kind, "code": CODES[key]} for kind, key in self._keys.items() if key != GOOD]
        notes = "\n".join([*(f"{kind}: {words}" for kind, words in self._words.items()), self._note]).strip()
        body = {"approved": not reasons, "version": self._found["version"]}
        return body | ({"reasons": reasons} if reasons else {}) | ({"notes": notes} if notes else {})

    def _judge(self, kind: str, key: str) -> bool:
        words = self._screen.line(f"What is wrong with {kind}? They will read it: ") if key == OTHER else ""
        if key == OTHER and not words:
            return False
        self._words.pop(kind, None)
        if words:
            self._words[kind] = words
        self._keys[kind] = key
        return True

    def _again(self, at: int, *, browsing: bool) -> None:
        """A fresh look for a fresh address; what changed since the first look is for a new beginning."""
        found = self._api.get(self._path)
        if found["version"] != self._found["version"]:
            raise Fault("A document was changed meanwhile. Please look again.", code=CONFLICT)
        one = found["files"][at]
        if not browsing:
            self._papers[at] = self._fetched(one)
            return
        self._said = browse(self._screen, self._title, one["fileURL"])
        if one["fileURL"]:
            self._opened.add(one["documentType"])

    @staticmethod
    def _fetched(one: dict[str, Any]) -> Paper | Fault:
        try:
            return fetched(one["fileURL"])
        except Fault as fault:
            return fault

    def _look_at(self, at: int) -> str:
        one, paper = self._found["files"][at], self._papers[at]
        kind, missed = one["documentType"], isinstance(paper, Fault)
        facts = [kind, *([] if isinstance(paper, Fault) else [paper.about]), f"uploaded {show.ago(one['createdAt'])}"]
        if one["status"] == "APPROVED":
            facts.append("accepted in an earlier round")
        sheet = Sheet(
            self._title, f"{self._hold()} · {at + 1} of {len(self._papers)}", [self._said, " · ".join(facts), *self._earlier(kind)],
            None if isinstance(paper, Fault) else paper.picture,
            self._offered(seen=not missed or kind in self._opened, missed=missed), self._instead(one, paper),
        )  # fmt: skip
        return ask(self._screen, sheet)

    def _offered(self, *, seen: bool, missed: bool) -> Keys:
        """Nobody judges a document that was on no screen."""
        again = {"r": "try again"} if missed else {"z": "zoom"}
        return (WORDS if seen else {}) | again | {"w": "open in browser"} | WAYS_OUT

    def _instead(self, one: dict[str, Any], paper: Paper | Fault) -> list[str]:
        if isinstance(paper, Fault):
            return [f"This document could not be fetched: {paper.message}", f"[r] tries again: {paper.hint}."]
        why = (
            "This terminal draws no pictures."
            if paper.picture
            else "A PDF is not drawn here; a browser reads it safely."
        )
        return [f"{why} [w] opens it, or look at", "", show.clean(one["fileURL"])]

    def _conclude(self) -> str:
        """All verdicts together, before they count."""
        wrong = [kind for kind, key in self._keys.items() if key != GOOD]
        lines = [f"{kind:<16}{WORDS[key]}  {self._words.get(kind, '')}" for kind, key in self._keys.items()]
        ahead = f"They are asked for {', '.join(wrong)} again." if wrong else "They are verified."
        if wrong and self._found["round"] >= LAST_ROUND:
            ahead = "This was their last round: it is rejected for good."
        body = [*lines, "", ahead, *([f"Note: {self._note}"] if self._note else [])]
        keys = {"enter": "reject" if wrong else "approve", "n": "add a note"} | WAYS_OUT
        return ask(self._screen, Sheet(self._title, f"{self._hold()} · decision", [self._said], None, keys, body))

    @property
    def _title(self) -> str:
        found = self._found
        return f"Case {found['kycID']} · {found['name']} · {kyc.kind(found)}, round {found['round']}"

    def _hold(self) -> str:
        left = (datetime.fromisoformat(self._until) - datetime.now(UTC)).total_seconds() / 60
        return f"yours for {math.ceil(left)} min" if left > 0 else "your claim has run out"

    def _earlier(self, document: str) -> list[str]:
        """What was said about this document in earlier rounds."""
        told = []
        for one in self._found["decisions"]:
            codes = [reason["code"] for reason in one["reasons"] if reason["documentType"] == document]
            if codes:
                told.append(f"Round {one['round']}: {codes[0]}" + (f" “{one['notes']}”" if one["notes"] else ""))
        return told[-2:]
