"""Money out of the wallet, over HTTP."""

from litestar import Router, get, post
from litestar.datastructures import State
from litestar.params import JSONBody

from iayos.core.errors import Invalid
from iayos.core.money import Centavos
from iayos.core.page import Page
from iayos.ledger.actions import InsufficientFunds
from iayos.payments import payout_channels, withdraw
from iayos.payments.channels import ChannelLimit
from iayos.payments.schemas import PayoutChannelOut, TransactionOut, WithdrawIn
from iayos.web.auth import Me, signed_in, verified
from iayos.web.docs import answers
from iayos.web.tx import InTx, OwnTx


@get("/payments/payout-channels", summary="Where a withdrawal can go", guards=[signed_in])
async def channels(state: State, db: OwnTx) -> Page[PayoutChannelOut]:
    """Banks and e-wallets with the least and the most that one withdrawal may be; all on one page."""
    found = await payout_channels.fresh(db, state.services.xendit)
    items = [
        PayoutChannelOut(
            channelCode=one.code, name=one.name, category=one.category, minimum=Centavos(one.least),
            maximum=Centavos(one.most),
        )
        for one in found
    ]  # fmt: skip
    return Page(items=items, nextCursor=None)


@post(
    "/accounts/wallet/withdraw", status_code=201, summary="Send money from the wallet to a bank or e-wallet",
    guards=[verified], opt=answers(withdraw.KYCRequired, withdraw.FeesDue, InsufficientFunds, ChannelLimit, Invalid),
)  # fmt: skip
async def ask(data: JSONBody[WithdrawIn], state: State, tx: InTx, me: Me) -> TransactionOut:
    """Held at once and sent by the runner; PENDING until Xendit has paid out, FAILED with the money back if it cannot."""
    payment = await withdraw.withdraw(
        tx, state.services.cipher, amount=data.amount, channel_code=data.channelCode, account_number=data.accountNumber,
        account_name=data.accountName, by=me,
    )  # fmt: skip
    return TransactionOut.of(payment)


router = Router(path="/api", route_handlers=[channels, ask], tags=["payments"])
