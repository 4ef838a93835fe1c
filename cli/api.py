"""The API as the CLI speaks to it: signed in, with its errors turned into exit codes."""

import re
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Self

import msgspec

from cli import config, live
from cli.config import Profile
from cli.faults import CONFLICT, FAILED, NOT_ALLOWED, NOT_FOUND, USAGE, Fault

if TYPE_CHECKING:
    from types import TracebackType

    import httpx

TIMEOUT_S: Final = 60
PAGE: Final = 100
UNAUTHORISED: Final = 401
ABSENT: Final = 404
CRASHED: Final = 500
ERRNO: Final = re.compile(r"\[Errno -?\d+\] ")
LINES: Final = "application/x-ndjson"
EXITS: Final = {401: NOT_ALLOWED, 403: NOT_ALLOWED, 404: NOT_FOUND, 409: CONFLICT}
_JSON: Final = msgspec.json.Decoder(float_hook=Decimal)


class API:
    """One command's conversation with the server."""

    def __init__(self, profile: Profile, *, name: str | None = None) -> None:
        import httpx

        self.profile = profile
        self._name = name
        with self._reaching():
            self._http = httpx.Client(base_url=profile.url, timeout=TIMEOUT_S, headers={"User-Agent": "iayos-cli"})

    @classmethod
    def signed_in(cls, wanted: str | None) -> Self:
        """As the profile that is meant."""
        return cls(config.profile_of(wanted), name=config.name_of(wanted))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: "TracebackType | None"
    ) -> None:
        self._http.close()

    def get(self, path: str, **params: Any) -> Any:
        """GET; what the server says."""
        given = {name: value for name, value in params.items() if value is not None}
        return self._ask("GET", path, params=given)

    def post(self, path: str, body: Mapping[str, Any] | None = None, *, dry_run: bool = False) -> Any:
        """POST; what the server says. With `dry_run` it says what would come of it."""
        options = ({} if body is None else {"json": body}) | ({"params": {"dryRun": "true"}} if dry_run else {})
        return self._ask("POST", path, **options)

    def follow(self, path: str, body: Mapping[str, Any] | None = None, **params: Any) -> Any:
        """Long work, by POST if there is a body: a bar on the terminal meanwhile, and in the end what the server says."""
        given = {name: value for name, value in params.items() if value is not None}
        options = {"params": given} | ({} if body is None else {"json": body})
        answer = self._accepted("GET" if body is None else "POST", path, lines=True, **options)
        with closing(answer), self._reaching(midway=True):
            if LINES in answer.headers["content-type"]:
                return self._last_of(answer)
            return _JSON.decode(answer.read())

    def _last_of(self, answer: "httpx.Response") -> Any:
        with live.bar() as tell:
            for line in answer.iter_lines():
                told = _JSON.decode(line)
                if "result" in told:
                    return told["result"]
                if "error" in told:
                    raise refused(told["status"], told["error"])
                tell(told["done"], told["of"], told["what"])
            raise Fault(
                f"{self.profile.url} went away without an answer; what it had done stays done.", hint="the same again"
            )

    def pages(self, path: str, *, most: int | None = None, **params: Any) -> list[Any]:
        """All items of a list, page after page, or so many of them."""
        items: list[Any] = []
        cursor = None
        while True:
            wanted = PAGE if most is None else min(PAGE, most - len(items))
            page = self.get(path, **params, limit=wanted, cursor=cursor)
            items += page["items"]
            cursor = page["nextCursor"]
            if cursor is None or len(items) == most:
                return items

    def _ask(self, method: str, path: str, **options: Any) -> Any:
        answer = self._accepted(method, path, **options)
        return _JSON.decode(answer.content) if answer.content else None

    def _accepted(self, method: str, path: str, **options: Any) -> "httpx.Response":
        """An answer that is no refusal."""
        answer = self._send(method, path, **options)
        if answer.status_code == UNAUTHORISED and self._refresh():
            answer.close()
            answer = self._send(method, path, **options)
        if answer.is_success:
            return answer
        answer.read()
        if answer.status_code == ABSENT:
            self._refuse_outsiders()
        raise refusal(answer)

    def _refuse_outsiders(self) -> None:
        """The server hides from others what belongs to staff; the person at this terminal is better told."""
        answer = self._send("GET", "/api/accounts/me")
        if answer.is_success and answer.json()["role"] is None:
            raise Fault(
                f"{answer.json()['email']} is not on the staff.", code=NOT_ALLOWED, hint="iayos login --email EMAIL"
            )

    def _send(self, method: str, path: str, *, lines: bool = False, **options: Any) -> "httpx.Response":
        token = self.profile.token
        headers = ({"Authorization": f"Bearer {token}"} if token else {}) | ({"Accept": LINES} if lines else {})
        with self._reaching():
            request = self._http.build_request(method, path, headers=headers, **options)
            return self._http.send(request, stream=lines)

    @contextmanager
    def _reaching(self, *, midway: bool = False) -> Iterator[None]:
        """What the network does to a conversation, in words."""
        import httpx

        try:
            yield
        except (httpx.InvalidURL, httpx.UnsupportedProtocol):
            raise Fault(
                f"{self.profile.url} is no address of a server.", code=USAGE, hint="--url http://HOST:PORT"
            ) from None
        except httpx.TimeoutException:
            raise Fault(f"no answer from {self.profile.url}.", hint="again in a moment") from None
        except httpx.TransportError as error:
            if midway:
                raise Fault(
                    f"{self.profile.url} went away while it was at work; what it had done stays done.",
                    hint="the same again",
                ) from None
            raise Fault(
                f"{self.profile.url} cannot be reached: {ERRNO.sub('', str(error))}.",
                hint="is it running? iayos up starts one here",
            ) from None

    def _refresh(self) -> bool:
        """Get a new token when the old one is over; another command may have done so already."""
        if self._name is None or not self.profile.refresh_token:
            return False
        with config.alone():
            kept = config.kept(self._name) or self.profile
            if kept.token == self.profile.token:
                answer = self._send("POST", "/api/mobile/auth/refresh", json={"refreshToken": kept.refresh_token})
                if answer.status_code == UNAUTHORISED:
                    raise ended(answer.json())
                if not answer.is_success:
                    return False
                pair = answer.json()
                kept = msgspec.structs.replace(kept, token=pair["token"], refresh_token=pair["refreshToken"])
                config.put(self._name, kept)
        self.profile = kept
        return True


