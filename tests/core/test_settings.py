"""Secrets that a start refuses to go without, each by its name."""

from typing import Any

import pytest

from iayos.settings import DEVELOPMENT_KEY, MissingSetting, from_env, keys_of

NEWEST, OLDER = "N" * 43 + "=", "O" * 43 + "="
PRODUCTION: dict[str, Any] = {
    "IAYOS_ENV": "production", "IAYOS_SECRET": "s" * 32, "IAYOS_XENDIT_API_KEY": "x", "IAYOS_XENDIT_CALLBACK_TOKEN": "x",
    "IAYOS_RESEND_API_KEY": "x", "IAYOS_SUPABASE_URL": "x", "IAYOS_SUPABASE_KEY": "x",
}  # fmt: skip


@pytest.mark.parametrize("keys", ["", DEVELOPMENT_KEY, f"{NEWEST},{DEVELOPMENT_KEY}"])
def test_production_refuses_the_encryption_key_of_development(keys: str) -> None:
    with pytest.raises(MissingSetting, match=r"IAYOS_ENCRYPTION_KEYS.*`iayos admin new-key`"):
        from_env(PRODUCTION | {"IAYOS_ENCRYPTION_KEYS": keys})


def test_production_takes_keys_of_its_own_newest_first() -> None:
    assert from_env(PRODUCTION | {"IAYOS_ENCRYPTION_KEYS": f"{NEWEST}, {OLDER},"}).keys == [NEWEST, OLDER]
    assert from_env({}).keys == [DEVELOPMENT_KEY]


@pytest.mark.parametrize(("keys", "place"), [("secret", 1), (f"{NEWEST},{OLDER[:-1]}", 2), (",", 1)])
def test_a_key_that_is_none_is_named_and_not_shown(keys: str, place: int) -> None:
    with pytest.raises(MissingSetting) as refused:
        from_env({"IAYOS_ENCRYPTION_KEYS": keys})
    assert f"IAYOS_ENCRYPTION_KEYS: no. {place} is not a key; `iayos admin new-key` makes one" in str(refused.value)
    assert keys not in str(refused.value) or keys == ","


def test_a_host_command_seals_with_the_key_of_development_only_where_that_is_named() -> None:
    with pytest.raises(MissingSetting, match="IAYOS_ENCRYPTION_KEYS is not set"):
        keys_of({})
    assert keys_of({"IAYOS_ENV": "development"}) == [DEVELOPMENT_KEY]
    with pytest.raises(MissingSetting, match="development's key"):
        keys_of({"IAYOS_ENV": "production", "IAYOS_ENCRYPTION_KEYS": DEVELOPMENT_KEY})
