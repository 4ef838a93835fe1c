"""The mails that accounts get, in English and Filipino."""

from html import escape
from typing import Final, NamedTuple

from iayos.accounts.states import RESET_PASSWORD, VERIFY_EMAIL, Language

PASSWORD_CHANGED: Final = "PASSWORD_CHANGED"  # noqa: S105 - the kind of a mail
SUSPENDED: Final = "SUSPENDED"
RESTORED: Final = "RESTORED"


class Mail(NamedTuple):
    """A mail, ready to go out."""

    subject: str
    text: str
    html: str


class Words(NamedTuple):
    """What one mail says: `{name}` is the recipient. `button` is the text of the link, where there is one."""

    subject: str
    greeting: str
    body: str
    button: str
    ending: str


WORDS: Final = {
    (VERIFY_EMAIL, Language.ENGLISH): Words(
        "Confirm your email", "Hello {name},", "welcome to iAyos. Please confirm that this is your email address.",
        "Confirm my email", "The link works for {lasts} hours. If you did not register, ignore this mail.",
    ),
    (VERIFY_EMAIL, Language.FILIPINO): Words(
        "Kumpirmahin ang iyong email", "Kumusta {name},", "maligayang pagdating sa iAyos. Pakikumpirma na sa iyo ang email na ito.",
        "Kumpirmahin ang email ko", "Gagana ang link sa loob ng {lasts} oras. Kung hindi ikaw ang nagparehistro, huwag pansinin ang email na ito.",
    ),
    (RESET_PASSWORD, Language.ENGLISH): Words(
        "Choose a new password", "Hello {name},", "somebody, hopefully you, asked for a new password at iAyos.",
        "Choose a new password", "The link works once, for {lasts} minutes. If it was not you, ignore this mail: your password stays as it is.",
    ),
    (RESET_PASSWORD, Language.FILIPINO): Words(
        "Pumili ng bagong password", "Kumusta {name},", "may humiling, sana ikaw, ng bagong password sa iAyos.",
        "Pumili ng bagong password", "Isang beses lang gagana ang link, sa loob ng {lasts} minuto. Kung hindi ikaw iyon, huwag pansinin ang email na ito: mananatili ang password mo.",
    ),
    (PASSWORD_CHANGED, Language.ENGLISH): Words(
        "Your password was changed", "Hello {name},", "the password of your iAyos account was changed, and all devices were signed out.",
        "", "If that was not you, ask for a new password at once and write to our support.",
    ),
    (PASSWORD_CHANGED, Language.FILIPINO): Words(
        "Napalitan ang iyong password", "Kumusta {name},", "napalitan ang password ng iAyos account mo, at na-sign out ang lahat ng device.",
        "", "Kung hindi ikaw ang nagpalit, humiling agad ng bagong password at sumulat sa aming support.",
    ),
    # Why is written by staff for staff and may name others, so it stays there; who asks hears it from a person.
    (SUSPENDED, Language.ENGLISH): Words(
        "Your account is suspended", "Hello {name},",
        "we have suspended your iAyos account for now, and all devices were signed out. Open listings, applications and invitations"
        " were closed. Money that is held for a job stays safe until our staff has looked at it, and withdrawals wait.",
        "", "If you think that this is a mistake, or wish to know why, please write to our support. We will gladly look at it again.",
    ),
    (SUSPENDED, Language.FILIPINO): Words(
        "Sinuspinde ang iyong account", "Kumusta {name},",
        "sinuspinde muna namin ang iyong iAyos account, at na-sign out ang lahat ng device. Isinara ang mga bukas na listing, aplikasyon"
        " at imbitasyon. Ligtas ang bayad na hawak para sa trabaho hanggang matingnan ito ng aming staff, at naghihintay ang mga withdrawal.",
        "", "Kung sa tingin mo ay pagkakamali ito, o gusto mong malaman kung bakit, sumulat sa aming support. Malugod naming titingnan ulit.",
    ),
    (RESTORED, Language.ENGLISH): Words(
        "Your account is open again", "Hello {name},",
        "your iAyos account is open again: please sign in as usual. Withdrawals that waited are on their way.",
        "", "What was closed stays closed, and you may post and apply anew. We are sorry for any trouble this has caused you.",
    ),
    (RESTORED, Language.FILIPINO): Words(
        "Bukas na ulit ang iyong account", "Kumusta {name},",
        "bukas na ulit ang iyong iAyos account: mag-sign in lang gaya ng dati. Papunta na ang mga withdrawal na naghintay.",
        "", "Mananatiling sarado ang mga isinara, at maaari kang mag-post at mag-apply muli. Pasensya na sa abala.",
    ),
}  # fmt: skip


def mail(kind: str, language: str, *, name: str, link: str | None = None, lasts: int = 0) -> Mail:
    """The mail of this kind in this language; `lasts` says how long the link works, in the unit of its text."""
    words = WORDS[kind, Language(language)]
    greeting, ending = words.greeting.format(name=name), words.ending.format(lasts=lasts)
    lines = [greeting, words.body, *([link] if link else []), ending]
    button = f'<p><a href="{escape(link)}">{escape(words.button)}</a></p><p>{escape(link)}</p>' if link else ""
    html = f"<p>{escape(greeting)}</p><p>{escape(words.body)}</p>{button}<p>{escape(ending)}</p>"
    return Mail(words.subject, "\n\n".join(lines) + "\n", html)