def ended(said: Mapping[str, Any]) -> Fault:
    """A sign-in that nothing brings back."""
    hint = "" if said["details"].get("suspended") else "iayos login"
    return Fault(f"{said['error']} [{said['code']}]", code=NOT_ALLOWED, hint=hint)


def refusal(answer: "httpx.Response") -> Fault:
    """What an answer that is not 2xx means for a command."""
    try:
        said = answer.json()
        return refused(answer.status_code, said, retry_after=answer.headers.get("retry-after"))
    except (ValueError, KeyError, TypeError):
        return Fault(f"the server answered {answer.status_code}, and not as iAyos does.", hint="is the address right?")


def refused(status: int, said: Mapping[str, Any], *, retry_after: str | None = None) -> Fault:
    """The same for the body of an error."""
    sentence, code, details = said["error"], said["code"], said["details"]
    exit_code = USAGE if code == "VALIDATION_ERROR" else EXITS.get(status, FAILED)
    hint = ""
    if status == UNAUTHORISED and code == "AUTH_REQUIRED":
        hint = "iayos login"
    elif details.get("needs"):
        hint = f"ask somebody who is {' or '.join(details['needs'])}"
    elif retry_after:
        hint = f"again in {retry_after} s"
    elif status >= CRASHED:
        hint = f"look for request {details.get('requestID')} in the server's log"
    return Fault(f"{sentence} [{code}]", code=exit_code, hint=hint)
