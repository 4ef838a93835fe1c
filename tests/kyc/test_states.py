from datetime import UTC, datetime
from itertools import product

import msgspec

from iayos.core.states import Who
from iayos.kyc.explain import explain
from iayos.kyc.models import KYC
from iayos.kyc.states import KYC_MOVES, MOST_ROUNDS, KYCStatus

FRESH = KYC(
    id=1, account_id=1, kyc_type="INDIVIDUAL", user_type="WORKER", status="PENDING", is_uploaded=False, round=1, version=0,
    notes=None, claimed_by=None, claimed_until=None, handed_in_at=None, due_at=None, decided_at=None, created_at=datetime(2026, 11, 22, tzinfo=UTC),
)  # fmt: skip


def test_somebody_can_go_on_unless_it_is_over() -> None:
    for status, uploaded, number in product(KYCStatus, (False, True), range(1, MOST_ROUNDS + 1)):
        kyc = msgspec.structs.replace(FRESH, status=status.value, is_uploaded=uploaded, round=number)
        over = status is KYCStatus.APPROVED or (status is KYCStatus.REJECTED and number == MOST_ROUNDS)
        assert bool(explain(kyc).waitingFor) is not over
        assert explain(kyc).because
    assert KYC_MOVES.states == set(KYCStatus)


def test_whose_turn_it_is() -> None:
    turns = {
        (KYCStatus.PENDING, False): [(Who.OWNER, "finalize")], (KYCStatus.PENDING, True): [(Who.STAFF, "review")],
        (KYCStatus.REJECTED, False): [(Who.OWNER, "resubmit")], (KYCStatus.APPROVED, True): [],
    }  # fmt: skip
    for (status, uploaded), expected in turns.items():
        kyc = msgspec.structs.replace(FRESH, status=status.value, is_uploaded=uploaded)
        assert [(one.who, one.action) for one in explain(kyc).waitingFor] == expected
