"""All tables of the first story."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "accounts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=1, increment=1), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("profile_type", sa.Text(), nullable=True),
        sa.Column("profile_types", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("last_name", sa.Text(), nullable=False),
        sa.Column("business_name", sa.Text(), nullable=True),
        sa.Column("contact_num", sa.Text(), nullable=True),
        sa.Column("city", sa.Text(), nullable=True),
        sa.Column("province", sa.Text(), nullable=True),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("language", sa.Text(), server_default=sa.text("'en'"), nullable=False),
        sa.Column("email_verified_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("kyc_verified", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("suspended_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("updated_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("language IN ('en','fil')", name=op.f("ck_accounts_language_known")),
        sa.CheckConstraint(
            "profile_types <@ ARRAY['CLIENT','WORKER','AGENCY']", name=op.f("ck_accounts_profile_known")
        ),
        sa.CheckConstraint(
            "role IS NULL OR role IN ('ADMIN','KYC_REVIEWER','FINANCE','SUPPORT')", name=op.f("ck_accounts_role_known")
        ),
        sa.CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name=op.f("ck_accounts_coordinates_paired")),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_accounts_email_lower_case")),
        sa.CheckConstraint(
            "profile_type IS NULL OR profile_type = ANY (profile_types)", name=op.f("ck_accounts_profile_held")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("email", name="uq_accounts_email"),
    )
    op.create_index("ix_accounts_place", "accounts", ["latitude", "longitude"], unique=False)
    op.create_table(
        "audit_log",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=1, increment=1), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
    )
    op.create_index("ix_audit_log_actor_id", "audit_log", ["actor_id"], unique=False)
    op.create_index("ix_audit_log_subject", "audit_log", ["subject"], unique=False)
    op.create_table(
        "categories",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=1, increment=1), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_categories")),
        sa.UniqueConstraint("name", name="uq_categories_name"),
    )
    op.create_table(
        "counters",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=1, increment=1), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_counters")),
        sa.UniqueConstraint("name", name="uq_counters_name"),
    )
    op.create_table(
        "first_decisions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=1, increment=1), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("by_account_id", sa.BigInteger(), nullable=False),
        sa.Column("facts", sa.LargeBinary(), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_first_decisions")),
        sa.UniqueConstraint("subject", name="uq_first_decisions_subject"),
    )
    op.create_table(
        "history",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=1, increment=1), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("entity_id", sa.BigInteger(), nullable=False),
        sa.Column("move", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_history")),
    )
    op.create_index("ix_history_entity", "history", ["entity", "entity_id"], unique=False)
    op.create_table(
        "idempotency_keys",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=1, increment=1), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("lease_until", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("content_type", sa.Text(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotency_keys")),
        sa.UniqueConstraint("scope", "key", name="uq_idempotency_keys_scope_key"),
    )
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"], unique=False)
    op.create_table(
        "journals",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=1, increment=1), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journals")),
        sa.UniqueConstraint("reference", name="uq_journals_reference"),
    )
    op.create_table(
        "ledger_accounts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=1, increment=1), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("balance", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("may_go_negative", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint("balance >= 0 OR may_go_negative", name=op.f("ck_ledger_accounts_balance_covered")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_accounts")),
        sa.UniqueConstraint("code", name="uq_ledger_accounts_code"),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=1, increment=1), nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("args", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("run_after", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("sent_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("done_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("failed_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    op.create_index(
        "ix_outbox_failed", "outbox", ["task"], unique=False, postgresql_where=sa.text("failed_at IS NOT NULL")
    )
    op.create_index(
        "ix_outbox_open",
        "outbox",
        ["run_after", "id"],
        unique=False,
        postgresql_where=sa.text("done_at IS NULL AND failed_at IS NULL"),
    )
    op.create_table(
        "payout_channels",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=1, increment=1), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("least", sa.BigInteger(), nullable=False),
        sa.Column("most", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.Column("fetched_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_channels")),
        sa.UniqueConstraint("code", name="uq_payout_channels_code"),
    )
    op.create_table(
        "presence",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=1, increment=1), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("process_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_presence")),
        sa.UniqueConstraint("account_id", "conversation_id", "process_id", name="uq_presence_place"),
        prefixes=["UNLOGGED"],
    )
    op.create_table(
        "rate_limits",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=1, increment=1), nullable=False),
        sa.Column("bucket", sa.Text(), nullable=False),
        sa.Column("hits", sa.Integer(), nullable=False),
        sa.Column("resets_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("hits > 0", name=op.f("ck_rate_limits_hits_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rate_limits")),
        sa.UniqueConstraint("bucket", name="uq_rate_limits_bucket"),
        prefixes=["UNLOGGED"],
    )
    op.create_table(
        "sign_in_failures",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=1, increment=1), nullable=False),
        sa.Column("email_hash", sa.LargeBinary(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("since", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("locked_until", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_failures")),
        sa.UniqueConstraint("email_hash", name="uq_sign_in_failures_email_hash"),
    )
    op.create_table(
        "xendit_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=1, increment=1), nullable=False),
        sa.Column("event_key", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("received_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("applied_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_xendit_events")),
        sa.UniqueConstraint("event_key", name="uq_xendit_events_event_key"),
    )
    op.create_index(
        "ix_xendit_events_open", "xendit_events", ["id"], unique=False, postgresql_where=sa.text("outcome IS NULL")
    )
    op.create_table(
        "account_tokens",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=1, increment=1), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("used_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "purpose IN ('VERIFY_EMAIL','RESET_PASSWORD')", name=op.f("ck_account_tokens_purpose_known")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_account_tokens_account_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_tokens")),
        sa.UniqueConstraint("token_hash", name="uq_account_tokens_token_hash"),
    )
    op.create_index("ix_account_tokens_account_id", "account_tokens", ["account_id"], unique=False)
    op.create_table(
        "agency_employees",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=1, increment=1), nullable=False),
        sa.Column("agency_id", sa.BigInteger(), nullable=False),
        sa.Column("worker_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("invited_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("joined_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("assigned_job_id", sa.BigInteger(), nullable=True),
        sa.Column("total_jobs_completed", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("total_earnings", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("rating_sum", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("rating_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("updated_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "assigned_job_id IS NULL OR status = 'ACTIVE'", name=op.f("ck_agency_employees_active_when_assigned")
        ),
        sa.CheckConstraint(
            "status IN ('INVITED','ACTIVE','DECLINED','INACTIVE')", name=op.f("ck_agency_employees_status_known")
        ),
        sa.CheckConstraint("agency_id <> worker_id", name=op.f("ck_agency_employees_not_oneself")),
        sa.CheckConstraint(
            "total_jobs_completed >= 0 AND total_earnings >= 0", name=op.f("ck_agency_employees_totals_not_negative")
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["accounts.id"], name=op.f("fk_agency_employees_agency_id_accounts")),
        sa.ForeignKeyConstraint(["worker_id"], ["accounts.id"], name=op.f("fk_agency_employees_worker_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agency_employees")),
        sa.UniqueConstraint("agency_id", "worker_id", name="uq_agency_employees_pair"),
        sa.UniqueConstraint("assigned_job_id", name="uq_agency_employees_assigned_job_id"),
    )
    op.create_index("ix_agency_employees_agency", "agency_employees", ["agency_id", "id"], unique=False)
    op.create_index(
        "ix_agency_employees_invited",
        "agency_employees",
        ["worker_id", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'INVITED'"),
    )
    op.create_index(
        "uq_agency_employees_employed",
        "agency_employees",
        ["worker_id"],
        unique=True,
        postgresql_where=sa.text("status = 'ACTIVE'"),
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=1, increment=1), nullable=False),
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column("category_id", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("budget", sa.BigInteger(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("urgency", sa.Text(), nullable=False),
        sa.Column("preferred_start_date", sa.Date(), nullable=True),
        sa.Column("job_type", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("invite_status", sa.Text(), nullable=True),
        sa.Column("assigned_worker_id", sa.BigInteger(), nullable=True),
        sa.Column("assigned_agency_id", sa.BigInteger(), nullable=True),
        sa.Column("agreed_price", sa.BigInteger(), nullable=True),
        sa.Column("accepted_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("escrow_paid", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("worker_marked_complete", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("marked_complete_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("completion_notes", sa.Text(), nullable=True),
        sa.Column("client_marked_complete", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("approved_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("final_payment_method", sa.Text(), nullable=True),
        sa.Column("remaining_paid", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("settled_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("cancelled_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("cancel_reason", sa.Text(), nullable=True),
        sa.Column("cancel_asked_by", sa.BigInteger(), nullable=True),
        sa.Column("cancel_asked_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("dispute_open", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("clocks_from", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("half_released", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("cash_confirmed", sa.BigInteger(), nullable=True),
        sa.Column("cash_proof_media_id", sa.BigInteger(), nullable=True),
        sa.Column("cash_approved", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "search",
            postgresql.TSVECTOR(),
            sa.Computed("to_tsvector('simple', title || ' ' || description || ' ' || location)", persisted=True),
            nullable=False,
        ),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("updated_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(job_type = 'INVITE') = (invite_status IS NOT NULL)", name=op.f("ck_jobs_invite_has_status")
        ),
        sa.CheckConstraint(
            "invite_status IN ('PENDING','ACCEPTED','REJECTED')", name=op.f("ck_jobs_invite_status_known")
        ),
        sa.CheckConstraint("job_type = 'INVITE' OR assigned_agency_id IS NULL", name=op.f("ck_jobs_agency_by_invite")),
        sa.CheckConstraint("job_type IN ('LISTING','INVITE')", name=op.f("ck_jobs_job_type_known")),
        sa.CheckConstraint(
            "status IN ('ACTIVE','CANCELLED') OR agreed_price IS NOT NULL",
            name=op.f("ck_jobs_price_agreed_when_accepted"),
        ),
        sa.CheckConstraint(
            "status IN ('ACTIVE','IN_PROGRESS','COMPLETED','CANCELLED')", name=op.f("ck_jobs_status_known")
        ),
        sa.CheckConstraint("urgency IN ('LOW','MEDIUM','HIGH')", name=op.f("ck_jobs_urgency_known")),
        sa.CheckConstraint(
            "(cancel_asked_by IS NULL) = (cancel_asked_at IS NULL)", name=op.f("ck_jobs_cancel_asked_whole")
        ),
        sa.CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name=op.f("ck_jobs_coordinates_paired")),
        sa.CheckConstraint(
            "NOT dispute_open OR (escrow_paid AND settled_at IS NULL)", name=op.f("ck_jobs_dispute_about_held_money")
        ),
        sa.CheckConstraint(
            "NOT remaining_paid OR dispute_open OR settled_at IS NOT NULL", name=op.f("ck_jobs_paid_means_settled")
        ),
        sa.CheckConstraint("NOT remaining_paid OR escrow_paid", name=op.f("ck_jobs_halves_in_order")),
        sa.CheckConstraint("agreed_price BETWEEN 10000 AND 100000000", name=op.f("ck_jobs_agreed_price_in_range")),
        sa.CheckConstraint("budget BETWEEN 10000 AND 100000000", name=op.f("ck_jobs_budget_in_range")),
        sa.CheckConstraint("client_id <> assigned_agency_id", name=op.f("ck_jobs_not_ones_own_agency")),
        sa.CheckConstraint("client_id <> assigned_worker_id", name=op.f("ck_jobs_not_ones_own")),
        sa.ForeignKeyConstraint(
            ["assigned_agency_id"], ["accounts.id"], name=op.f("fk_jobs_assigned_agency_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["assigned_worker_id"], ["accounts.id"], name=op.f("fk_jobs_assigned_worker_id_accounts")
        ),
        sa.ForeignKeyConstraint(["category_id"], ["categories.id"], name=op.f("fk_jobs_category_id_categories")),
        sa.ForeignKeyConstraint(["client_id"], ["accounts.id"], name=op.f("fk_jobs_client_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
    )
    op.create_index("ix_jobs_agency", "jobs", ["assigned_agency_id", "id"], unique=False)
    op.create_index("ix_jobs_client", "jobs", ["client_id", "id"], unique=False)
    op.create_index(
        "ix_jobs_open",
        "jobs",
        ["id"],
        unique=False,
        postgresql_where=sa.text("status = 'ACTIVE' AND job_type = 'LISTING'"),
    )
    op.create_index(
        "ix_jobs_open_budget",
        "jobs",
        ["budget", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'ACTIVE' AND job_type = 'LISTING'"),
    )
    op.create_index(
        "ix_jobs_open_category",
        "jobs",
        ["category_id", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'ACTIVE' AND job_type = 'LISTING'"),
    )
    op.create_index(
        "ix_jobs_open_place",
        "jobs",
        ["latitude", "longitude"],
        unique=False,
        postgresql_where=sa.text("status = 'ACTIVE' AND job_type = 'LISTING'"),
    )
    op.create_index("ix_jobs_search", "jobs", ["search"], unique=False, postgresql_using="gin")
    op.create_index("ix_jobs_worker", "jobs", ["assigned_worker_id", "id"], unique=False)
    op.create_table(
        "kyc",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=1, increment=1), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("kyc_type", sa.Text(), nullable=False),
        sa.Column("user_type", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("is_uploaded", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("round", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("claimed_by", sa.BigInteger(), nullable=True),
        sa.Column("claimed_until", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("handed_in_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("due_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("decided_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("updated_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("kyc_type IN ('INDIVIDUAL','AGENCY')", name=op.f("ck_kyc_kyc_type_known")),
        sa.CheckConstraint("status IN ('PENDING','APPROVED','REJECTED')", name=op.f("ck_kyc_status_known")),
        sa.CheckConstraint("user_type IN ('CLIENT','WORKER','AGENCY')", name=op.f("ck_kyc_user_type_known")),
        sa.CheckConstraint("NOT is_uploaded OR due_at IS NOT NULL", name=op.f("ck_kyc_due_when_uploaded")),
        sa.CheckConstraint("round BETWEEN 1 AND 5", name=op.f("ck_kyc_round_in_range")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_kyc_account_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kyc")),
    )
    op.create_index("ix_kyc_account", "kyc", ["account_id", "id"], unique=False)
    op.create_index(
        "ix_kyc_queue",
        "kyc",
        ["due_at", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'PENDING' AND is_uploaded"),
    )
    op.create_index(
        "uq_kyc_pending", "kyc", ["account_id"], unique=True, postgresql_where=sa.text("status = 'PENDING'")
    )
    op.create_table(
        "media",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=1, increment=1), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("bucket", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("thumb_path", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("thumb_url", sa.Text(), nullable=True),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("look", sa.BigInteger(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("stored_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("attached_to", sa.Text(), nullable=True),
        sa.Column("removed_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("attached_to IS NULL OR stored_at IS NOT NULL", name=op.f("ck_media_attached_when_stored")),
        sa.ForeignKeyConstraint(["owner_id"], ["accounts.id"], name=op.f("fk_media_owner_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_media")),
        sa.UniqueConstraint("path", name="uq_media_path"),
    )
    op.create_index("ix_media_attached_to", "media", ["attached_to"], unique=False)
    op.create_index("ix_media_look", "media", ["look"], unique=False, postgresql_where=sa.text("look IS NOT NULL"))
    op.create_index(
        "ix_media_loose",
        "media",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("attached_to IS NULL AND removed_at IS NULL"),
    )
    op.create_index("ix_media_owner_id", "media", ["owner_id"], unique=False)
    op.create_index("ix_media_sha256", "media", ["sha256"], unique=False)
    op.create_table(
        "notification_settings",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=1, increment=1), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("push", sa.Boolean(), nullable=False),
        sa.Column("email", sa.Boolean(), nullable=False),
        sa.Column("kinds", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("quiet_from", sa.Time(), nullable=True),
        sa.Column("quiet_to", sa.Time(), nullable=True),
        sa.CheckConstraint(
            "(quiet_from IS NULL) = (quiet_to IS NULL)", name=op.f("ck_notification_settings_quiet_hours_paired")
        ),
        sa.CheckConstraint("quiet_from <> quiet_to", name=op.f("ck_notification_settings_quiet_hours_end")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_notification_settings_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification_settings")),
        sa.UniqueConstraint("account_id", name="uq_notification_settings_account_id"),
    )
    op.create_table(
        "notifications",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=1, increment=1), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("once_key", sa.Text(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("read_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_notifications_account_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifications")),
        sa.UniqueConstraint("once_key", name="uq_notifications_once_key"),
    )
    op.create_index("ix_notifications_account", "notifications", ["account_id", "id"], unique=False)
    op.create_index(
        "ix_notifications_unread",
        "notifications",
        ["account_id", "id"],
        unique=False,
        postgresql_where=sa.text("read_at IS NULL"),
    )
    op.create_table(
        "postings",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=1, increment=1), nullable=False),
        sa.Column("journal_id", sa.BigInteger(), nullable=False),
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("target_id", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_postings_amount_positive")),
        sa.CheckConstraint("source_id <> target_id", name=op.f("ck_postings_two_sides")),
        sa.ForeignKeyConstraint(["journal_id"], ["journals.id"], name=op.f("fk_postings_journal_id_journals")),
        sa.ForeignKeyConstraint(
            ["source_id"], ["ledger_accounts.id"], name=op.f("fk_postings_source_id_ledger_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["target_id"], ["ledger_accounts.id"], name=op.f("fk_postings_target_id_ledger_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_postings")),
    )
    op.create_index("ix_postings_journal_id", "postings", ["journal_id"], unique=False)
    op.create_index("ix_postings_source", "postings", ["source_id", "id"], unique=False)
    op.create_index("ix_postings_target", "postings", ["target_id", "id"], unique=False)
    op.create_table(
        "profiles",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=1, increment=1), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("profile_type", sa.Text(), nullable=False),
        sa.Column("bio", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("hourly_rate", sa.BigInteger(), nullable=True),
        sa.Column("avatar_url", sa.Text(), nullable=True),
        sa.Column("avatar_media_id", sa.BigInteger(), nullable=True),
        sa.Column("is_available", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("service_radius_km", sa.Double(), server_default=sa.text("15"), nullable=False),
        sa.Column("rating_sum", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("rating_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "average",
            sa.Double(),
            sa.Computed("rating_sum::double precision / GREATEST(rating_count, 1)", persisted=True),
            nullable=False,
        ),
        sa.Column("total_earning_gross", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("jobs_completed", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("updated_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("profile_type IN ('CLIENT','WORKER','AGENCY')", name=op.f("ck_profiles_profile_type_known")),
        sa.CheckConstraint("hourly_rate > 0", name=op.f("ck_profiles_hourly_rate_positive")),
        sa.CheckConstraint("service_radius_km > 0", name=op.f("ck_profiles_service_radius_positive")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_profiles_account_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_profiles")),
        sa.UniqueConstraint("account_id", "profile_type", name="uq_profiles_account_id_profile_type"),
    )
    op.create_index(
        "ix_profiles_best_agencies",
        "profiles",
        ["average", "rating_count", "account_id"],
        unique=False,
        postgresql_where=sa.text("profile_type = 'AGENCY'"),
    )
    op.create_index(
        "ix_profiles_best_workers",
        "profiles",
        ["average", "rating_count", "account_id"],
        unique=False,
        postgresql_where=sa.text("profile_type = 'WORKER'"),
    )
    op.create_table(
        "push_tokens",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=1, increment=1), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("device_type", sa.Text(), nullable=True),
        sa.Column("registered_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("rests_until", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("retired_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("device_type IN ('ios','android')", name=op.f("ck_push_tokens_device_type_known")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_push_tokens_account_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push_tokens")),
        sa.UniqueConstraint("token", name="uq_push_tokens_token"),
    )
    op.create_index("ix_push_tokens_account", "push_tokens", ["account_id", "registered_at"], unique=False)
    op.create_table(
        "sessions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=1, increment=1), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ended_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("kind = 'MOBILE' OR token_hash IS NOT NULL", name=op.f("ck_sessions_web_has_token")),
        sa.CheckConstraint("kind IN ('WEB','MOBILE')", name=op.f("ck_sessions_kind_known")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_sessions_account_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("token_hash", name="uq_sessions_token_hash"),
    )
    op.create_index(
        "ix_sessions_account_live",
        "sessions",
        ["account_id"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "worker_certifications",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=1, increment=1), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("media_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("issued_by", sa.Text(), nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("is_verified", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("decided_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("expires_on >= issued_on", name=op.f("ck_worker_certifications_issued_before_it_expires")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_worker_certifications_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_worker_certifications")),
        sa.UniqueConstraint("media_id", name="uq_worker_certifications_media_id"),
    )
    op.create_index("ix_worker_certifications_account", "worker_certifications", ["account_id", "id"], unique=False)
    op.create_index(
        "ix_worker_certifications_unseen",
        "worker_certifications",
        ["id"],
        unique=False,
        postgresql_where=sa.text("decided_at IS NULL"),
    )
    op.create_table(
        "worker_portfolio",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=1, increment=1), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("media_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_worker_portfolio_account_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_worker_portfolio")),
        sa.UniqueConstraint("media_id", name="uq_worker_portfolio_media_id"),
    )
    op.create_index("ix_worker_portfolio_account", "worker_portfolio", ["account_id", "id"], unique=False)
    op.create_table(
        "worker_specializations",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=1, increment=1), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("category_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_worker_specializations_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["category_id"], ["categories.id"], name=op.f("fk_worker_specializations_category_id_categories")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_worker_specializations")),
        sa.UniqueConstraint("account_id", "category_id", name="uq_worker_specializations_account_id_category_id"),
    )
    op.create_index(
        "ix_worker_specializations_category", "worker_specializations", ["category_id", "account_id"], unique=False
    )
    op.create_table(
        "applications",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=1, increment=1), nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=False),
        sa.Column("worker_id", sa.BigInteger(), nullable=False),
        sa.Column("proposal_message", sa.Text(), nullable=False),
        sa.Column("proposed_budget", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reject_reason", sa.Text(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("updated_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "status IN ('PENDING','ACCEPTED','REJECTED','WITHDRAWN')", name=op.f("ck_applications_status_known")
        ),
        sa.CheckConstraint(
            "proposed_budget BETWEEN 10000 AND 100000000", name=op.f("ck_applications_proposed_budget_in_range")
        ),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_applications_job_id_jobs")),
        sa.ForeignKeyConstraint(["worker_id"], ["accounts.id"], name=op.f("fk_applications_worker_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_applications")),
        sa.UniqueConstraint("job_id", "worker_id", name="uq_applications_job_id_worker_id"),
    )
    op.create_index("ix_applications_worker", "applications", ["worker_id", "id"], unique=False)
    op.create_index(
        "uq_applications_accepted",
        "applications",
        ["job_id"],
        unique=True,
        postgresql_where=sa.text("status = 'ACCEPTED'"),
    )
    op.create_table(
        "conversations",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=1, increment=1), nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_conversations_job_id_jobs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversations")),
        sa.UniqueConstraint("job_id", name="uq_conversations_job_id"),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=1, increment=1), nullable=False),
        sa.Column("notification_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("push_token_id", sa.BigInteger(), nullable=True),
        sa.Column("crowd", sa.Boolean(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("due_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("claimed_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("refusals", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("sent_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("ticket", sa.Text(), nullable=True),
        sa.Column("done_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "channel <> 'EMAIL' OR push_token_id IS NULL", name=op.f("ck_deliveries_email_without_device")
        ),
        sa.CheckConstraint(
            "channel <> 'PUSH' OR push_token_id IS NOT NULL", name=op.f("ck_deliveries_push_with_device")
        ),
        sa.CheckConstraint("channel IN ('PUSH','EMAIL')", name=op.f("ck_deliveries_channel_known")),
        sa.ForeignKeyConstraint(
            ["notification_id"],
            ["notifications.id"],
            name=op.f("fk_deliveries_notification_id_notifications"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["push_token_id"],
            ["push_tokens.id"],
            name=op.f("fk_deliveries_push_token_id_push_tokens"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint(
            "notification_id", "channel", "push_token_id", name="uq_deliveries_once", postgresql_nulls_not_distinct=True
        ),
    )
    op.create_index("ix_deliveries_push_token", "deliveries", ["push_token_id"], unique=False)
    op.create_index(
        "ix_deliveries_waiting",
        "deliveries",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text(
            "channel = 'PUSH' AND NOT crowd AND claimed_at IS NULL AND sent_at IS NULL AND done_at IS NULL"
        ),
    )
    op.create_table(
        "disputes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=1, increment=1), nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("opened_by", sa.BigInteger(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ended_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("to_payee", sa.BigInteger(), nullable=True),
        sa.Column("to_client", sa.BigInteger(), nullable=True),
        sa.Column("ruling", sa.Text(), nullable=True),
        sa.Column("ruled_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(status IN ('AGREED','RULED')) = (to_payee IS NOT NULL)", name=op.f("ck_disputes_ended_has_shares")
        ),
        sa.CheckConstraint("phase IN ('TALK','OFFERS','STAFF')", name=op.f("ck_disputes_phase_known")),
        sa.CheckConstraint("status IN ('OPEN','AGREED','RULED','WITHDRAWN')", name=op.f("ck_disputes_status_known")),
        sa.CheckConstraint("to_payee >= 0 AND to_client >= 0", name=op.f("ck_disputes_shares_not_negative")),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_disputes_job_id_jobs")),
        sa.ForeignKeyConstraint(["opened_by"], ["accounts.id"], name=op.f("fk_disputes_opened_by_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disputes")),
    )
    op.create_index("ix_disputes_job_id", "disputes", ["job_id"], unique=False)
    op.create_index(
        "uq_disputes_one_open", "disputes", ["job_id"], unique=True, postgresql_where=sa.text("status = 'OPEN'")
    )
    op.create_table(
        "job_photos",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=1, increment=1), nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=False),
        sa.Column("media_id", sa.BigInteger(), nullable=False),
        sa.Column("uploaded_by", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('BEFORE','AFTER')", name=op.f("ck_job_photos_kind_known")),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_job_photos_job_id_jobs")),
        sa.ForeignKeyConstraint(["uploaded_by"], ["accounts.id"], name=op.f("fk_job_photos_uploaded_by_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_photos")),
        sa.UniqueConstraint("media_id", name="uq_job_photos_media_id"),
    )
    op.create_index("ix_job_photos_job", "job_photos", ["job_id", "id"], unique=False)
    op.create_table(
        "kyc_files",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=1, increment=1), nullable=False),
        sa.Column("kyc_id", sa.BigInteger(), nullable=False),
        sa.Column("document_type", sa.Text(), nullable=False),
        sa.Column("media_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason_code", sa.Text(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(status = 'REJECTED') = (reason_code IS NOT NULL)", name=op.f("ck_kyc_files_reason_when_rejected")
        ),
        sa.CheckConstraint("status IN ('PENDING','APPROVED','REJECTED')", name=op.f("ck_kyc_files_status_known")),
        sa.ForeignKeyConstraint(["kyc_id"], ["kyc.id"], name=op.f("fk_kyc_files_kyc_id_kyc")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kyc_files")),
        sa.UniqueConstraint("kyc_id", "document_type", name="uq_kyc_files_kyc_id_document_type"),
        sa.UniqueConstraint("media_id", name="uq_kyc_files_media_id"),
    )
    op.create_table(
        "kyc_logs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=1, increment=1), nullable=False),
        sa.Column("kyc_id", sa.BigInteger(), nullable=False),
        sa.Column("reviewer_id", sa.BigInteger(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("reasons", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["kyc_id"], ["kyc.id"], name=op.f("fk_kyc_logs_kyc_id_kyc")),
        sa.ForeignKeyConstraint(["reviewer_id"], ["accounts.id"], name=op.f("fk_kyc_logs_reviewer_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kyc_logs")),
    )
    op.create_index("ix_kyc_logs_kyc_id", "kyc_logs", ["kyc_id"], unique=False)
    op.create_table(
        "kyc_views",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=1, increment=1), nullable=False),
        sa.Column("kyc_id", sa.BigInteger(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("document_types", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["kyc_id"], ["kyc.id"], name=op.f("fk_kyc_views_kyc_id_kyc")),
        sa.ForeignKeyConstraint(["staff_id"], ["accounts.id"], name=op.f("fk_kyc_views_staff_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kyc_views")),
    )
    op.create_index("ix_kyc_views_case", "kyc_views", ["kyc_id", "staff_id", "id"], unique=False)
    op.create_table(
        "payments",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=1, increment=1), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=True),
        sa.Column("payer_id", sa.BigInteger(), nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=True),
        sa.Column("base", sa.BigInteger(), nullable=False),
        sa.Column("fee", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("invoice_id", sa.Text(), nullable=True),
        sa.Column("invoice_url", sa.Text(), nullable=True),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("claimed_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("completed_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("failure_reason", sa.Text(), nullable=True),
        sa.Column("credited_to", sa.Text(), nullable=True),
        sa.Column("flag", sa.Text(), nullable=True),
        sa.Column("proof_media_id", sa.BigInteger(), nullable=True),
        sa.Column("staff_notes", sa.Text(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("updated_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("credited_to IN ('JOB','WALLET')", name=op.f("ck_payments_credited_to_known")),
        sa.CheckConstraint(
            "status <> 'COMPLETED' OR completed_at IS NOT NULL", name=op.f("ck_payments_completed_has_instant")
        ),
        sa.CheckConstraint(
            "status <> 'FAILED' OR failure_reason IS NOT NULL", name=op.f("ck_payments_failed_has_reason")
        ),
        sa.CheckConstraint("status IN ('PENDING','COMPLETED','FAILED')", name=op.f("ck_payments_status_known")),
        sa.CheckConstraint(
            "type IN ('ESCROW','JOB_PAYMENT','DEPOSIT','WITHDRAWAL','REFUND')", name=op.f("ck_payments_type_known")
        ),
        sa.CheckConstraint("amount > 0 AND fee >= 0 AND amount = base + fee", name=op.f("ck_payments_amount_adds_up")),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_payments_job_id_jobs")),
        sa.ForeignKeyConstraint(["payer_id"], ["accounts.id"], name=op.f("fk_payments_payer_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
        sa.UniqueConstraint("external_id", name="uq_payments_external_id"),
    )
    op.create_index(
        "ix_payments_deposits",
        "payments",
        ["payer_id", "created_at"],
        unique=False,
        postgresql_where=sa.text("type = 'DEPOSIT'"),
    )
    op.create_index("ix_payments_invoice_id", "payments", ["invoice_id"], unique=False)
    op.create_index(
        "ix_payments_leaving",
        "payments",
        ["payer_id"],
        unique=False,
        postgresql_where=sa.text("type = 'WITHDRAWAL' AND status = 'PENDING'"),
    )
    op.create_index("ix_payments_payer", "payments", ["payer_id", "id"], unique=False)
    op.create_index(
        "uq_payments_one_attempt",
        "payments",
        ["job_id", "type"],
        unique=True,
        postgresql_where=sa.text("status = 'PENDING'"),
    )
    op.create_index(
        "uq_payments_one_settlement",
        "payments",
        ["job_id", "type"],
        unique=True,
        postgresql_where=sa.text("credited_to = 'JOB'"),
    )
    op.create_table(
        "refresh_tokens",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=1, increment=1), nullable=False),
        sa.Column("session_id", sa.BigInteger(), nullable=False),
        sa.Column("jti", sa.Text(), nullable=False),
        sa.Column("issued_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("used_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("successor_jti", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name=op.f("fk_refresh_tokens_session_id_sessions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refresh_tokens")),
        sa.UniqueConstraint("jti", name="uq_refresh_tokens_jti"),
    )
    op.create_index("ix_refresh_tokens_session_id", "refresh_tokens", ["session_id"], unique=False)
    op.create_table(
        "reviews",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=1, increment=1), nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=False),
        sa.Column("reviewer_id", sa.BigInteger(), nullable=False),
        sa.Column("reviewee_id", sa.BigInteger(), nullable=False),
        sa.Column("reviewer_type", sa.Text(), nullable=False),
        sa.Column("rating", sa.Integer(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("published_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "reviewer_type IN ('CLIENT','WORKER','AGENCY')", name=op.f("ck_reviews_reviewer_type_known")
        ),
        sa.CheckConstraint("rating BETWEEN 1 AND 5", name=op.f("ck_reviews_rating_in_range")),
        sa.CheckConstraint("reviewer_id <> reviewee_id", name=op.f("ck_reviews_not_oneself")),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_reviews_job_id_jobs")),
        sa.ForeignKeyConstraint(["reviewee_id"], ["accounts.id"], name=op.f("fk_reviews_reviewee_id_accounts")),
        sa.ForeignKeyConstraint(["reviewer_id"], ["accounts.id"], name=op.f("fk_reviews_reviewer_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
        sa.UniqueConstraint("job_id", "reviewer_id", name="uq_reviews_job_id_reviewer_id"),
    )
    op.create_index("ix_reviews_reviewee", "reviews", ["reviewee_id", "id"], unique=False)
    op.create_table(
        "conversation_participants",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=1, increment=1), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("read_seq", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_conversation_participants_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_conversation_participants_conversation_id_conversations"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversation_participants")),
        sa.UniqueConstraint("conversation_id", "account_id", name="uq_conversation_participants_pair"),
    )
    op.create_index(
        "ix_conversation_participants_account_id", "conversation_participants", ["account_id"], unique=False
    )
    op.create_table(
        "dispute_evidence",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=1, increment=1), nullable=False),
        sa.Column("dispute_id", sa.BigInteger(), nullable=False),
        sa.Column("by_account_id", sa.BigInteger(), nullable=False),
        sa.Column("media_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["by_account_id"], ["accounts.id"], name=op.f("fk_dispute_evidence_by_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(["dispute_id"], ["disputes.id"], name=op.f("fk_dispute_evidence_dispute_id_disputes")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute_evidence")),
    )
    op.create_index("ix_dispute_evidence_dispute_id", "dispute_evidence", ["dispute_id"], unique=False)
    op.create_table(
        "dispute_offers",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=1, increment=1), nullable=False),
        sa.Column("dispute_id", sa.BigInteger(), nullable=False),
        sa.Column("by_account_id", sa.BigInteger(), nullable=False),
        sa.Column("by_client", sa.Boolean(), nullable=False),
        sa.Column("to_payee", sa.BigInteger(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("accepted_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("to_payee >= 0", name=op.f("ck_dispute_offers_share_not_negative")),
        sa.ForeignKeyConstraint(
            ["by_account_id"], ["accounts.id"], name=op.f("fk_dispute_offers_by_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(["dispute_id"], ["disputes.id"], name=op.f("fk_dispute_offers_dispute_id_disputes")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute_offers")),
    )
    op.create_index("ix_dispute_offers_dispute_id", "dispute_offers", ["dispute_id"], unique=False)
    op.create_table(
        "messages",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=1, increment=1), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("sender_id", sa.BigInteger(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column(
            "attachments", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False
        ),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("seq > 0", name=op.f("ck_messages_seq_positive")),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_messages_conversation_id_conversations")
        ),
        sa.ForeignKeyConstraint(["sender_id"], ["accounts.id"], name=op.f("fk_messages_sender_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sa.UniqueConstraint("conversation_id", "sender_id", "client_id", name="uq_messages_client_id"),
        sa.UniqueConstraint("conversation_id", "seq", name="uq_messages_conversation_id_seq"),
    )
    op.create_index("ix_messages_sender_id", "messages", ["sender_id", "id"], unique=False)
    op.create_table(
        "withdrawals",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=1, increment=1), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("channel_code", sa.Text(), nullable=False),
        sa.Column("channel_name", sa.Text(), nullable=False),
        sa.Column("account_number", sa.Text(), nullable=False),
        sa.Column("account_name", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("payout_id", sa.Text(), nullable=True),
        sa.Column("payout_status", sa.Text(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("updated_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_withdrawals_payment_id_payments")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_withdrawals")),
        sa.UniqueConstraint("idempotency_key", name="uq_withdrawals_idempotency_key"),
        sa.UniqueConstraint("payment_id", name="uq_withdrawals_payment_id"),
        sa.UniqueConstraint("payout_id", name="uq_withdrawals_payout_id"),
    )


def downgrade() -> None:
    """Back."""
    op.drop_table("withdrawals")
    op.drop_index("ix_messages_sender_id", table_name="messages")
    op.drop_table("messages")
    op.drop_index("ix_dispute_offers_dispute_id", table_name="dispute_offers")
    op.drop_table("dispute_offers")
    op.drop_index("ix_dispute_evidence_dispute_id", table_name="dispute_evidence")
    op.drop_table("dispute_evidence")
    op.drop_index("ix_conversation_participants_account_id", table_name="conversation_participants")
    op.drop_table("conversation_participants")
    op.drop_index("ix_reviews_reviewee", table_name="reviews")
    op.drop_table("reviews")
    op.drop_index("ix_refresh_tokens_session_id", table_name="refresh_tokens")
    op.drop_table("refresh_tokens")
    op.drop_index("uq_payments_one_settlement", table_name="payments", postgresql_where=sa.text("credited_to = 'JOB'"))
    op.drop_index("uq_payments_one_attempt", table_name="payments", postgresql_where=sa.text("status = 'PENDING'"))
    op.drop_index("ix_payments_payer", table_name="payments")
    op.drop_index(
        "ix_payments_leaving",
        table_name="payments",
        postgresql_where=sa.text("type = 'WITHDRAWAL' AND status = 'PENDING'"),
    )
    op.drop_index("ix_payments_invoice_id", table_name="payments")
    op.drop_index("ix_payments_deposits", table_name="payments", postgresql_where=sa.text("type = 'DEPOSIT'"))
    op.drop_table("payments")
    op.drop_index("ix_kyc_views_case", table_name="kyc_views")
    op.drop_table("kyc_views")
    op.drop_index("ix_kyc_logs_kyc_id", table_name="kyc_logs")
    op.drop_table("kyc_logs")
    op.drop_table("kyc_files")
    op.drop_index("ix_job_photos_job", table_name="job_photos")
    op.drop_table("job_photos")
    op.drop_index("uq_disputes_one_open", table_name="disputes", postgresql_where=sa.text("status = 'OPEN'"))
    op.drop_index("ix_disputes_job_id", table_name="disputes")
    op.drop_table("disputes")
    op.drop_index(
        "ix_deliveries_waiting",
        table_name="deliveries",
        postgresql_where=sa.text(
            "channel = 'PUSH' AND NOT crowd AND claimed_at IS NULL AND sent_at IS NULL AND done_at IS NULL"
        ),
    )
    op.drop_index("ix_deliveries_push_token", table_name="deliveries")
    op.drop_table("deliveries")
    op.drop_table("conversations")
    op.drop_index(
        "uq_applications_accepted", table_name="applications", postgresql_where=sa.text("status = 'ACCEPTED'")
    )
    op.drop_index("ix_applications_worker", table_name="applications")
    op.drop_table("applications")
    op.drop_index("ix_worker_specializations_category", table_name="worker_specializations")
    op.drop_table("worker_specializations")
    op.drop_index("ix_worker_portfolio_account", table_name="worker_portfolio")
    op.drop_table("worker_portfolio")
    op.drop_index(
        "ix_worker_certifications_unseen",
        table_name="worker_certifications",
        postgresql_where=sa.text("decided_at IS NULL"),
    )
    op.drop_index("ix_worker_certifications_account", table_name="worker_certifications")
    op.drop_table("worker_certifications")
    op.drop_index("ix_sessions_account_live", table_name="sessions", postgresql_where=sa.text("ended_at IS NULL"))
    op.drop_table("sessions")
    op.drop_index("ix_push_tokens_account", table_name="push_tokens")
    op.drop_table("push_tokens")
    op.drop_index(
        "ix_profiles_best_workers", table_name="profiles", postgresql_where=sa.text("profile_type = 'WORKER'")
    )
    op.drop_index(
        "ix_profiles_best_agencies", table_name="profiles", postgresql_where=sa.text("profile_type = 'AGENCY'")
    )
    op.drop_table("profiles")
    op.drop_index("ix_postings_target", table_name="postings")
    op.drop_index("ix_postings_source", table_name="postings")
    op.drop_index("ix_postings_journal_id", table_name="postings")
    op.drop_table("postings")
    op.drop_index("ix_notifications_unread", table_name="notifications", postgresql_where=sa.text("read_at IS NULL"))
    op.drop_index("ix_notifications_account", table_name="notifications")
    op.drop_table("notifications")
    op.drop_table("notification_settings")
    op.drop_index("ix_media_sha256", table_name="media")
    op.drop_index("ix_media_owner_id", table_name="media")
    op.drop_index(
        "ix_media_loose", table_name="media", postgresql_where=sa.text("attached_to IS NULL AND removed_at IS NULL")
    )
    op.drop_index("ix_media_look", table_name="media", postgresql_where=sa.text("look IS NOT NULL"))
    op.drop_index("ix_media_attached_to", table_name="media")
    op.drop_table("media")
    op.drop_index("uq_kyc_pending", table_name="kyc", postgresql_where=sa.text("status = 'PENDING'"))
    op.drop_index("ix_kyc_queue", table_name="kyc", postgresql_where=sa.text("status = 'PENDING' AND is_uploaded"))
    op.drop_index("ix_kyc_account", table_name="kyc")
    op.drop_table("kyc")
    op.drop_index("ix_jobs_worker", table_name="jobs")
    op.drop_index("ix_jobs_search", table_name="jobs", postgresql_using="gin")
    op.drop_index(
        "ix_jobs_open_place", table_name="jobs", postgresql_where=sa.text("status = 'ACTIVE' AND job_type = 'LISTING'")
    )
    op.drop_index(
        "ix_jobs_open_category",
        table_name="jobs",
        postgresql_where=sa.text("status = 'ACTIVE' AND job_type = 'LISTING'"),
    )
    op.drop_index(
        "ix_jobs_open_budget", table_name="jobs", postgresql_where=sa.text("status = 'ACTIVE' AND job_type = 'LISTING'")
    )
    op.drop_index(
        "ix_jobs_open", table_name="jobs", postgresql_where=sa.text("status = 'ACTIVE' AND job_type = 'LISTING'")
    )
    op.drop_index("ix_jobs_client", table_name="jobs")
    op.drop_index("ix_jobs_agency", table_name="jobs")
    op.drop_table("jobs")
    op.drop_index(
        "uq_agency_employees_employed", table_name="agency_employees", postgresql_where=sa.text("status = 'ACTIVE'")
    )
    op.drop_index(
        "ix_agency_employees_invited", table_name="agency_employees", postgresql_where=sa.text("status = 'INVITED'")
    )
    op.drop_index("ix_agency_employees_agency", table_name="agency_employees")
    op.drop_table("agency_employees")
    op.drop_index("ix_account_tokens_account_id", table_name="account_tokens")
    op.drop_table("account_tokens")
    op.drop_index("ix_xendit_events_open", table_name="xendit_events", postgresql_where=sa.text("outcome IS NULL"))
    op.drop_table("xendit_events")
    op.drop_table("sign_in_failures")
    op.drop_table("rate_limits")
    op.drop_table("presence")
    op.drop_table("payout_channels")
    op.drop_index(
        "ix_outbox_open", table_name="outbox", postgresql_where=sa.text("done_at IS NULL AND failed_at IS NULL")
    )
    op.drop_index("ix_outbox_failed", table_name="outbox", postgresql_where=sa.text("failed_at IS NOT NULL"))
    op.drop_table("outbox")
    op.drop_table("ledger_accounts")
    op.drop_table("journals")
    op.drop_index("ix_idempotency_keys_created_at", table_name="idempotency_keys")
    op.drop_table("idempotency_keys")
    op.drop_index("ix_history_entity", table_name="history")
    op.drop_table("history")
    op.drop_table("first_decisions")
    op.drop_table("counters")
    op.drop_table("categories")
    op.drop_index("ix_audit_log_subject", table_name="audit_log")
    op.drop_index("ix_audit_log_actor_id", table_name="audit_log")
    op.drop_table("audit_log")
    op.drop_index("ix_accounts_place", table_name="accounts")
    op.drop_table("accounts")
