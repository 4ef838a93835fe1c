"""Every notice that people get, in one table: its type on the wire, its title and its body, in English and Filipino.

The first thirteen are the reference's own, to the letter. `{amount}` and `{budget}` are given in centavos and read 1,234.50.
"""

from functools import lru_cache
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
    def facts(self) -> frozenset[str]:
        """The names of the facts that the texts need."""
        return _facts_of(self)

    def texts(self, facts: dict[str, Any]) -> dict[str, str]:
        """Titles and bodies in both languages; a fact that is missing or unknown is an error."""
        if facts.keys() != self.facts:
            raise TypeError(f"{self.type} needs exactly the facts {sorted(self.facts)}, not {sorted(facts)}")
        told = {name: in_words(fact).removeprefix("₱") if name in MONEY else fact for name, fact in facts.items()}
        return {name: getattr(self, name).format_map(told) for name in self._fields[1:]}


@lru_cache(maxsize=256)
def _facts_of(event: Event) -> frozenset[str]:
    return frozenset(name for text in event[1:] for _, name, _, _ in Formatter().parse(text) if name)


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
INVITATION_RECEIVED: Final = Event(
    "INVITATION_RECEIVED",
    "New job invitation", "{client_name} invited you to {job_title} for ₱{budget}",
    "Bagong imbitasyon sa trabaho", "Inimbitahan ka ni {client_name} sa {job_title} sa halagang ₱{budget}",
)  # fmt: skip
INVITATION_CHANGED: Final = Event(
    "INVITATION_CHANGED",
    "Job invitation changed", "The client changed {job_title}. Please look at it again before you answer",
    "Nabago ang imbitasyon sa trabaho", "Binago ng kliyente ang {job_title}. Pakitingnan muli bago sumagot",
)  # fmt: skip
INVITATION_ACCEPTED: Final = Event(
    "INVITATION_ACCEPTED",
    "Invitation accepted!", "{invited_name} accepted your invitation to {job_title}",
    "Tinanggap ang imbitasyon!", "Tinanggap ni {invited_name} ang imbitasyon mo sa {job_title}",
)  # fmt: skip
INVITATION_REJECTED: Final = Event(
    "INVITATION_REJECTED",
    "Invitation declined", "{invited_name} declined your invitation to {job_title}: {reason}",
    "Tinanggihan ang imbitasyon", "Tinanggihan ni {invited_name} ang imbitasyon mo sa {job_title}: {reason}",
)  # fmt: skip
INVITATION_LAPSED: Final = Event(
    "INVITATION_LAPSED",
    "Invitation expired", "The invitation to {job_title} was not answered in time",
    "Nag-expire ang imbitasyon", "Hindi nasagot sa oras ang imbitasyon sa {job_title}",
)  # fmt: skip
JOB_ASSIGNED: Final = Event(
    "JOB_ASSIGNED",
    "New assignment", "{agency_name} assigned you to {job_title}",
    "Bagong takdang trabaho", "Itinalaga ka ng {agency_name} sa {job_title}",
)  # fmt: skip
JOB_UNASSIGNED: Final = Event(
    "JOB_UNASSIGNED",
    "Assignment ended", "{agency_name} sends somebody else to {job_title}",
    "Tapos na ang pagtatalaga", "Iba na ang ipapadala ng {agency_name} sa {job_title}",
)  # fmt: skip
EMPLOYEE_REPLACED: Final = Event(
    "EMPLOYEE_REPLACED",
    "Another worker comes", "{agency_name} sends {worker_name} to {job_title}",
    "Ibang manggagawa ang darating", "Si {worker_name} ang ipapadala ng {agency_name} sa {job_title}",
)  # fmt: skip
EMPLOYEE_INVITED: Final = Event(
    "EMPLOYEE_INVITED",
    "Invitation to an agency", "{agency_name} invites you to work for them",
    "Imbitasyon mula sa ahensya", "Iniimbitahan ka ng {agency_name} na magtrabaho sa kanila",
)  # fmt: skip
EMPLOYEE_ACCEPTED: Final = Event(
    "EMPLOYEE_ACCEPTED",
    "New employee", "{worker_name} joined your agency",
    "Bagong empleyado", "Sumali si {worker_name} sa iyong ahensya",
)  # fmt: skip
EMPLOYEE_DECLINED: Final = Event(
    "EMPLOYEE_DECLINED",
    "Invitation declined", "{worker_name} declined to join your agency",
    "Tinanggihan ang imbitasyon", "Tumanggi si {worker_name} na sumali sa iyong ahensya",
)  # fmt: skip
EMPLOYEE_LEFT: Final = Event(
    "EMPLOYEE_LEFT",
    "An employee left", "{worker_name} left your agency",
    "May umalis na empleyado", "Umalis si {worker_name} sa iyong ahensya",
)  # fmt: skip
EMPLOYEE_UNAVAILABLE: Final = Event(
    "EMPLOYEE_UNAVAILABLE",
    "An employee is not available", "{worker_name} cannot work at present; if at a job, please send somebody else",
    "Hindi available ang isang empleyado", "Hindi makapagtrabaho si {worker_name} sa ngayon; kung nasa trabaho, magpadala ng iba",
)  # fmt: skip
EMPLOYMENT_ENDED: Final = Event(
    "EMPLOYMENT_ENDED",
    "Employment ended", "{agency_name} ended your work with them",
    "Tapos na ang pagtatrabaho", "Tinapos ng {agency_name} ang pagtatrabaho mo sa kanila",
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
WITHDRAWAL_PAID: Final = Event(
    "WITHDRAWAL_PAID",
    "Withdrawal sent", "₱{amount} was sent to your {channel} account {account}",
    "Naipadala na ang withdrawal", "Naipadala ang ₱{amount} sa iyong {channel} account {account}",
)  # fmt: skip
WITHDRAWAL_FAILED: Final = Event(
    "WITHDRAWAL_FAILED",
    "Withdrawal failed", "₱{amount} could not be sent to your {channel} account {account} and is back in your wallet",
    "Hindi natuloy ang withdrawal", "Hindi naipadala ang ₱{amount} sa iyong {channel} account {account} at naibalik ito sa iyong wallet",
)  # fmt: skip
PAYMENT_FLAGGED: Final = Event(
    "PAYMENT_FLAGGED",
    "Payment flagged", "Payment {transaction_id} needs a look: {reason}",
    "May bayad na dapat suriin", "Dapat suriin ang bayad na {transaction_id}: {reason}",
)  # fmt: skip

KYC_SUBMITTED: Final = Event(
    "KYC_SUBMITTED",
    "KYC to review", "{name} handed in documents for verification",
    "KYC na susuriin", "Nagpasa si {name} ng mga dokumento para sa beripikasyon",
)  # fmt: skip
APPROVAL_REMINDER: Final = Event(
    "APPROVAL_REMINDER",
    "Please look at the finished work", "{job_title} waits for your approval; without an answer it counts as approved",
    "Pakitingnan ang natapos na trabaho", "Naghihintay ng iyong pag-apruba ang {job_title}; kung walang sagot, ituturing itong aprubado",
)  # fmt: skip
APPROVED_BY_SILENCE: Final = Event(
    "APPROVED_BY_SILENCE",
    "Job approved", "{job_title} counts as approved, because you did not answer in time",
    "Aprubado na ang trabaho", "Itinuturing nang aprubado ang {job_title} dahil hindi ka nakasagot sa oras",
)  # fmt: skip
PAYMENT_REMINDER: Final = Event(
    "PAYMENT_REMINDER",
    "A payment is due", "The second half for {job_title} is not paid yet",
    "May dapat bayaran", "Hindi pa nababayaran ang ikalawang kalahati para sa {job_title}",
)  # fmt: skip
PAYMENT_OVERDUE: Final = Event(
    "PAYMENT_OVERDUE",
    "A payment is overdue", "You still owe ₱{amount} for {job_title}; until it is paid you cannot post or hire",
    "Lampas na sa takdang bayaran", "May utang ka pang ₱{amount} para sa {job_title}; hangga't hindi bayad, hindi ka makakapag-post o makakakuha ng manggagawa",
)  # fmt: skip
HALF_RELEASED: Final = Event(
    "HALF_RELEASED",
    "Escrow released to you", "₱{amount} for {job_title} is yours, because the client did not pay the rest in time",
    "Ibinigay na sa iyo ang escrow", "Sa iyo na ang ₱{amount} para sa {job_title} dahil hindi nabayaran ng kliyente ang natitira sa oras",
)  # fmt: skip
CANCEL_ASKED: Final = Event(
    "CANCEL_ASKED",
    "Cancellation requested", "The other side wants to cancel {job_title}; confirm, or let the request lapse",
    "May humihiling ng pagkansela", "Gustong kanselahin ng kabilang panig ang {job_title}; kumpirmahin ito o hayaang lumipas",
)  # fmt: skip
CANCEL_LAPSED: Final = Event(
    "CANCEL_LAPSED",
    "Cancellation request lapsed", "Nobody confirmed in time; {job_title} goes on",
    "Lumipas ang hiling na pagkansela", "Walang nagkumpirma sa oras; tuloy ang {job_title}",
)  # fmt: skip
REFUNDED: Final = Event(
    "REFUNDED",
    "Refund in your wallet", "₱{amount} for {job_title} is back in your wallet",
    "May refund sa iyong wallet", "Naibalik sa iyong wallet ang ₱{amount} para sa {job_title}",
)  # fmt: skip
DISPUTE_OPENED: Final = Event(
    "DISPUTE_OPENED",
    "A dispute was opened", "{job_title} is disputed; what is held stays safe until this is settled",
    "May binuksang reklamo", "May reklamo sa {job_title}; ligtas ang hawak na bayad hanggang maayos ito",
)  # fmt: skip
DISPUTE_OFFERED: Final = Event(
    "DISPUTE_OFFERED",
    "An offer in your dispute", "The other side offers that ₱{amount} goes to whoever did {job_title}",
    "May alok sa iyong reklamo", "Inaalok ng kabilang panig na ₱{amount} ang mapunta sa gumawa ng {job_title}",
)  # fmt: skip
DISPUTE_OFFERS_OPEN: Final = Event(
    "DISPUTE_OFFERS_OPEN",
    "Time for offers", "Talking about {job_title} did not settle it; make an offer or accept one",
    "Panahon na ng mga alok", "Hindi nalutas ng usapan ang {job_title}; mag-alok o tumanggap ng alok",
)  # fmt: skip
DISPUTE_WITH_STAFF: Final = Event(
    "DISPUTE_WITH_STAFF",
    "Your dispute is with our staff", "A member of staff will rule about {job_title}",
    "Nasa aming staff na ang reklamo", "Magpapasya ang isang staff tungkol sa {job_title}",
)  # fmt: skip
DISPUTE_TO_RULE: Final = Event(
    "DISPUTE_TO_RULE",
    "A dispute needs a ruling", "Dispute {dispute_id} about {job_title} waits for staff",
    "May reklamong dapat pasyahan", "Naghihintay sa staff ang reklamo {dispute_id} tungkol sa {job_title}",
)  # fmt: skip
DISPUTE_WITHDRAWN: Final = Event(
    "DISPUTE_WITHDRAWN",
    "Dispute withdrawn", "The dispute about {job_title} was withdrawn; the job goes on",
    "Binawi ang reklamo", "Binawi ang reklamo tungkol sa {job_title}; tuloy ang trabaho",
)  # fmt: skip
DISPUTE_SETTLED: Final = Event(
    "DISPUTE_SETTLED",
    "Dispute settled", "The dispute about {job_title} is settled: ₱{amount} goes to whoever did the work",
    "Naayos na ang reklamo", "Naayos na ang reklamo tungkol sa {job_title}: ₱{amount} ang mapupunta sa gumawa",
)  # fmt: skip
CASH_PENDING: Final = Event(
    "CASH_PENDING",
    "Cash payment pending", "The client pays the rest of {job_title} in cash; tell us what you received",
    "Hinihintay ang bayad na cash", "Cash ang bayad ng kliyente sa natitira ng {job_title}; sabihin sa amin kung magkano ang natanggap mo",
)  # fmt: skip
CASH_TO_VERIFY: Final = Event(
    "CASH_TO_VERIFY",
    "A cash proof to verify", "Payment {transaction_id} for {job_title} has a photo to look at",
    "May patunay ng cash na dapat tingnan", "May larawan na dapat tingnan ang bayad na {transaction_id} para sa {job_title}",
)  # fmt: skip
CASH_VERIFIED: Final = Event(
    "CASH_VERIFIED",
    "Cash payment verified", "Your cash payment for {job_title} was verified",
    "Nakumpirma ang bayad na cash", "Nakumpirma ang iyong bayad na cash para sa {job_title}",
)  # fmt: skip
CASH_REJECTED: Final = Event(
    "CASH_REJECTED",
    "Cash proof not accepted", "Please send another photo of the cash payment for {job_title}",
    "Hindi tinanggap ang patunay", "Magpadala ng ibang larawan ng bayad na cash para sa {job_title}",
)  # fmt: skip

EVENTS: Final = tuple(found for found in list(globals().values()) if isinstance(found, Event))
