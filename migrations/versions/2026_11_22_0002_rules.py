"""What tables alone cannot say: the posting function, histories that nobody rewrites, and the trades."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TRADES = (
    "Plumbing", "Electrical", "Carpentry", "Painting", "Masonry", "Welding", "Roofing", "Tiling", "Aircon Service",
    "Appliance Repair", "House Cleaning", "Laundry", "Gardening", "Pest Control", "Moving and Hauling", "Auto Repair",
    "Motorcycle Repair", "Tailoring", "Cooking and Catering", "Computer and Phone Repair",
)  # fmt: skip

# One round trip: the journal (a reference that exists posts nothing and answers NULL), missing ledger accounts, locks in id
# order, balances, postings. The CHECK on balances refuses an overdraft.
POST_JOURNAL = """
CREATE FUNCTION post_journal(the_reference text, moment timestamptz, sources text[], targets text[], amounts bigint[])
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    journal bigint;
    codes text[] := sources || targets;
BEGIN
    INSERT INTO journals (reference, at) VALUES (the_reference, moment)
    ON CONFLICT (reference) DO NOTHING RETURNING id INTO journal;
    IF journal IS NULL THEN
        RETURN NULL;
    END IF;
    INSERT INTO ledger_accounts (code, may_go_negative)
    SELECT code, split_part(code, ':', 1) IN ('xendit', 'gateway-costs', 'cash-fees-due')
    FROM (SELECT DISTINCT unnest(codes) AS code) AS named
    WHERE NOT EXISTS (SELECT FROM ledger_accounts WHERE ledger_accounts.code = named.code)
    ORDER BY code
    ON CONFLICT (code) DO NOTHING;
    PERFORM FROM ledger_accounts WHERE code = ANY (codes) ORDER BY id FOR UPDATE;
    UPDATE ledger_accounts SET balance = balance + net.change
    FROM (
        SELECT code, sum(change) AS change FROM (
            SELECT unnest(sources) AS code, -unnest(amounts) AS change
            UNION ALL SELECT unnest(targets), unnest(amounts)
        ) AS sides GROUP BY code
    ) AS net
    WHERE ledger_accounts.code = net.code;
    INSERT INTO postings (journal_id, source_id, target_id, amount)
    SELECT journal, source.id, target.id, leg.amount
    FROM unnest(sources, targets, amounts) WITH ORDINALITY AS leg (source, target, amount, place)
    JOIN ledger_accounts AS source ON source.code = leg.source
    JOIN ledger_accounts AS target ON target.code = leg.target
    ORDER BY leg.place;
    RETURN journal;
END $$
"""

REFUSE_REWRITE = """
CREATE FUNCTION refuse_rewrite() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only; write a new row that corrects the old one', TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation';
END $$
"""

# What these logs say of who did what to whom and when stays for good; the free words of staff about a person may go with the
# person. The arguments name the columns of words: each keeps its word, or loses it.
LOSE_WORDS_ALONE = """
CREATE FUNCTION lose_words_alone() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    was jsonb := to_jsonb(OLD);
    becomes jsonb := to_jsonb(NEW);
    word text;
BEGIN
    FOREACH word IN ARRAY TG_ARGV LOOP
        IF becomes->word = '"Erased"' OR becomes->word = 'null' THEN
            was := was - word;
            becomes := becomes - word;
        END IF;
    END LOOP;
    IF was <> becomes THEN
        RAISE EXCEPTION '% is append-only; write a new row that corrects the old one', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
"""

# Every profile that an account holds has its row, whoever gave it.
HOLD_PROFILES = """
CREATE FUNCTION hold_profiles() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO profiles (account_id, profile_type, created_at, updated_at)
    SELECT NEW.id, held, NEW.updated_at, NEW.updated_at FROM unnest(NEW.profile_types) AS held
    ON CONFLICT (account_id, profile_type) DO NOTHING;
    RETURN NULL;
END $$
"""

# The next number of a conversation and the message that bears it, under the conversation's lock, in one round trip. A
# `client_id` that was used is the message that it was used for. Told of it is who had read everything before, unless he
# has this conversation open. Where words go through Redis (`by_notify` false), the caller tells of it after the commit.
POST_MESSAGE = """
CREATE FUNCTION post_message(
    the_conversation bigint, the_sender bigint, the_client uuid, the_text text, attached jsonb, moment timestamptz,
    by_notify boolean DEFAULT true
)
RETURNS TABLE (message_id bigint, is_new boolean, to_tell bigint[]) LANGUAGE plpgsql AS $$
DECLARE
    number bigint;
BEGIN
    PERFORM FROM conversations WHERE id = the_conversation FOR NO KEY UPDATE;
    is_new := false;
    to_tell := '{}';
    SELECT id INTO message_id FROM messages
    WHERE conversation_id = the_conversation AND sender_id = the_sender AND client_id = the_client;
    IF FOUND THEN
        RETURN NEXT;
        RETURN;
    END IF;
    is_new := true;
    UPDATE conversations SET last_seq = last_seq + 1, last_at = greatest(last_at, moment)
    WHERE id = the_conversation RETURNING last_seq, last_at INTO number, moment;
    INSERT INTO messages (conversation_id, seq, sender_id, client_id, body, attachments, created_at)
    VALUES (the_conversation, number, the_sender, the_client, the_text, attached, moment) RETURNING id INTO message_id;
    SELECT coalesce(array_agg(account_id ORDER BY account_id), '{}') INTO to_tell FROM conversation_participants AS other
    WHERE conversation_id = the_conversation AND account_id <> the_sender AND read_seq = number - 1
    AND (number = 1 OR NOT EXISTS (
        SELECT FROM presence
        WHERE presence.account_id = other.account_id AND presence.conversation_id = the_conversation
    ));
    UPDATE conversation_participants SET read_seq = number
    WHERE conversation_id = the_conversation AND account_id = the_sender AND read_seq = number - 1;
    IF by_notify THEN
        PERFORM pg_notify('iayos_live', json_build_object('kind', 'message', 'conversation', the_conversation, 'seq', number)::text);
    END IF;
    RETURN NEXT;
