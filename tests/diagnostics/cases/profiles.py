"""profiles.yml: broken in every way, with a secret in it that is never shown."""

from __future__ import annotations

from typing import Final

from diagnostics.project import BASE, FEATURES, PROFILES, PROJECT, Case, edited

# What must be seen nowhere: a test looks for it in all that these cases say and write.
CANARY: Final = "c4n4ry"
OFFLINE: Final = "offline: {type: duckdb, path: .ffc/shop.duckdb}"
ONLINE: Final = "online: {type: sqlite, path: .ffc/online.db}"
ADDRESS: Final = f"redis://ann:{CANARY}@cache:6379/0"
WELL: Final = "{{ env_var('CACHE_URL') }}"


def changed(old: str, new: str, *says: str) -> Case:
    return Case(edited(PROFILES, (old, new)), says)


def online(text: str, *says: str) -> Case:
    """Return a target whose online store is set up in lines of its own."""
    lines = "".join(f"        {line}\n" for line in text.split("\n"))
    return changed(f"      {ONLINE}\n", f"      online:\n{lines}", *says)


def url(text: str) -> Case:
    """Return a target of which one setting has bad Jinja."""
    return online(f'type: sqlite\npassword: {CANARY}\nurl: "{text}"', "FF118")


CASES: Final[dict[str, Case]] = {
    "profile_setting_misspelt": changed("path: .ffc/shop.duckdb", "pth: .ffc/shop.duckdb", "FF104"),
    "profile_setting_unknown": changed(
        "path: .ffc/online.db", f"path: .ffc/online.db, password: {CANARY}", "FF104"
    ),
    "profile_setting_missing": changed(OFFLINE, "offline: {type: duckdb}", "FF106"),
    # Variables of the environment: how they are written, not what they are.
    "env_var_misspelt": url("{{ env_vr('CACHE_URL') }}"),
    "env_var_without_quotes": url("{{ env_var(CACHE_URL) }}"),
    "env_var_without_a_name": url("{{ env_var() }}"),
    "env_var_with_three_words": url(f"{{{{ env_var('CACHE_URL', 'a', '{CANARY}') }}}}"),
    "env_var_braces_open": url("{{ env_var('CACHE_URL')"),
    "env_var_one_brace_closes": url("{{ env_var('CACHE_URL') }"),
    "env_var_single_braces": url("{ env_var('CACHE_URL') }"),
    "env_var_no_braces": url(f"env_var('CACHE_URL') {CANARY}"),
    "env_var_bracket_open": url("{{ env_var('CACHE_URL' }}"),
    "env_var_quote_open": url("{{ env_var('CACHE_URL) }}"),
    "env_var_is_a_name": url("{{ CACHE_URL }}"),
    "env_var_empty": url("{{ }}"),
    "env_var_is_var": url("{{ var('cache_url') }}"),
    "env_var_is_text": url(f"{{{{ '{CANARY}' }}}}"),
    "env_var_other_function": url("{{ secret('CACHE_URL') }}"),
    "env_var_added_to": url(f"{{{{ env_var('CACHE_URL') + '{CANARY}' }}}}"),
    "env_var_filter_misspelt": url("{{ env_var('CACHE_URL') | lowr }}"),
    "env_var_in_a_tag": url("{% if true %}{{ env_var('CACHE_URL') }}"),
    "env_var_second_of_two": url(f"redis://{WELL}:{{{{ env_ar('PORT') }}}}/0"),
    "env_var_in_schema": changed("schema: dev", "schema: dev_{{ env_var(USER) }}", "FF118"),
    "env_var_unquoted": online(f"type: sqlite\nurl: {WELL}", "FF102"),
    "env_var_is_the_target": changed(
        "target: dev", "target: \"{{ env_var('TARGET', 'dev') }}\"", "FF118"
    ),
    "env_var_is_the_type": changed(
        "type: duckdb", "type: \"{{ env_var('KIND', 'duckdb') }}\"", "FF118"
    ),
    "env_var_of_another_target": Case(
        {
            PROFILES: f"{BASE[PROFILES]}    prod:\n      schema: x\n"
            "      offline: {type: snowflake, account: '{{ env_var(ACCOUNT) }}'}\n"
        },
        ("FF118",),
    ),
    # A secret on the line of a mistake.
    "secret_beside_a_tab": online(f"type: sqlite\n\tpassword: {CANARY}", "FF101"),
    "secret_without_a_colon": online(f"type: sqlite\npassword {CANARY}\nuser: ann", "FF101"),
    "secret_without_a_space": online(f"type: sqlite\npassword:{CANARY}\nuser: ann", "FF101"),
    "secret_without_a_space_in_brackets": changed(
        ONLINE, f"online: {{type: sqlite, password:{CANARY}}}", "FF101"
    ),
    "secret_with_two_colons": online(f"type: sqlite\npassword: {CANARY}: x", "FF101"),
    "secret_in_an_open_quote": online(f"type: sqlite\npassword: '{CANARY}", "FF101"),
    "secret_behind_a_quote": online(f'type: sqlite\npassword: "{CANARY}" {CANARY}', "FF101"),
    "secret_with_an_escape": online(f'type: sqlite\npassword: "\\{CANARY}"', "FF101"),
    "secret_that_is_an_alias": online(f"type: sqlite\npassword: *{CANARY}", "FF101"),
    "secret_that_is_a_tag": online(f"type: sqlite\npassword: !{CANARY}", "FF102"),
    "secret_that_begins_with_at": online(f"type: sqlite\npassword: @{CANARY}", "FF101"),
    "secret_twice": online(f"type: sqlite\npassword: {CANARY}\npassword: {CANARY}2", "FF103"),
    "secret_in_an_address": changed(ONLINE, f"onlin: {{type: sqlite, url: '{ADDRESS}'}}", "FF104"),
    "secret_in_a_block": online(
        f"type: sqlite\nkey: |\n  -----BEGIN\n  a: {CANARY}\n {CANARY}", "FF101"
    ),
    "secret_with_a_comma": online(f"type: sqlite\npassword: a, {CANARY}: {{b{CANARY}: x", "FF101"),
    "secret_over_lines": online(
        f'type: sqlite\nother: {{a: b,\n  password: "x\n    {CANARY}: y", c: {CANARY} d: {CANARY}}}',
        "FF101",
    ),
    "secret_in_a_key": changed(OFFLINE, f"'password={CANARY}': x\n      {OFFLINE}", "FF104"),
    "secret_in_a_comment": changed("target: dev", f"targt: dev  # not {CANARY}", "FF104"),
    "secret_for_a_store": changed(ONLINE, f"online: {CANARY}", "FF105"),
    "secret_for_an_output": Case(
        {PROFILES: f"shop:\n  target: dev\n  outputs:\n    dev: '{ADDRESS}'\n"}, ("FF105",)
    ),
    "secret_for_a_profile": Case({PROFILES: f"shop: {ADDRESS}\n"}, ("FF105",)),
    "secret_for_all": Case({PROFILES: f"{CANARY}\n"}, ("FF105",)),
    "secret_number_for_a_schema": changed("schema: dev", "schema: 12345", "FF105"),
    "secret_for_protected": changed(
        "      schema: dev\n", f"      schema: dev\n      protected: {CANARY}\n", "FF105"
    ),
    "secret_for_a_type": changed("type: duckdb", f"type: '{ADDRESS}'", "FF105"),
    "secret_file_not_utf8": Case(
        {PROFILES: BASE[PROFILES].encode() + f"# {CANARY} ".encode() + b"\xff\n"}, ("FF100",)
    ),
    # Names.
    "profile_type_misspelt": changed("offline: {type:", "offline: {tpye:", "FF106"),
    "profile_type_misspelt_online": changed("online: {type:", "online: {tpye:", "FF106"),
    "profile_online_store_is_text": online("main: {type: sqlite, path: a}\nother: redis", "FF105"),
    "profile_far_from_all": Case(edited(PROJECT, ("profile: shop", "profile: other")), ("FF113",)),
    "profile_far_from_all_targets": changed("target: dev", "target: production", "FF113"),
    "profile_missing_and_more": Case(
        {
            PROFILES: None,
            **edited(FEATURES, ("name: amount, type: float64", "name: amonut, type: float64")),
        },
        ("FF303", "FF701"),
    ),
    "profiles_too_large": Case({PROFILES: f"# {CANARY}\n" * 500_000}, ("FF100",)),
}
