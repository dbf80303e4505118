"""The commands that make projects, keys and tables, as people and as scripts run them."""

import re
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from django.core.management import call_command, get_commands
from pytest_django import Settings

from heatmaps import engine
from heatmaps.engine import Query, clients
from heatmaps.metadata import keys
from heatmaps.models import Membership, Organization, PersonalAPIKey, Project, User, default_test_account_filters
from tests.commands import Commands
from tests.conftest import Api

# --- create_project ------------------------------------------------------------------------------------------------


def test_a_project_is_made_with_its_organization(commands: Commands) -> None:
    made = commands.run("create_project", "Shop", "--organization", "Acme")
    project = Project.objects.get()
    assert made == {
        "id": project.pk,
        "name": "Shop",
        "token": project.token,
        "organization_id": str(project.organization_id),
    }
    assert commands.said == f"Made project {project.pk} of Acme.\n"
    assert project.token.startswith("phc_")
    assert (project.organization.name, project.timezone, project.heatmaps_opt_in) == ("Acme", "UTC", True)


def test_an_organization_of_the_same_name_is_the_same_one(commands: Commands) -> None:
    first, second = (commands.run("create_project", name, "--organization", "Acme") for name in ("Shop", "Blog"))
    other = commands.run("create_project", "Shop")
    assert first["organization_id"] == second["organization_id"] != other["organization_id"]
    assert sorted(Organization.objects.values_list("name", flat=True)) == ["Acme", "Default"]
    assert len({first["token"], second["token"], other["token"]}) == 3


def test_a_project_has_a_time_zone(commands: Commands) -> None:
    commands.run("create_project", "Shop", "--timezone", "Europe/Berlin")
    assert Project.objects.get().timezone == "Europe/Berlin"


def test_a_project_takes_the_id_it_is_given_and_the_next_one_a_free_one(commands: Commands) -> None:
    ids = [commands.run("create_project", "Shop", *options)["id"] for options in ([], ["--id", "4000"], [])]
    assert ids == [ids[0], 4000, 4001]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["Shop", "--id", "7"], "There is a project 7 already."),
        (["Shop", "--id", "0"], "--id must be a whole number from 1 to 9223372036854775807."),
        (["Shop", "--id", str(2**63)], "--id must be a whole number from 1 to 9223372036854775807."),
        (
            ["Shop", "--timezone", "Mars"],
            "timezone: 'Mars' is not a time zone. Type a name such as Europe/Berlin or UTC.",
        ),
        ([""], "name: This field cannot be blank."),
        (["S" * 201], "name: Ensure this value has at most 200 characters (it has 201)."),
        (["Shop", "--organization", ""], "name: This field cannot be blank."),
    ],
)
def test_a_project_that_cannot_be_made_leaves_nothing_behind(
    commands: Commands, arguments: list[str], reason: str
) -> None:
    commands.run("create_project", "Seven", "--id", "7", "--organization", "Old")
    assert commands.refusal("create_project", "--organization", "New", *arguments) == reason
    assert list(Project.objects.values_list("name", flat=True)) == ["Seven"]
    assert list(Organization.objects.values_list("name", flat=True)) == ["Old"]


# --- create_api_key ------------------------------------------------------------------------------------------------


@pytest.fixture
def two_organizations(db: None) -> dict[str, Project]:
    """The older project is the one with the higher id."""
    initech, umbrella = Organization.objects.create(name="Initech"), Organization.objects.create(name="Umbrella")
    return {
        "shop": Project.objects.create(pk=20, name="Shop", organization=initech),
        "blog": Project.objects.create(pk=10, name="Blog", organization=umbrella),
    }


def organizations_of(email: str) -> set[str]:
    return set(Membership.objects.filter(user__email=email).values_list("organization__name", flat=True))


@pytest.mark.usefixtures("two_organizations")
def test_a_key_of_somebody_new_opens_all_projects(commands: Commands) -> None:
    made = commands.run("create_api_key", "--user", "eve@Example.com")
    key = PersonalAPIKey.objects.get()
    assert made == {"key": made["key"], "mask": f"phx_...{made['key'][-4:]}"}
    assert re.fullmatch(r"phx_[A-Za-z0-9_-]{47}", made["key"])
    assert key.digest == keys.digest(made["key"])
    assert made["key"] not in commands.said
    assert (key.scopes, key.scoped_teams, key.scoped_organizations) == (["heatmap:read"], None, None)
    assert key.user.email == "eve@example.com"
    assert not key.user.has_usable_password()
    assert key.user.current_project_id == 20
    assert organizations_of("eve@example.com") == {"Initech", "Umbrella"}
    assert [Api(made["key"]).list(project=project).status_code for project in (10, 20, "@current")] == [200] * 3