END $$
"""

# What open sockets hear of, from whichever verb it comes: a session that ended, a suspension, a conversation that somebody
# entered or left, notices.
TELL_SOCKETS = (
    """
CREATE FUNCTION tell_of_session() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('iayos_live', json_build_object('kind', 'session', 'session', NEW.id)::text);
    RETURN NULL;
END $$
""",
    """
CREATE FUNCTION tell_of_suspension() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('iayos_live', json_build_object('kind', 'suspension', 'account', NEW.id)::text);
    RETURN NULL;
END $$
""",
    """
CREATE FUNCTION tell_of_participant() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    who record := CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
BEGIN
    PERFORM pg_notify('iayos_live', json_build_object(
        'kind', CASE WHEN TG_OP = 'DELETE' THEN 'left' ELSE 'joined' END,
        'conversation', who.conversation_id, 'account', who.account_id
    )::text);
    RETURN NULL;
END $$
""",
    """
CREATE FUNCTION tell_of_notices() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('iayos_live', json_build_object('kind', 'notices', 'notices', json_agg(pair))::text)
    FROM (
        SELECT json_build_array(account_id, id) AS pair, (row_number() OVER (ORDER BY id) - 1) / 150 AS part FROM written
    ) AS numbered GROUP BY part;
    RETURN NULL;
END $$
""",
    """
CREATE TRIGGER sessions_tell AFTER UPDATE OF ended_at ON sessions FOR EACH ROW
    WHEN (OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL) EXECUTE FUNCTION tell_of_session()
""",
    """
CREATE TRIGGER accounts_tell AFTER UPDATE OF suspended_at ON accounts FOR EACH ROW
    WHEN (OLD.suspended_at IS NULL AND NEW.suspended_at IS NOT NULL) EXECUTE FUNCTION tell_of_suspension()
""",
    """
CREATE TRIGGER conversation_participants_tell AFTER INSERT OR DELETE ON conversation_participants FOR EACH ROW
    EXECUTE FUNCTION tell_of_participant()
""",
    """
CREATE TRIGGER notifications_tell AFTER INSERT ON notifications REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION tell_of_notices()
""",
)
TOLD = {
    "sessions": "tell_of_session", "accounts": "tell_of_suspension",
    "conversation_participants": "tell_of_participant", "notifications": "tell_of_notices",
}  # fmt: skip

# Whatever ends an agency's job, the employee who was at it is free.
FREE_EMPLOYEE = (
    """
CREATE FUNCTION free_employee() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE agency_employees SET assigned_job_id = NULL, updated_at = NEW.updated_at WHERE assigned_job_id = NEW.id;
    RETURN NULL;
END $$
""",
    """
CREATE TRIGGER jobs_free_employee AFTER UPDATE OF status ON jobs FOR EACH ROW
    WHEN (NEW.assigned_agency_id IS NOT NULL AND OLD.status = 'IN_PROGRESS' AND NEW.status IN ('COMPLETED', 'CANCELLED'))
    EXECUTE FUNCTION free_employee()
""",
)

APPEND_ONLY = ("journals", "postings", "history", "audit_log", "kyc_logs", "kyc_views")
WORDS = {"audit_log": "reason", "kyc_logs": "notes", "kyc_views": "purpose"}
"""Append-only logs with a column of free words, which erasing an account takes out."""


def upgrade() -> None:
    """Forward."""
    op.execute(POST_JOURNAL)
    op.execute(REFUSE_REWRITE)
    op.execute(LOSE_WORDS_ALONE)
    op.execute(HOLD_PROFILES)
    op.execute(POST_MESSAGE)
    for statement in (*TELL_SOCKETS, *FREE_EMPLOYEE):
        op.execute(statement)
    op.execute(
        "CREATE TRIGGER accounts_hold_profiles AFTER INSERT OR UPDATE OF profile_types ON accounts "
        "FOR EACH ROW EXECUTE FUNCTION hold_profiles()"
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE {'DELETE' if table in WORDS else 'UPDATE OR DELETE'} ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite()"
        )
    for table, word in WORDS.items():
        op.execute(
            f"CREATE TRIGGER {table}_words BEFORE UPDATE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION lose_words_alone('{word}')"
        )
    categories = sa.table("categories", sa.column("name", sa.Text))
    op.bulk_insert(categories, [{"name": name} for name in TRADES])


def downgrade() -> None:
    """Back."""
    for table in APPEND_ONLY:
        op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
    for table in WORDS:
        op.execute(f"DROP TRIGGER {table}_words ON {table}")
    for table, function in TOLD.items():
        op.execute(f"DROP TRIGGER {table}_tell ON {table}")
        op.execute(f"DROP FUNCTION {function}()")
    op.execute("DROP FUNCTION post_message(bigint, bigint, uuid, text, jsonb, timestamptz, boolean)")
    op.execute("DROP TRIGGER jobs_free_employee ON jobs")
    op.execute("DROP FUNCTION free_employee()")
    op.execute("DROP TRIGGER accounts_hold_profiles ON accounts")
    op.execute("DROP FUNCTION hold_profiles()")
    op.execute("DROP FUNCTION refuse_rewrite()")
    op.execute("DROP FUNCTION lose_words_alone()")
    op.execute("DROP FUNCTION post_journal(text, timestamptz, text[], text[], bigint[])")
    op.execute("DELETE FROM categories")
