"""Asking for a withdrawal: the money is held at once, and the runner sends it (SPEC 4).

Nothing here calls Xendit. The claim, its idempotency key, the posting that holds the money and the task that sends it are one
transaction, so a request repeated with its `Idempotency-Key` makes one withdrawal whatever breaks in between.
"""

import re
from typing import Any, Final

from iayos.accounts.queries import lock_self
from iayos.core import clock, tokens
from iayos.core.cipher import Cipher
from iayos.core.db import Tx
from iayos.core.errors import Conflict, Forbidden, Invalid
from iayos.core.money import in_words
from iayos.core.outbox import later
from iayos.core.principal import Principal
from iayos.ledger import chart
from iayos.ledger.actions import post
from iayos.ledger.queries import balance
from iayos.payments.attempts import FIRST_CHECK
from iayos.payments.gateway import PayoutChannel
from iayos.payments.models import BankAccount, Payment, WithdrawalTable
from iayos.payments.payout_channels import EWALLET, channel_for
from iayos.payments.states import PaymentStatus, PaymentType

MOBILE: Final = re.compile(r"09\d{9}", re.ASCII)
ACCOUNT: Final = re.compile(r"\d{6,20}", re.ASCII)


class KYCRequired(Forbidden):
    """Money leaves to verified people alone."""

    code, message = "KYC_REQUIRED", "Withdrawals need a verified identity. Please submit your documents first."


class FeesDue(Conflict):
    """Fees on cash payments come first."""

    code, message = "FEES_DUE", "Fees on cash payments are still due. Withdrawals wait until they are paid."


async def withdraw(
    tx: Tx, cipher: Cipher, *, amount: int, channel_code: str, account_number: str, account_name: str, by: Principal
) -> Payment:
    """The amount is held, out of the wallet's reach, and on its way."""
    if not by.kyc_verified:
        raise KYCRequired
    channel = await channel_for(tx, channel_code, amount)
    number = _number(channel, account_number)
    await lock_self(tx, by)
    await _no_fees_due(tx, by.account_id)
    payment: Payment = await tx.insert(
        Payment, type=PaymentType.WITHDRAWAL, status=PaymentStatus.PENDING, method=channel.code, payer_id=by.account_id,
        base=amount, fee=0, amount=amount,
    )  # fmt: skip
    await tx.insert(
        WithdrawalTable, payment_id=payment.id, channel_code=channel.code, channel_name=channel.name,
        idempotency_key=tokens.secret(24), **BankAccount(number, account_name).sealed(cipher, payment.id),
    )  # fmt: skip
    wallet, leaving = chart.wallet(by.account_id), chart.withdrawal(payment.id)
    await post(tx, f"withdrawal-asked:{payment.id}", (wallet, leaving, amount))
    await _send_later(tx, payment_id=payment.id)
    return payment


async def _send_later(tx: Tx, **ids: Any) -> None:
    await later(tx, "payments.send_payout", **ids)
    await later(tx, "payments.check_payout", at=clock.now() + FIRST_CHECK, **ids)


async def _no_fees_due(tx: Tx, account_id: int) -> None:
    due = -await balance(tx, chart.cash_fees_due(account_id))
    if due > 0:
        raise FeesDue(f"{in_words(due)} in fees on cash payments is still due. Withdrawals wait until it is paid.")


def _number(channel: PayoutChannel, given: str) -> str:
    """The account number as Xendit wants it: blanks and dashes fall away, and +63 becomes 0 for an e-wallet."""
    number = re.sub(r"[\s-]", "", given)
    if channel.category == EWALLET:
        number = re.sub(r"^\+?63(?=9)", "0", number)
        if not MOBILE.fullmatch(number):
            raise Invalid.of("accountNumber", "Expected a mobile number such as 09171234567")
    elif not ACCOUNT.fullmatch(number):
        raise Invalid.of("accountNumber", "Expected 6 to 20 digits")
    return number
