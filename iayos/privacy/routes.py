"""My data over HTTP: all of it to take away, or none of it any more."""

from datetime import timedelta
from typing import Final

from litestar import Router, get, post
from litestar.datastructures import State
from litestar.di import Provide
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import JSONBody
from litestar.response import Stream

from iayos.accounts.provided import ASKING_IN, Hashing, provide_passwords
from iayos.accounts.sign_in import AccountLocked, WrongPassword
from iayos.core.errors import GatewayUnavailable
from iayos.privacy import erase as erasing
from iayos.privacy import export
from iayos.privacy.held import MoneyHeld
from iayos.privacy.schemas import ErasedOut, EraseIn
from iayos.web import limits
from iayos.web.auth import Me, signed_in
from iayos.web.docs import answers
from iayos.web.tx import OwnTx, Reading

ZIP: Final = "application/zip"
EXPORTING: Final = limits.strict("export", 20, timedelta(hours=1))


@get(
    "/export", summary="Everything about me, as a ZIP", guards=[signed_in, EXPORTING], media_type=ZIP,
    opt=answers(GatewayUnavailable),
    responses={200: ResponseSpec(bytes, description="The ZIP", media_type=ZIP, generate_examples=False)},
)  # fmt: skip
async def export_account(reads: Reading, state: State, me: Me) -> Stream:
    """`data.json` with what every part of the service keeps about me, and my files under `files/`."""
    services = state.services
    made = await export.build(reads, services.files, cipher=services.cipher, by=me)
    name = f'attachment; filename="iayos-{me.account_id}.zip"'
    headers = {"Content-Disposition": name, "Cache-Control": "no-store"}
    return Stream(export.pieces(made), media_type=ZIP, headers=headers)


@post(
    "/erase", status_code=200, summary="Erase my account for good", guards=[signed_in, ASKING_IN],
    opt=answers(WrongPassword, AccountLocked, erasing.StaffStays, MoneyHeld, no_replay=True),
)  # fmt: skip
async def erase_account(data: JSONBody[EraseIn], db: OwnTx, passwords: Hashing, me: Me) -> ErasedOut:
    """Refused while money is held or owed. Afterwards nothing personal remains but the amounts in the books."""
    await erasing.erase(db, passwords, by=me, password=data.password)
    return ErasedOut()


router: Final = Router(
    "/api/accounts", route_handlers=[export_account, erase_account], tags=["accounts"],
    dependencies={"passwords": Provide(provide_passwords)},
)  # fmt: skip
