"""Flows 5 and 7 of the reference: an identity is checked, and a worker completes a profile."""

from collections.abc import Sequence
from typing import Any, Final

from cli.demo.people import Cast, Person, check, until
from cli.demo.pictures import drawn
from cli.demo.world import World

AGENCY_PAPERS: Final = ("BUSINESS_PERMIT", "REGISTRATION", "OWNER_ID", "PROFILE_PHOTO")
PERSONS_PAPERS: Final = ("FRONTID", "BACKID", "SELFIE")
PHOTOS: Final = 3


def handed_in(who: Person, kyc_type: str, user_type: str, papers: Sequence[str]) -> int:
    """Open an identity check, upload each document, hand them in."""
    case: int = who.post("/api/kyc/submit", {"kycType": kyc_type, "userType": user_type}, expect=201)["kycID"]
    for kind in papers:
        upload(who, case, kind, f"{kind} of {who.email}")
    shown = who.post(f"/api/kyc/{case}/finalize")
    check("the check", (shown["status"], shown["missing"]), expected=("PENDING", []))
    return case


def upload(who: Person, case: int, kind: str, words: str) -> None:
    """One document."""
    who.send(f"/api/kyc/{case}/upload-file", {"file": drawn(words)}, {"documentType": kind})


def identity(world: World, cast: Cast) -> None:
    """Ben wants his money, and must show first who he is."""
    ben, staff, tell = cast.ben, world.admin, world.telling
    out = {"amount": 500, "channelCode": "PH_GCASH", "accountNumber": "09171234567", "accountName": "Ben Santos"}
    tell.title("Ben shows who he is")
    with tell.step("Ben withdraws before anybody knows him: refused"):
        ben.refused("/api/accounts/wallet/withdraw", out, expect=403, code="KYC_REQUIRED")
    with tell.step("Ben hands in both sides of his licence, and a selfie"):
        case = handed_in(ben, "INDIVIDUAL", "WORKER", PERSONS_PAPERS)
    with tell.step("Staff claims the case and looks at the documents"):
        check("the claim", staff.post(f"/api/admin/kyc/{case}/claim")["claimedBy"], expected=staff.account_id)
        files = staff.get(f"/api/admin/kyc/{case}", purpose="First review")["files"]
        pictures = [world.sandbox.get(one["fileURL"]).status_code for one in files]
        check("pictures that staff sees", pictures, expected=[200] * len(PERSONS_PAPERS))
    with tell.step("The selfie does not match: rejected; Ben is told"):
        reasons = [{"documentType": "SELFIE", "code": "MISMATCH"}]
        verdict = {"approved": False, "notes": "Another face.", "reasons": reasons}
        check("the case", review(staff, case, verdict), expected="REJECTED")
        until("a notice to Ben", lambda: ben.told("KYC_REJECTED"))
    with tell.step("Ben takes another selfie; in round 2 he is verified"):
        upload(ben, case, "SELFIE", "Ben himself")
        check("the round", ben.post(f"/api/kyc/{case}/finalize")["round"], expected=2)
        check("the case", review(staff, case, {"approved": True}), expected="APPROVED")
        check("Ben is verified", ben.get("/api/accounts/me")["KYCVerified"], expected=True)


def review(staff: Person, case: int, verdict: dict[str, Any]) -> str:
    """What becomes of a case."""
    status: str = staff.post(f"/api/admin/kyc/{case}/review", verdict)["status"]
    return status


def profile(world: World, cast: Cast) -> None:
    """Dina completes her profile, step by step."""
    dina, tell = cast.dina, world.telling

    def complete(answer: dict[str, Any], percent: int) -> None:
        check("how complete it is", answer["profile_completion_percentage"], expected=percent)

    tell.title("Dina completes her profile")
    with tell.step("It has her trade alone: 14 %"):
        complete(dina.get("/api/profile"), 14)
    with tell.step("Dina writes about herself: 43 %"):
        about = {"bio": "Plumber", "description": "Fifteen years of it."}
        complete(dina.post("/api/profile/update", about), 43)
    with tell.step("She adds a picture of herself: 57 %"):
        complete(dina.send("/api/profile/avatar", {"photo": drawn("Dina")}, expect=200), 57)
    with tell.step("She adds a certificate of TESDA: 71 %"):
        paper = {"name": "NC II Plumbing", "issuedBy": "TESDA", "issuedOn": "2024-01-05", "expiresOn": "2029-01-05"}
        files = {"file": drawn("NC II")}
        complete(dina.send("/api/profile/certifications", files, paper), 71)
    with tell.step(f"She shows {PHOTOS} photos of her work: 85 %"):
        photos = [("photos", drawn(f"Work {number}")) for number in range(PHOTOS)]
        complete(dina.send("/api/profile/portfolio", photos), 85)
    with tell.step("She names her hourly rate: 100 %"):
        complete(dina.post("/api/profile/update", {"hourly_rate": 500}), 100)