@pytest.mark.usefixtures("two_organizations")
def test_a_key_of_somebody_new_for_some_projects(commands: Commands) -> None:
    made = commands.run("create_api_key", "--user", "eve@example.com", "--project", "10")
    assert PersonalAPIKey.objects.get().scoped_teams == [10]
    assert User.objects.get().current_project_id == 10
    assert organizations_of("eve@example.com") == {"Umbrella"}
    assert [Api(made["key"]).list(project=project).status_code for project in (10, 20)] == [200, 403]


@pytest.mark.usefixtures("two_organizations")
def test_the_first_project_given_is_the_current_one(commands: Commands) -> None:
    commands.run("create_api_key", "--user", "eve@example.com", "--project", "20", "--project", "10")
    assert PersonalAPIKey.objects.get().scoped_teams == [20, 10]
    assert User.objects.get().current_project_id == 20
    assert organizations_of("eve@example.com") == {"Initech", "Umbrella"}


def test_a_key_for_some_organizations(commands: Commands, two_organizations: dict[str, Project]) -> None:
    umbrella = str(two_organizations["blog"].organization_id)
    made = commands.run("create_api_key", "--user", "eve@example.com", "--organization", umbrella)
    assert PersonalAPIKey.objects.get().scoped_organizations == [umbrella]
    assert organizations_of("eve@example.com") == {"Initech", "Umbrella"}
    assert [Api(made["key"]).list(project=project).status_code for project in (10, 20)] == [200, 403]


def test_somebody_known_stays_where_they_are(
    commands: Commands, two_organizations: dict[str, Project], user: User
) -> None:
    umbrella, theirs = two_organizations["blog"].organization, user.membership_set.get().organization
    limits = ["--project", "10"]
    for organization in (umbrella, theirs):
        limits += ["--organization", str(organization.pk)]
    made = commands.run("create_api_key", "--user", "Ann@Example.com", *limits, "--label", "Script")
    assert User.objects.count() == 1
    add = f"`manage.py add_member {user.email} --organization NAME` changes that."
    assert commands.said == (
        f"{user.email} is no member of Umbrella, so the key does not open project 10. {add}\n"
        f"{user.email} is no member of Umbrella, so the key does not open that organization. {add}\n"
        "Keep the key: it is not shown again.\n"
    )
    user.refresh_from_db()
    assert user.current_project_id == 1
    assert Membership.objects.filter(user=user).count() == 1
    assert PersonalAPIKey.objects.get().label == "Script"
    assert [Api(made["key"]).list(project=project).status_code for project in (10, 20)] == [403, 403]


@pytest.mark.parametrize(
    ("scopes", "told"),
    [
        (["bogus", "element:read"], "The scope 'bogus' opens nothing here.\n"),
        (["a", "heatmap:read", "b", "a"], "The scope 'a' opens nothing here.\nThe scope 'b' opens nothing here.\n"),
        (["heatmap:read", "heatmap:write", "element:read", "element:write", "*"], ""),
    ],
)
def test_a_scope_that_opens_nothing_is_told(commands: Commands, user: User, scopes: list[str], told: str) -> None:
    commands.run("create_api_key", "--user", user.email, *(f"--scope={scope}" for scope in scopes))
    assert commands.said == f"{told}Keep the key: it is not shown again.\n"
    assert PersonalAPIKey.objects.get().scopes == scopes


def test_a_key_can_be_made_before_any_project(commands: Commands) -> None:
    commands.run("create_api_key", "--user", "eve@example.com")
    assert (User.objects.get().current_project_id, organizations_of("eve@example.com")) == (None, set())


@pytest.mark.parametrize(
    ("scopes", "status"),
    [(["*"], 200), (["heatmap:write"], 200), (["insight:read", "any text"], 403), (["", "heatmap:read"], 200)],
)
def test_any_text_is_a_scope(commands: Commands, user: User, scopes: list[str], status: int) -> None:
    options = [text for scope in scopes for text in ("--scope", scope)]
    made = commands.run("create_api_key", "--user", user.email, *options)
    assert PersonalAPIKey.objects.get().scopes == scopes
    assert Api(made["key"]).list().status_code == status


MISSING = "0190d7a1-0000-7000-8000-000000000001"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--user", "ann"], "'ann' is no email address."),
        (["--user", "e@example.com", "--project", "9"], "There is no project 9. There are: 10, 20."),
        (["--user", "e@example.com", "--organization", MISSING], f"There is no organization {MISSING}."),
        (
            ["--user", "e@example.com", "--organization", "Acme"],
            "Error: argument --organization: invalid UUID value: 'Acme'",
        ),
        ([], "Error: the following arguments are required: --user"),
    ],
)
@pytest.mark.usefixtures("two_organizations")
def test_a_key_that_cannot_be_made_makes_nobody(commands: Commands, arguments: list[str], reason: str) -> None:
    assert commands.refusal("create_api_key", *arguments) == reason
    assert not User.objects.exists()
    assert not PersonalAPIKey.objects.exists()


