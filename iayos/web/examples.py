"""Examples for the OpenAPI document, made from the names and types of its schemas."""

from typing import Any, Final

EXAMPLES: Final[dict[str, Any]] = {
    "email": "ana@example.com", "password": "a-long-Passphrase-7", "currentPassword": "a-long-Passphrase-7",
    "newPassword": "another-Passphrase-8", "firstName": "Ana", "lastName": "Reyes", "businessName": None,
    "contactNum": "+639171234567", "city": "Zamboanga City", "province": "Zamboanga del Sur", "latitude": 6.9214,
    "longitude": 122.079, "title": "Fix leaking faucet", "jobTitle": "Fix leaking faucet",
    "description": "The kitchen faucet leaks.", "location": "Zamboanga City", "category": "Plumbing", "categoryID": 1,
    "categoryIDs": [1, 5], "proposalMessage": "I can come this afternoon.", "comment": "Quick and clean.", "rating": 5,
    "language": "en", "nextCursor": None, "currency": "PHP", "createdAt": "2026-11-22T08:30:00Z",
    "reason": "Found somebody else", "invoiceURL": "https://checkout.example/inv_6a1", "profileType": "CLIENT",
    "profileTypes": ["CLIENT"], "role": None, "name": "Ben Santos", "avatarURL": None, "notes": "Replaced the washer.",
    "photos": [], "near": "6.9214,122.079", "sort": "newest", "token": "eyJhbGciOiJIUzI1NiJ9.e30.c2ln",
    "refreshToken": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "data": {"jobID": 1042}, "budget": 1000.0,
    "proposedBudget": 950.0, "amount": 525.0, "fee": 25.0, "balance": 1250.5, "body": "Ben Santos applied to your job",
    "agreedPrice": None, "assignedWorkerID": None, "assignedAgencyFK": None, "worker": None, "agency": None,
    "distanceKm": None, "inviteStatus": None, "escrowAmount": None, "escrowPaid": False, "workerMarkedComplete": False,
    "clientMarkedComplete": False, "completionNotes": None, "finalPaymentMethod": None, "remainingPayment": None,
    "remainingPaymentPaid": False, "cashPaymentProofUrl": None, "cashPaymentApproved": False, "settledAt": None,
    "cancelReason": None, "applicationsCount": 0, "myApplication": None, "conversationID": None,
    "method": None, "failureReason": None, "creditedTo": None, "completedAt": None, "fault": None, "isRead": False,
    "state": "ACTIVE", "because": "The job is open for applications.", "who": "CLIENT", "action": "accept_application",
    "code": "escrow:1042", "reference": "escrow:77", "other": "xendit", "bio": "Fifteen years of plumbing.",
    "status": "PENDING", "type": "ESCROW", "paymentMethod": "GCASH", "unreadCount": 3, "updated": 3, "reviewsCount": 12,
    "jobsCompleted": 14, "hourly_rate": 350.0, "serviceRadiusKm": 15.0, "profile_completion_percentage": 57,
    "totalEarningGross": 13300.0, "reviewerName": "Ana Reyes", "held": 500.0, "pendingWithdrawal": 0.0, "KYCVerified": False,
    "at": "2026-11-25T08:30:00Z", "rejectReason": None, "publishedAt": None,
    "RegisterPushToken.token": "ExponentPushToken[xxxxxxxxxxxxxxxxxxxxxx]", "QuietHours.from": "22:00", "QuietHours.to": "06:00",
    "ForgetPushToken.token": "ExponentPushToken[xxxxxxxxxxxxxxxxxxxxxx]", "PushTokenOut.token": "ExponentPushToken[xxxxxxxxxxxxxxxxxxxxxx]",
    "ForgottenOut.token": "ExponentPushToken[xxxxxxxxxxxxxxxxxxxxxx]",
    "Health.status": "ok", "CategoryOut.name": "Plumbing", "TradeOut.name": "Plumbing",
    "NotificationOut.type": "APPLICATION_RECEIVED", "NotificationOut.title": "New job application",
    "RetryIn.task": None, "RetryIn.error": None, "RetryIn.most": 5, "TaskOut.about": {"payment_id": 88213}, "TaskOut.endedAt": None,
    "TaskOut.task": "payments.check", "TaskCountOut.task": "payments.check", "FailureOut.task": "payments.check",
    "TaskOut.error": "GatewayUnavailable: A service that we depend on does not answer. Nothing was lost; please try again.",
    "FailureOut.error": "GatewayUnavailable: A service that we depend on does not answer. Nothing was lost; please try again.",
    "CheckOut.name": "Every balance is the sum of its postings", "Next.action": "publish_reviews",
}  # fmt: skip
"""By name of a field, or by schema and field; used where the field's own schema admits it."""


def example(schema: dict[str, Any], document: dict[str, Any], above: tuple[str, ...], name: str = "") -> Any:
    """An example made from the names and types of a schema; the same each time."""
    if "$ref" in schema:
        ref = schema["$ref"].rpartition("/")[2]
        return None if ref in above else example(document["components"]["schemas"][ref], document, (*above, ref), name)
    for known in (name, name.rpartition(".")[2]):
        if known in EXAMPLES and _admits(schema, EXAMPLES[known]):
            return EXAMPLES[known]
    if "enum" in schema:
        return schema["enum"][0]
    if "const" in schema:
        return schema["const"]
    for option in schema.get("oneOf", schema.get("anyOf", ())):
        if option.get("type") != "null":
            return example(option, document, above, name)
    return _example_of_type(schema, document, above, name)


def _admits(schema: dict[str, Any], value: Any) -> bool:
    """Does this example suit the field of its name here?"""
    options = schema.get("oneOf", schema.get("anyOf"))
    if options:
        return any(_admits(option, value) for option in options)
    if "enum" in schema or "const" in schema:
        return value in schema.get("enum", [schema.get("const")])
    kinds = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    kind = kinds.get(type(value), "null")
    return schema.get("type") == kind or (schema.get("type") == "number" and kind == "integer")


def _example_of_type(schema: dict[str, Any], document: dict[str, Any], above: tuple[str, ...], name: str) -> Any:
    kinds = schema.get("type", "object")
    kind = kinds if isinstance(kinds, str) else next((one for one in kinds if one != "null"), "null")
    if kind == "object":
        title = schema.get("title", "")
        fields = schema.get("properties", {}).items()
        return {key: example(part, document, above, f"{title}.{key}") for key, part in fields}
    if kind == "array":
        return [example(schema.get("items", {}), document, above, name)]
    if kind == "string":
        formats = {"date-time": "2026-11-22T08:30:00Z", "date": "2026-11-22"}
        return formats.get(schema.get("format", ""), "text")
    return {"integer": 1042, "number": 525.5, "boolean": True}.get(kind)
