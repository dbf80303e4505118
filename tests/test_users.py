"""The way in: people who sign in, and whose projects they see."""

import io
from pathlib import Path

import orjson
import pytest
from django.contrib.auth import authenticate
from django.core.management import call_command
from django.test import Client

from heatmaps.models import Membership, Organization, Project, User
from tests.commands import Commands
from tests.conftest import Api, document
from tests.processes import Service

GOOD = "correct horse battery"


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What standard input has."""
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{GOOD}\n"))


def projects_seen_by(email: str) -> list[str]:
    """What the viewer asks for, after a log-in as a browser does it."""
    api = Api(None)
    assert api.client.login(username=email, password=GOOD)
    return [project["name"] for project in document(api.get("/api/projects/"))["results"]]


def test_the_first_user_sees_the_first_project(commands: Commands, typed: None) -> None:
    project = commands.run("create_project", "Shop")
    assert commands.run("create_user", "ann@example.com", "--admin", "--password-stdin") == {
        "email": "ann@example.com",
        "admin": True,
        "organizations": ["Default"],
        "current_project": project["id"],
    }
    assert commands.said == "Made user ann@example.com, a member of Default.\n"
    assert projects_seen_by("ann@example.com") == ["Shop"]
    client = Client()
    assert client.post("/admin/login/", {"username": "ann@example.com", "password": GOOD}).status_code == 302
    assert client.get("/admin/").status_code == 200


def test_a_superuser_belongs_to_the_one_organization_there_is(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", GOOD)
    call_command("createsuperuser", email="root@example.com", interactive=False, verbosity=0)
    assert projects_seen_by("root@example.com") == ["Shop"]
    assert User.objects.get().current_project == project
    # Which of two it is to be nobody can know.
    Organization.objects.create(name="Globex")
    call_command("createsuperuser", email="second@example.com", interactive=False, verbosity=0)
    assert projects_seen_by("second@example.com") == []


def test_who_was_there_before_the_first_project_sees_it(commands: Commands) -> None:
    early = User.objects.create_superuser("root@example.com", GOOD)
    User.objects.create_user("ann@example.com", GOOD)
    project = commands.run("create_project", "Shop")
    assert (projects_seen_by("root@example.com"), projects_seen_by("ann@example.com")) == (["Shop"], [])
    early.refresh_from_db()
    assert early.current_project_id == project["id"]
    # Of a second organization nobody is a member by itself.
    commands.run("create_project", "Secrets", "--organization", "Globex")
    assert projects_seen_by("root@example.com") == ["Shop"]


def test_members_of_an_organization_without_projects_get_its_first_one(
    commands: Commands, organization: Organization
) -> None:
    Organization.objects.create(name="Globex")
    user = User.objects.create_user("ann@example.com", GOOD)
    user.join(organization)
    first = commands.run("create_project", "First", "--organization", "Acme")
    commands.run("create_project", "Second", "--organization", "Acme")
    user.refresh_from_db()
    assert user.current_project_id == first["id"]


def test_a_user_is_a_member_of_the_organizations_that_are_named(
    commands: Commands, project: Project, other_project: Project, typed: None
) -> None:
    made = commands.run(
        "create_user", "bob@EXAMPLE.com", "--organization", "Globex", "--organization", "Acme", "--password-stdin"
    )
    assert made == {
        "email": "bob@example.com",
        "admin": False,
        "organizations": ["Globex", "Acme"],
        "current_project": 2,
    }
    assert projects_seen_by("bob@example.com") == ["Shop", "Secrets"]
    assert not User.objects.get().is_staff


def test_a_user_of_no_organization_is_told_so(
    commands: Commands, project: Project, other_project: Project, typed: None
) -> None:
    made = commands.run("create_user", "bob@example.com", "--password-stdin")
    assert (made["organizations"], made["current_project"]) == ([], None)
    assert commands.said == (
        "Made user bob@example.com, who sees no project yet. "
        "`manage.py add_member bob@example.com --organization NAME` changes that.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["Ann@example.com"],
            "There is a user ann@example.com already. `manage.py set_password` changes the password.",
        ),
        (["nobody"], "'nobody' is no email address."),
        ([f"{'a' * 250}@example.com"], f"'{'a' * 250}@example.com' is no email address."),
        (["bob@example.com", "--organization", "Acne"], "There is no organization 'Acne'. There are: Acme."),
    ],
)
def test_a_user_that_cannot_be_is_not_made(
    commands: Commands, user: User, typed: None, arguments: list[str], sentence: str
) -> None:
    assert commands.refusal("create_user", *arguments, "--password-stdin") == sentence
    assert (User.objects.count(), Organization.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        ("short", "This password is too short. It must contain at least 12 characters."),
        ("", "This password is too short. It must contain at least 12 characters."),
        ("qwertyuiop123", "This password is too common."),
        ("bob.miller@example", "The password is too similar to the email address."),
    ],
)
def test_a_password_that_is_easily_guessed_is_refused(
    commands: Commands, user: User, monkeypatch: pytest.MonkeyPatch, password: str, sentence: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(password))
    assert commands.refusal("create_user", "bob.miller@example.com", "--password-stdin") == sentence
    assert User.objects.count() == 1
    if "similar" not in sentence:
        monkeypatch.setattr("sys.stdin", io.StringIO(password))
        assert commands.refusal("set_password", user.email, "--password-stdin") == sentence
        user.refresh_from_db()
        assert user.check_password(GOOD)


def test_a_password_that_is_not_utf_8_is_a_sentence(
    commands: Commands, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\xff\xfe\xfd\xfc\n"), "utf-8"))
    assert commands.refusal("set_password", user.email, "--password-stdin") == (
        "The password on standard input is not UTF-8."
    )


def test_without_a_terminal_the_password_has_to_be_given(
    commands: Commands, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{GOOD}\n"))
    sentence = "There is no terminal to ask for a password: give it on standard input, --password-stdin."
    assert commands.refusal("create_user", "bob@example.com") == sentence
    assert commands.refusal("set_password", user.email) == sentence


def test_a_new_password_signs_everyone_out(
    commands: Commands, user: User, session: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert session.list().status_code == 200
    monkeypatch.setattr("sys.stdin", io.StringIO("another horse battery\r\n"))
    assert commands.run("set_password", "ANN@example.com", "--password-stdin") == {"email": "ann@example.com"}
    assert session.list().status_code == 401
    assert authenticate(username="ann@example.com", password=GOOD) is None
    assert authenticate(username="ann@example.com", password="another horse battery") == user
    assert commands.refusal("set_password", "bob@example.com", "--password-stdin") == (
        "There is no user 'bob@example.com'. There are: ann@example.com."
    )


def test_users_are_listed(commands: Commands, user: User, other_project: Project) -> None:
    root = User.objects.create_superuser("root@example.com", GOOD, is_active=False)
    assert commands.run("list_users") == {
        "users": [
            {
                "email": "ann@example.com",
                "admin": False,
                "active": True,
                "organizations": ["Acme"],
                "current_project": 1,
                "last_login": None,
            },
            {
                "email": "root@example.com",
                "admin": True,
                "active": False,
                "organizations": [],
                "current_project": None,
                "last_login": None,
            },
        ]
    }
    root.delete()
    Client().force_login(user)
    user.refresh_from_db()
    assert user.last_login
    assert commands.shown("list_users") == (
        f"ann@example.com\tmember\tactive\tAcme\tcurrent project 1\tlast signed in {user.last_login:%Y-%m-%d %H:%M}\n"
    )


def test_without_users_the_list_says_how_to_make_one(commands: Commands) -> None:
    assert commands.run("list_users") == {"users": []}
    assert commands.said == ""
    assert commands.shown("list_users") == ""


def test_members_come_and_go(commands: Commands, user: User, other_project: Project, api: Api) -> None:
    assert api.list(project=2).status_code == 403
    joined = {"email": "ann@example.com", "organization": "Globex", "current_project": 1}
    for said in ("now", "already"):
        assert commands.run("add_member", "ann@example.com", "--organization", "Globex") == joined
        assert commands.said == f"ann@example.com is {said} a member of Globex.\n"
    assert [api.list(project=project).status_code for project in (1, 2)] == [200, 200]
    # The current project is one that they may still see.
    assert commands.run("remove_member", "Ann@Example.com", "--organization", "Acme") == {
        "email": "ann@example.com",
        "organization": "Acme",
        "current_project": 2,
    }
    assert [api.list(project=project).status_code for project in (1, 2, "@current")] == [403, 200, 200]
    commands.run("remove_member", "ann@example.com", "--organization", "Globex")
    assert [api.list(project=project).status_code for project in (2, "@current")] == [403, 404]
    assert commands.refusal("remove_member", "ann@example.com", "--organization", "Globex") == (
        "ann@example.com is not a member of Globex."
    )


def test_who_has_no_current_project_gets_the_first_of_the_organization(
    commands: Commands, organization: Organization
) -> None:
    user = User.objects.create_user("bob@example.com")
    for name in ("First", "Second"):
        Project.objects.create(name=name, organization=organization)
    commands.run("add_member", user.email, "--organization", "Acme")
    user.refresh_from_db()
    assert user.current_project
    assert user.current_project.name == "First"


@pytest.mark.parametrize("command", ["add_member", "remove_member"])
def test_a_membership_of_whom_or_what_there_is_not_is_refused(commands: Commands, user: User, command: str) -> None:
    Organization.objects.create(name="Globex")
    assert commands.refusal(command, "bob@example.com", "--organization", "Acme") == (
        "There is no user 'bob@example.com'. There are: ann@example.com."
    )
    assert commands.refusal(command, "ann@example.com", "--organization", "acme") == (
        "There is no organization 'acme'. There are: Acme, Globex."
    )
    assert Membership.objects.count() == 1


def test_what_there_is_is_told_only_in_part_when_it_is_much(commands: Commands) -> None:
    assert commands.refusal("add_member", "bob@example.com", "--organization", "Acme") == (
        "There is no user 'bob@example.com'. Make one with `manage.py create_user EMAIL`."
    )
    for number in range(12):
        User.objects.create_user(f"user-{number:02}@example.com")
    assert commands.refusal("set_password", "bob@example.com").endswith("user-08@example.com, user-09@example.com, …")
    assert commands.refusal("add_member", "user-00@example.com", "--organization", "Acme") == (
        "There is no organization 'Acme'. Make one with `manage.py create_project NAME --organization NAME`."
    )


def test_at_a_terminal_the_password_is_asked_twice_and_not_shown(tmp_path: Path) -> None:
    service = Service(directory=tmp_path)
    service.migrate()
    service.make_project()
    command = ("create_user", "bob@example.com", "--json")
    status, shown = service.run_at_terminal(*command, answers=[("Password: ", GOOD), ("again: ", "not the same")])
    assert status == 1
    assert "CommandError: The two passwords are not the same." in shown
    status, shown = service.run_at_terminal(*command, answers=[("Password: ", GOOD), ("again: ", GOOD)])
    assert (status, GOOD in shown) == (0, False)
    listed = orjson.loads(service.result("list_users", "--json"))["users"]
    assert [(one["email"], one["organizations"]) for one in listed] == [
        ("ann@example.com", ["Default"]),
        ("bob@example.com", ["Default"]),
    ]
