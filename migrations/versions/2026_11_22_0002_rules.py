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

APPEND_ONLY = ("journals", "postings", "history", "audit_log")


def upgrade() -> None:
    """Forward."""
    op.execute(POST_JOURNAL)
    op.execute(REFUSE_REWRITE)
    op.execute(HOLD_PROFILES)
    op.execute(
        "CREATE TRIGGER accounts_hold_profiles AFTER INSERT OR UPDATE OF profile_types ON accounts "
        "FOR EACH ROW EXECUTE FUNCTION hold_profiles()"
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite()"
        )
    categories = sa.table("categories", sa.column("name", sa.Text))
    op.bulk_insert(categories, [{"name": name} for name in TRADES])


def downgrade() -> None:
    """Back."""
    for table in APPEND_ONLY:
        op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
    op.execute("DROP TRIGGER accounts_hold_profiles ON accounts")
    op.execute("DROP FUNCTION hold_profiles()")
    op.execute("DROP FUNCTION refuse_rewrite()")
    op.execute("DROP FUNCTION post_journal(text, timestamptz, text[], text[], bigint[])")
    op.execute("DELETE FROM categories")
