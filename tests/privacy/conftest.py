"""Lives with planted words, told over HTTP on the bench of payments."""

import json
import zipfile
from io import BytesIO
from typing import Any

import httpx

from tests import make
from tests.make import As, as_
from tests.media.pictures import picture
from tests.payments.conftest import Bench, bench
from tests.payments.payout_bench import decide

__all__ = ["bench"]
Files = dict[str, bytes]


def planted(who: str, number: int) -> dict[str, Any]:
    """Columns of an account that can be found again wherever they went."""
    return {
        "email": f"{who.lower()}.planted@example.com", "first_name": who, "last_name": f"Plant{who}",
        "contact_num": f"0917555000{number}", "city": f"{who}ville", "province": f"{who}land",
 "latitude": 6.912340 + number, "longitude": 122.567890 + number,
    }  # fmt: skip


async def sent(answer: httpx.Response, *statuses: int) -> Any:
    """The body of an answer that must be good."""
    assert answer.status_code in (statuses or (200, 201)), (answer.status_code, answer.text)
    return answer.json()


async def upload(me: As, path: str, field: str, content: bytes, **data: str) -> Any:
    """Send a picture in a form."""
    return await sent(await me.request("POST", path, data=data, files={field: content}))


class Life:
    """Ana has a job done by Ben, both with pictures, words, money and an identity check."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench

    async def begin(self) -> None:
        """Two people and a member of staff."""
        db = self.bench.db
        self.ana = as_(self.bench.http, await make.account(db, "CLIENT", **planted("Anastasha", 1)))
        self.ben = as_(self.bench.http, await make.account(db, "WORKER", trades=(1,), **planted("Benedikto", 2)))
        self.staff = await self.bench.staff()

    async def tell(self) -> None:
        """The whole of it; at its end both wallets hold money."""
        await self.begin()
        await self.papers(self.ana, "CLIENT", "Planted note: PlantAnastasha is who she says")
        await self.papers(self.ben, "WORKER", "Planted note: PlantBenedikto is who he says")
        job = await self.hired()
        await self.worked(job)
        deposit = await sent(await self.ana.post("/api/accounts/wallet/deposit", {"amount": 1500}))
        await self.bench.pay(deposit)
        await self.bench.hear(3)

    async def papers(self, me: As, kind: str, notes: str) -> None:
        """Profile, phone, wishes and an identity check that staff approve."""
        if kind == "WORKER":
            await sent(await me.post("/api/profile/update", {"bio": "Planted bio of Benedikto"}))
            await upload(me, "/api/profile/certifications", "file", picture("PNG"), name="Planted certificate")
            await upload(me, "/api/profile/portfolio", "photos", picture("WEBP"))
        await upload(me, "/api/profile/avatar", "photo", picture())
        await sent(await me.post("/api/notifications/push-tokens", {"token": f"ExponentPushToken[planted{kind}]"}))
        await sent(await me.request("PUT", "/api/notifications/settings", json={"push": True}))
        case = await sent(await me.post("/api/kyc/submit", {"kycType": "INDIVIDUAL", "userType": kind}))
        for document in ("FRONTID", "BACKID", "SELFIE"):
            await upload(me, f"/api/kyc/{case['kycID']}/upload-file", "file", picture(), documentType=document)
        await sent(await me.post(f"/api/kyc/{case['kycID']}/finalize"))
        path = f"/api/admin/kyc/{case['kycID']}"
        await sent(await self.staff.get(f"{path}?purpose=Planted look at {me.someone.email}"))
        await sent(await self.staff.post(f"{path}/review", {"approved": True, "notes": notes}))

    async def hired(self) -> int:
        """A listing, an application, a deal, its escrow and some words."""
        listing = {
            "title": "Planted title Anastasha", "description": "Planted description", "categoryID": 1, "budget": 1000,
            "location": "12 Planted Street", "latitude": 7.912341, "longitude": 123.567891, "jobType": "LISTING",
        }  # fmt: skip
        job = int((await sent(await self.ana.post("/api/jobs/create", listing)))["jobID"])
        await upload(self.ana, f"/api/jobs/{job}/photos", "photos", picture(), kind="BEFORE")
        offer = {"proposalMessage": "Planted proposal of Benedikto", "proposedBudget": 1000}
        application = (await sent(await self.ben.post(f"/api/jobs/{job}/apply", offer)))["applicationID"]
        await sent(await self.ana.post(f"/api/jobs/applications/{application}/accept"))
        escrow = {"jobID": job, "paymentMethod": "GCASH"}
        await self.bench.pay(await sent(await self.ana.post("/api/payments/create-escrow", escrow)))
        await self.bench.hear(1)
        talk = f"/api/chat/conversations/{(await self.ana.get(f'/api/jobs/{job}')).json()['conversationID']}"
        await sent(await self.ana.post(f"{talk}/messages", {"message": "Planted words of Anastasha"}))
        await sent(await self.ben.post(f"{talk}/messages", {"message": "Planted words of Benedikto"}))
        await upload(self.ben, f"{talk}/attachments", "file", picture())
        return job

    async def worked(self, job: int) -> None:
        """Done, approved, paid, and reviewed by both."""
        await sent(await self.ben.post(f"/api/jobs/{job}/complete", {"notes": "Planted notes of Benedikto"}))
        await sent(await self.ana.post(f"/api/jobs/{job}/approve-completion"))
        final = {"jobID": job, "method": "GCASH"}
        await self.bench.pay(await sent(await self.ana.post("/api/payments/final-payment", final)))
        await self.bench.hear(2)
        for me, words in ((self.ana, "Planted praise by Anastasha"), (self.ben, "Planted praise by Benedikto")):
            await sent(await me.post(f"/api/jobs/{job}/review", {"rating": 5, "comment": words}))

    async def paid_out(self, me: As, number: str, amount: float, *, heard: int) -> None:
        """The wallet is emptied to an account of this number."""
        where = {"channelCode": "PH_GCASH", "accountNumber": number, "accountName": f"Planted {me.someone.email[:5]}"}
        await sent(await me.post("/api/accounts/wallet/withdraw", where | {"amount": amount}))
        await self.bench.drain()
        await decide(self.bench, "succeed")
        await self.bench.hear(heard)


async def exported(me: As) -> tuple[dict[str, Any], Files]:
    """What the ZIP holds: the data, and the files by name."""
    answer = await me.get("/api/accounts/export")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-disposition"].startswith("attachment;")
    with zipfile.ZipFile(BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        files = {name: archive.read(name) for name in archive.namelist()}
    return json.loads(files.pop("data.json")), files
