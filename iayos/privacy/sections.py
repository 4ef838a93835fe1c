"""What an export holds, slice by slice. Each section reads rows of one owner alone, known as `:me`.

Left out are secrets (hashes of passwords and tokens) and what others said in confidence: a review that is still hidden, who of
the staff looked at a case. Of a job that somebody else posted only what its worker needs to know it by is here.
"""

# ruff: noqa: S608 - every part of the SQL is a constant of this module

from typing import Any, Final

from sqlalchemy import BigInteger, bindparam, text

from iayos.core.db import Statement

_MINE: Final = "client_id = :me OR assigned_worker_id = :me OR assigned_agency_id = :me"
_JOB: Final = (
    "id, category_id, title, status, job_type, agreed_price, accepted_at, marked_complete_at, approved_at, settled_at,"
)


def _section(rows: str) -> Statement[Any]:
    sql = f"SELECT coalesce(jsonb_agg(to_jsonb(one)), '[]') FROM ({rows}) AS one"
    return Statement(text(sql).bindparams(bindparam("me", type_=BigInteger)))


SECTIONS: Final[dict[str, Statement[Any]]] = {
    name: _section(rows)
    for name, rows in {
        "account": "SELECT id, email, profile_type, profile_types, role, first_name, last_name, business_name, contact_num, city,"
        " province, latitude, longitude, language, email_verified_at, kyc_verified, created_at, updated_at"
        " FROM accounts WHERE id = :me",
        "sessions": "SELECT id, kind, created_at, expires_at, ended_at, end_reason FROM sessions WHERE account_id = :me ORDER BY id",
        "profiles": "SELECT * FROM profiles WHERE account_id = :me ORDER BY id",
        "specializations": "SELECT category_id, name FROM worker_specializations JOIN categories ON categories.id = category_id"
        " WHERE account_id = :me ORDER BY category_id",
        "certifications": "SELECT * FROM worker_certifications WHERE account_id = :me ORDER BY id",
        "portfolio": "SELECT * FROM worker_portfolio WHERE account_id = :me ORDER BY id",
        "employments": "SELECT * FROM agency_employees WHERE worker_id = :me OR agency_id = :me ORDER BY id",
        "jobsPosted": "SELECT id, category_id, title, description, budget, location, latitude, longitude, urgency,"
        " preferred_start_date, job_type, status, agreed_price, accepted_at, approved_at, final_payment_method, settled_at,"
        " cancelled_at, cancel_reason, created_at FROM jobs WHERE client_id = :me ORDER BY id",
        "jobsDone": f"SELECT {_JOB} completion_notes, cash_confirmed FROM jobs"
        " WHERE (assigned_worker_id = :me OR assigned_agency_id = :me) AND accepted_at IS NOT NULL ORDER BY id",
        "jobPhotos": "SELECT id, job_id, media_id, kind, created_at FROM job_photos WHERE uploaded_by = :me ORDER BY id",
        "applications": "SELECT * FROM applications WHERE worker_id = :me ORDER BY id",
        "payments": "SELECT id, type, status, method, job_id, base, fee, amount, external_id, invoice_id, completed_at,"
        " failure_reason, credited_to, created_at FROM payments WHERE payer_id = :me ORDER BY id",
        "withdrawals": "SELECT payment_id, channel_code, channel_name, account_sealed, payout_id, payout_status,"
        " withdrawals.created_at FROM withdrawals JOIN payments ON payments.id = payment_id WHERE payer_id = :me ORDER BY 1",
        "walletEntries": "SELECT postings.id, reference, at, CASE WHEN target_id = mine.id THEN amount ELSE -amount END AS amount"
        " FROM ledger_accounts AS mine JOIN postings ON mine.id IN (source_id, target_id)"
        " JOIN journals ON journals.id = journal_id"
        " WHERE mine.code IN ('wallet:' || :me, 'cash-fees-due:' || :me) ORDER BY postings.id",
        "reviewsWritten": "SELECT id, job_id, rating, comment, created_at, published_at FROM reviews WHERE reviewer_id = :me"
        " ORDER BY id",
        "reviewsReceived": "SELECT id, job_id, rating, comment, created_at, published_at FROM reviews WHERE reviewee_id = :me"
        " AND published_at IS NOT NULL ORDER BY id",
        "messagesSent": "SELECT id, conversation_id, seq, body, attachments, created_at FROM messages WHERE sender_id = :me"
        " ORDER BY id",
        "notifications": "SELECT id, type, title, body, data, created_at, read_at FROM notifications WHERE account_id = :me"
        " ORDER BY id",
        "pushTokens": "SELECT token, device_type, registered_at, retired_at FROM push_tokens WHERE account_id = :me ORDER BY id",
        "notificationSettings": "SELECT push, email, kinds, quiet_from, quiet_to FROM notification_settings WHERE account_id = :me",
        "kycCases": "SELECT id, kyc_type, user_type, status, is_uploaded, round, notes, handed_in_at, due_at, decided_at, created_at"
        " FROM kyc WHERE account_id = :me ORDER BY id",
        "kycFiles": "SELECT kyc_files.id, kyc_id, document_type, media_id, kyc_files.status, reason_code, kyc_files.created_at"
        " FROM kyc_files JOIN kyc ON kyc.id = kyc_id WHERE account_id = :me ORDER BY kyc_files.id",
        "kycDecisions": "SELECT kyc_id, decision, kyc_logs.round, kyc_logs.notes, reasons, at FROM kyc_logs"
        " JOIN kyc ON kyc.id = kyc_id WHERE account_id = :me ORDER BY kyc_logs.id",
        "disputes": "SELECT id, job_id, status, phase, reason, description, opened_by = :me AS by_me, created_at, ended_at,"
        f" to_payee, to_client, ruling FROM disputes WHERE job_id IN (SELECT id FROM jobs WHERE {_MINE}) ORDER BY id",
        "disputeOffers": "SELECT id, dispute_id, to_payee, created_at, accepted_at FROM dispute_offers WHERE by_account_id = :me"
        " ORDER BY id",
        "disputeEvidence": "SELECT id, dispute_id, media_id, created_at FROM dispute_evidence WHERE by_account_id = :me ORDER BY id",
        "media": "SELECT id, purpose, content_type, size, created_at, stored_at, attached_to FROM media"
        " WHERE owner_id = :me AND removed_at IS NULL ORDER BY id",
    }.items()
}  # fmt: skip
