"""A notice as a mail, in English and Filipino."""

from html import escape
from typing import Final, NamedTuple

from iayos.accounts.mails import Mail
from iayos.accounts.states import Language


class Frame(NamedTuple):
    """What stands around a notice."""

    greeting: str
    button: str
    ending: str


FRAMES: Final = {
    Language.ENGLISH: Frame(
        "Hello {name},", "Open iAyos",
        "You get this mail because it concerns your money or your account. You can turn such mails off in the app's settings.",
    ),
    Language.FILIPINO: Frame(
        "Kumusta {name},", "Buksan ang iAyos",
        "Natanggap mo ang email na ito dahil tungkol ito sa pera o account mo. Maaari mong patayin ang ganitong email sa settings ng app.",
    ),
}  # fmt: skip


def mail(language: str, *, name: str, title: str, body: str, link: str) -> Mail:
    """The notice with a greeting before it and the way to the app below."""
    frame = FRAMES[Language(language)]
    greeting = frame.greeting.format(name=name)
    button = f'<p><a href="{escape(link)}">{escape(frame.button)}</a></p>'
    html = f"<p>{escape(greeting)}</p><p>{escape(body)}</p>{button}<p>{escape(frame.ending)}</p>"
    return Mail(title, "\n\n".join([greeting, body, f"{frame.button}: {link}", frame.ending]) + "\n", html)