# --- list_api_keys, revoke_api_key ---------------------------------------------------------------------------------


def test_keys_are_listed_by_their_masks(commands: Commands, user: User) -> None:
    assert commands.run("list_api_keys") == {"keys": []}
    made = commands.run("create_api_key", "--user", user.email, "--label", "Script", "--project", "1")
    key = PersonalAPIKey.objects.get()
    listed = {
        "mask": made["mask"],
        "label": "Script",
        "user": "ann@example.com",
        "scopes": ["heatmap:read"],
        "projects": [1],
        "organizations": None,
        "created_at": key.created_at.isoformat(),
        "last_used_at": None,
    }
    assert commands.run("list_api_keys") == {"keys": [listed]}
    assert commands.shown("list_api_keys") == (
        f"{made['mask']}\tann@example.com\tScript\theatmap:read\tprojects [1]\tnever used\n"
    )
    Api(made["key"]).list()
    key.refresh_from_db()
    assert key.last_used_at is not None
    assert commands.run("list_api_keys") == {"keys": [listed | {"last_used_at": key.last_used_at.isoformat()}]}
    assert commands.shown("list_api_keys").endswith(f"last used {key.last_used_at:%Y-%m-%d %H:%M}\n")


def test_a_list_of_keys_says_to_what_each_is_limited(commands: Commands, user: User) -> None:
    acme = str(Organization.objects.get().pk)
    gone = "00000000-0000-0000-0000-000000000000"
    for label, projects, organizations in (
        ("a", None, None),
        ("b", [1], None),
        ("c", None, [acme]),
        ("d", [1, 7], [acme, gone]),
        ("e", [], []),
    ):
        PersonalAPIKey.make(user, label, scoped_teams=projects, scoped_organizations=organizations)
    told = {line.split("\t")[2]: line.split("\t")[4] for line in commands.shown("list_api_keys").splitlines()}
    assert told == {
        "a": "projects all",
        "b": "projects [1]",
        "c": "projects all of Acme",
        "d": f"projects [1, 7] of Acme, {gone}",
        "e": "projects all",
    }


@pytest.mark.parametrize("by", ["key", "mask"])
def test_a_revoked_key_opens_nothing(commands: Commands, user: User, by: str) -> None:
    made, kept = (commands.run("create_api_key", "--user", user.email) for _ in range(2))
    assert commands.run("revoke_api_key", made[by]) == {"mask": made["mask"]}
    assert [Api(key["key"]).list().status_code for key in (made, kept)] == [401, 200]
    assert "There is no such key." in commands.refusal("revoke_api_key", made[by])


def test_a_mask_of_two_keys_revokes_neither(commands: Commands, user: User) -> None:
    secrets = ["phx_one-abcd", "phx_two-abcd"]
    for secret in secrets:
        PersonalAPIKey.objects.create(user=user, label="Key", digest=keys.digest(secret), mask=keys.mask(secret))
    assert commands.refusal("revoke_api_key", "phx_...abcd") == (
        "2 keys have the mask phx_...abcd. Give the key itself, or use the admin."
    )
    assert [Api(secret).list().status_code for secret in secrets] == [200, 200]
    commands.run("revoke_api_key", secrets[0])
    assert [Api(secret).list().status_code for secret in secrets] == [401, 200]


# --- set_project ---------------------------------------------------------------------------------------------------

SETTINGS = {
    "id": 1,
    "name": "Shop",
    "timezone": "UTC",
    "heatmaps_opt_in": True,
    "test_account_filters": default_test_account_filters(),
    "capture_mode": "all",
    "url_allowlist": [],
}
OWN_FILTERS = [{"key": "email", "operator": "not_icontains", "value": "@acme.com", "type": "person"}]


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("options", "changed"),
    [
        ([], {}),
        (["--timezone", "Asia/Tokyo"], {"timezone": "Asia/Tokyo"}),
        (["--heatmaps-opt-in", "false"], {"heatmaps_opt_in": False}),
        (["--test-account-filters", "[]"], {"test_account_filters": []}),
        (["--test-account-filters", orjson.dumps(OWN_FILTERS).decode()], {"test_account_filters": OWN_FILTERS}),
        (
            ["--timezone", "UTC", "--heatmaps-opt-in", "true", "--test-account-filters", "[]"],
            {"test_account_filters": []},
        ),
    ],
)
def test_a_projects_settings_change_one_by_one(commands: Commands, options: list[str], changed: dict[str, Any]) -> None:
    assert commands.run("set_project", "1", *options) == SETTINGS | changed
    assert commands.run("set_project", "1") == SETTINGS | changed


