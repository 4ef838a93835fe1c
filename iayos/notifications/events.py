"""Every notice that people get, in one table: its type on the wire, its title and its body, in English and Filipino.

The first thirteen are the reference's own, to the letter. `{amount}` and `{budget}` are given in centavos and read 1,234.50.
"""

from string import Formatter
from typing import Any, Final, NamedTuple

from iayos.core.money import in_words

MONEY: Final = frozenset({"amount", "budget"})


class Event(NamedTuple):
    """One kind of notice. The names in braces are the facts that whoever sends it must give."""

    type: str
    title: str
    body: str
    title_fil: str
    body_fil: str

    @property
    def facts(self) -> set[str]:
        """The names of the facts that the texts need."""
        return {name for text in self[1:] for _, name, _, _ in Formatter().parse(text) if name}

    def texts(self, facts: dict[str, Any]) -> dict[str, str]:
        """Titles and bodies in both languages; a fact that is missing or unknown is an error."""
        if facts.keys() != self.facts:
            raise TypeError(f"{self.type} needs exactly the facts {sorted(self.facts)}, not {sorted(facts)}")
        told = {name: in_words(fact).removeprefix("₱") if name in MONEY else fact for name, fact in facts.items()}
        return {name: getattr(self, name).format_map(told) for name in self._fields[1:]}


JOB_CREATED: Final = Event(
    "JOB_CREATED",
    "New job in your area", "{category} job - ₱{budget}",
    "Bagong trabaho sa inyong lugar", "Trabahong {category} - ₱{budget}",
)  # fmt: skip
APPLICATION_RECEIVED: Final = Event(
    "APPLICATION_RECEIVED",
    "New job application", "{worker_name} applied to {job_title}",
    "Bagong aplikasyon sa trabaho", "Nag-apply si {worker_name} sa {job_title}",
)  # fmt: skip
APPLICATION_ACCEPTED: Final = Event(
    "APPLICATION_ACCEPTED",
    "Application accepted!", "Your application for {job_title} was accepted",
    "Tinanggap ang aplikasyon!", "Tinanggap ang iyong aplikasyon para sa {job_title}",
)  # fmt: skip
APPLICATION_REJECTED: Final = Event(
    "APPLICATION_REJECTED",
    "Application not selected", "Your application for {job_title} was not selected",
    "Hindi napili ang aplikasyon", "Hindi napili ang iyong aplikasyon para sa {job_title}",
)  # fmt: skip
ESCROW_PAID: Final = Event(
    "ESCROW_PAID",
    "Payment received", "Client paid ₱{amount} escrow for {job_title}",
    "Natanggap ang bayad", "Nagbayad ang kliyente ng ₱{amount} na escrow para sa {job_title}",
)  # fmt: skip
JOB_COMPLETED_BY_WORKER: Final = Event(
    "JOB_COMPLETED_BY_WORKER",
    "Job completion pending approval", "{worker_name} marked {job_title} as complete",
    "Naghihintay ng pag-apruba ang natapos na trabaho", "Minarkahan ni {worker_name} na tapos na ang {job_title}",
)  # fmt: skip
JOB_APPROVED_BY_CLIENT: Final = Event(
    "JOB_APPROVED_BY_CLIENT",
    "Job completed!", "{client_name} approved completion of {job_title}",
    "Tapos na ang trabaho!", "Inaprubahan ni {client_name} ang pagtatapos ng {job_title}",
)  # fmt: skip
FINAL_PAYMENT_RECEIVED: Final = Event(
    "FINAL_PAYMENT_RECEIVED",
    "Payment received", "You received ₱{amount} for {job_title}",
    "Natanggap ang bayad", "Nakatanggap ka ng ₱{amount} para sa {job_title}",
)  # fmt: skip
REVIEW_RECEIVED: Final = Event(
    "REVIEW_RECEIVED",
    "New review", "{reviewer_name} left you a {rating}-star review",
    "Bagong review", "Nag-iwan si {reviewer_name} ng {rating}-star na review para sa iyo",
)  # fmt: skip
KYC_APPROVED: Final = Event(
    "KYC_APPROVED",
    "KYC verified!", "Your identity verification was approved",
    "Beripikado na ang KYC!", "Naaprubahan ang beripikasyon ng iyong pagkakakilanlan",
)  # fmt: skip
KYC_REJECTED: Final = Event(
    "KYC_REJECTED",
    "KYC verification failed", "Please resubmit with correct documents",
    "Hindi pumasa ang beripikasyon ng KYC", "Pakisumite muli kasama ang tamang mga dokumento",
)  # fmt: skip
WALLET_DEPOSIT: Final = Event(
    "WALLET_DEPOSIT",
    "Deposit successful", "₱{amount} added to your wallet",
    "Tagumpay ang deposito", "Nadagdag ang ₱{amount} sa iyong wallet",
)  # fmt: skip
NEW_MESSAGE: Final = Event(
    "NEW_MESSAGE",
    "New message", "{sender_name}: {message_preview}",
    "Bagong mensahe", "{sender_name}: {message_preview}",
)  # fmt: skip

# What the reference's flows draw besides its table.
APPLICATION_WITHDRAWN: Final = Event(
    "APPLICATION_WITHDRAWN",
    "Application withdrawn", "{worker_name} withdrew the application for {job_title}",
    "Binawi ang aplikasyon", "Binawi ni {worker_name} ang aplikasyon para sa {job_title}",
)  # fmt: skip
JOB_CANCELLED: Final = Event(
    "JOB_CANCELLED",
    "Job cancelled", "{job_title} was cancelled",
    "Kinansela ang trabaho", "Kinansela ang {job_title}",
)  # fmt: skip
FINAL_PAYMENT_DUE: Final = Event(
    "FINAL_PAYMENT_DUE",
    "Final payment due", "Please pay the remaining ₱{amount} for {job_title}",
    "Dapat nang bayaran ang huling bayad", "Pakibayaran ang natitirang ₱{amount} para sa {job_title}",
)  # fmt: skip
PAYMENT_SUCCESS: Final = Event(
    "PAYMENT_SUCCESS",
    "Payment successful", "Your payment of ₱{amount} for {job_title} was received",
    "Tagumpay ang bayad", "Natanggap ang iyong bayad na ₱{amount} para sa {job_title}",
)  # fmt: skip
PAYMENT_TO_WALLET: Final = Event(
    "PAYMENT_TO_WALLET",
    "Payment added to your wallet", "Your payment of ₱{amount} was added to your wallet",
    "Nadagdag sa wallet ang bayad", "Nadagdag sa iyong wallet ang bayad mong ₱{amount}",
)  # fmt: skip
PAYMENT_FLAGGED: Final = Event(
    "PAYMENT_FLAGGED",
    "Payment flagged", "Payment {transaction_id} needs a look: {reason}",
    "May bayad na dapat suriin", "Dapat suriin ang bayad na {transaction_id}: {reason}",
)  # fmt: skip

EVENTS: Final = tuple(found for found in list(globals().values()) if isinstance(found, Event))
