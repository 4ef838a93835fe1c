"""Where personal words rest, and what takes their place when their owner goes. Amounts, instants and ids stay.

Each statement knows its owner as `:me`.
"""

# ruff: noqa: S608 - every part of the SQL is a constant of this module

from typing import Any, Final

from sqlalchemy import BigInteger, bindparam, text

from iayos.core.db import Statement

WORD: Final = "Erased"
"""What stands where a personal word stood and the table asks for one."""
_MINE: Final = "(SELECT id FROM jobs WHERE client_id = :me OR assigned_worker_id = :me OR assigned_agency_id = :me)"
_KYC: Final = "(SELECT id FROM kyc WHERE account_id = :me)"


def _statement(sql: str) -> Statement[Any]:
    return Statement(text(sql).bindparams(bindparam("me", type_=BigInteger)))


MY_MEDIA: Final = _statement("SELECT id FROM media WHERE owner_id = :me AND removed_at IS NULL ORDER BY id")
OPEN_JOBS: Final = _statement("SELECT id FROM jobs WHERE client_id = :me AND status = 'ACTIVE' ORDER BY id")
INVITED_TO: Final = _statement(
    "SELECT id, assigned_agency_id IS NOT NULL FROM jobs WHERE coalesce(assigned_agency_id, assigned_worker_id) = :me"
    " AND status = 'ACTIVE' AND job_type = 'INVITE' ORDER BY id"
)
APPLIED: Final = _statement("SELECT id FROM applications WHERE worker_id = :me AND status = 'PENDING' ORDER BY job_id")
EMPLOYED: Final = _statement(
    "SELECT id, status FROM agency_employees WHERE worker_id = :me AND status IN ('INVITED', 'ACTIVE') ORDER BY id"
)
EMPLOYING: Final = _statement(
    "SELECT id FROM agency_employees WHERE agency_id = :me AND status IN ('INVITED', 'ACTIVE') ORDER BY id"
)
LOCK_JOBS: Final = _statement(
    f"SELECT id FROM jobs WHERE id IN {_MINE} OR id IN (SELECT job_id FROM applications WHERE worker_id = :me AND status = 'PENDING')"
    " ORDER BY id FOR UPDATE"
)
"""Before the account's email changes: from then on nobody tells it anything, and who holds a job may be about to."""
NOTICES: Final = _statement(f"""
DELETE FROM notifications WHERE account_id = :me
OR (data->>'jobID')::bigint IN {_MINE} OR (data->>'jobID')::bigint IN (SELECT job_id FROM applications WHERE worker_id = :me)
OR (data->>'kycID')::bigint IN {_KYC}
OR (data->>'employeeID')::bigint IN (SELECT id FROM agency_employees WHERE agency_id = :me OR worker_id = :me)
OR (data->>'transactionID')::bigint IN (SELECT id FROM payments WHERE payer_id = :me)
""")
MY_NOTICES: Final = _statement("DELETE FROM notifications WHERE account_id = :me")
AUDITED: Final = f"""(
    subject = 'account:' || :me
    OR subject IN (SELECT 'kyc:' || id FROM kyc WHERE account_id = :me)
    OR subject IN (SELECT 'certification:' || id FROM worker_certifications WHERE account_id = :me)
    OR subject IN (SELECT 'payment:' || id FROM payments WHERE payer_id = :me OR job_id IN {_MINE})
    OR subject IN (SELECT 'job:' || id FROM jobs WHERE id IN {_MINE})
    OR subject IN (SELECT 'dispute:' || id FROM disputes WHERE job_id IN {_MINE})
)"""
EVENTS: Final = _statement("""
WITH known AS MATERIALIZED (
    SELECT invoice_id AS mark FROM payments WHERE payer_id = :me AND invoice_id IS NOT NULL
    UNION SELECT external_id FROM payments WHERE payer_id = :me AND external_id IS NOT NULL
    UNION SELECT payout_id FROM withdrawals JOIN payments ON payments.id = payment_id
    WHERE payer_id = :me AND payout_id IS NOT NULL
    UNION SELECT 'withdrawal-' || id FROM payments WHERE payer_id = :me AND type = 'WITHDRAWAL'
)
UPDATE xendit_events SET sealed = NULL, payer_email = NULL
WHERE xendit_id IN (SELECT mark FROM known) OR reference IN (SELECT mark FROM known)
OR lower(payer_email) = (SELECT email FROM accounts WHERE id = :me)
""")
# Answers kept under other people's Idempotency-Keys. What they name by id counts, whoever asked; an id under a name that is not
# known here counts as an account's. The row stays, so that the request is not done again.
ANSWERS: Final = _statement(f"""
WITH marks (name, id) AS MATERIALIZED (
    SELECT 'jobID', id FROM jobs WHERE id IN {_MINE}
    UNION SELECT 'jobID', job_id FROM applications WHERE worker_id = :me
    UNION SELECT 'kycID', id FROM kyc WHERE account_id = :me
    UNION SELECT 'employeeID', id FROM agency_employees WHERE agency_id = :me OR worker_id = :me
    UNION SELECT 'transactionID', id FROM payments WHERE payer_id = :me
), said AS MATERIALIZED (
    SELECT convert_to(substr(word, 2, length(word) - 2), 'UTF8') AS word FROM (
        SELECT to_json(unnest(ARRAY[email, business_name, first_name || ' ' || last_name]))::text AS word
        FROM accounts WHERE id = :me AND erased_at IS NULL
    ) AS quoted
)
UPDATE idempotency_keys SET body = NULL, content_type = NULL WHERE body IS NOT NULL AND (
    EXISTS (SELECT FROM said WHERE position(word in body) > 0)
    OR EXISTS (
        SELECT FROM regexp_matches(encode(body, 'escape'), '"([A-Za-z_]*(ID|FK|_id))":([0-9]{{1,18}})[],}}]', 'g') AS one (part)
        WHERE (part[1], part[3]::bigint) IN (SELECT name, id FROM marks)
        OR (part[3]::bigint = :me AND part[1] <> ALL (ARRAY['jobID', 'applicationID', 'transactionID', 'kycID', 'fileID', 'mediaID',
            'conversationID', 'messageID', 'disputeID', 'offerID', 'reviewID', 'notificationID', 'employeeID', 'certificationID',
            'portfolioID', 'categoryID']))
    )
)
""")
CLEARED: Final = tuple(
    _statement(sql)
    for sql in (
        f"UPDATE audit_log SET reason = '{WORD}', reason_salt = NULL WHERE {AUDITED} AND reason <> '{WORD}'",
        f"UPDATE kyc_logs SET notes = NULL WHERE kyc_id IN {_KYC} AND notes IS NOT NULL",
        f"UPDATE kyc_views SET purpose = '{WORD}' WHERE kyc_id IN {_KYC} AND purpose <> '{WORD}'",
        f"DELETE FROM kyc_files WHERE kyc_id IN {_KYC}",
        "UPDATE kyc SET notes = NULL, is_uploaded = false, claimed_by = NULL, claimed_until = NULL WHERE account_id = :me",
        ("UPDATE profiles SET bio = NULL, description = NULL, hourly_rate = NULL, avatar_path = NULL, avatar_media_id = NULL,"
        " is_available = false, service_radius_km = DEFAULT WHERE account_id = :me"),
        "DELETE FROM worker_specializations WHERE account_id = :me",
        "DELETE FROM worker_certifications WHERE account_id = :me",
        "DELETE FROM worker_portfolio WHERE account_id = :me",
        (f"UPDATE jobs SET title = '{WORD}', description = '{WORD}', location = '{WORD}', latitude = NULL, longitude = NULL,"
        " preferred_start_date = NULL WHERE client_id = :me"),
        f"UPDATE jobs SET completion_notes = NULL WHERE id IN {_MINE} AND completion_notes IS NOT NULL",
        "UPDATE jobs SET cash_proof_media_id = NULL WHERE client_id = :me AND cash_proof_media_id IS NOT NULL",
        f"UPDATE jobs SET cancel_reason = '{WORD}' WHERE id IN {_MINE} AND cancel_reason IS NOT NULL",
        "DELETE FROM job_photos WHERE uploaded_by = :me",
        "UPDATE applications SET proposal_message = '', reject_reason = NULL WHERE worker_id = :me",
        "UPDATE applications SET reject_reason = NULL WHERE job_id IN (SELECT id FROM jobs WHERE client_id = :me)",
        "UPDATE reviews SET comment = '' WHERE reviewer_id = :me OR reviewee_id = :me",
        "UPDATE messages SET body = '', attachments = '[]' WHERE sender_id = :me",
        f"UPDATE disputes SET reason = '{WORD}', description = '' WHERE opened_by = :me",
        f"UPDATE disputes SET ruling = '{WORD}' WHERE ruling IS NOT NULL AND job_id IN {_MINE}",
        "DELETE FROM dispute_evidence WHERE by_account_id = :me",
        f"UPDATE payments SET staff_notes = NULL WHERE staff_notes IS NOT NULL AND (payer_id = :me OR job_id IN {_MINE})",
        "UPDATE payments SET invoice_url = NULL, proof_media_id = NULL WHERE payer_id = :me",
        ("UPDATE withdrawals SET account_sealed = NULL, account_last4 = '' WHERE payment_id IN (SELECT id FROM payments"
        " WHERE payer_id = :me)"),
        "UPDATE agency_employees SET role = NULL WHERE agency_id = :me OR worker_id = :me",
        "DELETE FROM push_tokens WHERE account_id = :me",
        "DELETE FROM notification_settings WHERE account_id = :me",
        "DELETE FROM account_tokens WHERE account_id = :me",
        "DELETE FROM presence WHERE account_id = :me",
        "DELETE FROM idempotency_keys WHERE scope LIKE :me || ' POST %'",
    )
)  # fmt: skip