@pytest.mark.usefixtures("project")
def test_settings_are_shown_as_their_options_take_them(commands: Commands) -> None:
    own = orjson.dumps(OWN_FILTERS).decode()
    shown = commands.shown("set_project", "1", "--heatmaps-opt-in", "false", "--test-account-filters", own)
    assert shown.endswith(
        f"timezone: UTC\nheatmaps_opt_in: false\ntest_account_filters: {own}\ncapture_mode: all\nurl_allowlist: []\n"
    )


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["1", "--timezone", ""], "timezone: This field cannot be blank."),
        (["1", "--timezone", "../etc"], "timezone: '../etc' is not a time zone."),
        (["1", "--test-account-filters", "["], "--test-account-filters is not JSON: "),
        (["1", "--test-account-filters", "null"], "--test-account-filters must be a JSON list, such as []."),
        (["1", "--test-account-filters", "{}"], "--test-account-filters must be a JSON list, such as []."),
        (
            ["1", "--test-account-filters", '[{"type": "session"}]'],
            "test_account_filters: The test-account filters cannot be used: ",
        ),
        (["1", "--heatmaps-opt-in", "maybe"], "Error: argument --heatmaps-opt-in: invalid choice: 'maybe'"),
        (["9"], "There is no project 9. There are: 1."),
    ],
)
def test_settings_that_cannot_be_are_refused(commands: Commands, arguments: list[str], reason: str) -> None:
    refusal = commands.refusal("set_project", "--heatmaps-opt-in", "false", *arguments)
    assert refusal.startswith(reason)
    assert commands.run("set_project", "1") == SETTINGS


# --- migrate_clickhouse --------------------------------------------------------------------------------------------


@pytest.fixture
def kept_again(settings: Settings) -> Iterator[None]:
    """Afterwards the tables keep their rows for ever, as other tests need it."""
    yield
    settings.RETENTION_DAYS = 0
    call_command("migrate_clickhouse")


def rules() -> list[str]:
    """How long the tables keep their rows."""
    sql = (
        "SELECT engine_full FROM system.tables"
        " WHERE database = currentDatabase() AND name IN ('heatmaps', 'events') ORDER BY name"
    )
    found = [re.search("TTL (.*?) SETTINGS", engine) for (engine,) in engine.rows(Query(sql, {}))]
    return [rule[1] if rule else "" for rule in found]


@pytest.mark.usefixtures("kept_again")
def test_retention_follows_its_setting(commands: Commands, settings: Settings) -> None:
    assert rules() == [""] * 2
    for days, rule in {90: "timestamp + toIntervalDay(90)", 9: "timestamp + toIntervalDay(9)", 0: ""}.items():
        before = rules()
        settings.RETENTION_DAYS = days
        change = f"MODIFY TTL {rule};" if rule else "REMOVE TTL;"
        plan = commands.shown("migrate_clickhouse", "--plan")
        assert plan.strip().split("\n\n") == [f"ALTER TABLE {table} {change}" for table in ("heatmaps", "events")]
        assert rules() == before
        call_command("migrate_clickhouse")
        assert rules() == [rule] * 2
        assert commands.shown("migrate_clickhouse", "--plan").strip() == ""


def test_a_migration_drops_an_old_table_of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where ClickHouse keeps everybody else from it."""
    engine.close()
    monkeypatch.setitem(clients._WRITING, "max_table_size_to_drop", 1)
    try:
        with engine.writer() as client:
            client.command("CREATE TABLE old (text String) ENGINE = MergeTree ORDER BY text")
            client.insert("old", [["a row"]])
        refused = pytest.raises(engine.EngineError, match="TABLE_SIZE_EXCEEDS_MAX_DROP_SIZE_LIMIT")
        with refused, engine.writer() as client:
            client.command("DROP TABLE old")
    finally:
        with engine.patient_writer() as client:
            client.command("DROP TABLE old")
        engine.close()


# --- Help ------------------------------------------------------------------------------------------------------------


OURS = sorted(name for name, app in get_commands().items() if app == "heatmaps")


@pytest.mark.parametrize("name", OURS)
def test_help_shows_a_commands_own_options_only(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        call_command(name, "--help")
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    # Standard output of one is a protocol's.
    assert ("--json" in shown) == (name != "mcp")
    assert not re.search("--(verbosity|settings|pythonpath|traceback|no-color|force-color|skip-checks)", shown)
    # One has a --version that is not Django's.
    assert ("--version" in shown) == (name == "fetch_sdk")
