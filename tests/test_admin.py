"""The admin at /admin/: every page opens, and a key is shown once."""

import re
from typing import Any

import pytest
from django.contrib.admin import site
from django.core.management import call_command
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from heatmaps.drawing.recoding import Recoded
from heatmaps.models import Cohort, Membership, Organization, PersonalAPIKey, Picture, Project, User
from tests.conftest import Api

MODELS = [Organization, Project, Cohort, User, PersonalAPIKey]
# Told of and removed, and not made here.
LOOKED_AT = [Picture]
NO_MEMBERS = {"membership_set-TOTAL_FORMS": "0", "membership_set-INITIAL_FORMS": "0"}


@pytest.fixture
def admin(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root@example.com", "correct horse battery"))
    return client


def page(model: type[Model], name: str, *arguments: object) -> str:
    return reverse(f"admin:heatmaps_{model._meta.model_name}_{name}", args=arguments)


def errors(response: Any) -> dict[str, list[str]]:
    """What the form of a page says against its values."""
    return dict(response.context["adminform"].form.errors)


def test_every_model_that_stands_for_itself_has_its_pages() -> None:
    assert {model for model in site._registry if model.__module__.startswith("heatmaps.models.")} == {
        *MODELS,
        *LOOKED_AT,
    }


@pytest.mark.parametrize("model", MODELS)
def test_every_page_opens(admin: Client, project: Project, key: object, model: type[Model]) -> None:
    Cohort.objects.create(project=project, name="Buyers")
    thing = model._default_manager.first()
    assert thing is not None
    pages = [page(model, "changelist"), page(model, "add")]
    pages += [page(model, name, thing.pk) for name in ("change", "delete", "history")]
    pages.append(page(model, "changelist") + "?q=a")
    assert [(url, admin.get(url).status_code) for url in pages] == [(url, 200) for url in pages]


def test_pictures_are_told_of_and_removed(admin: Client, project: Project) -> None:
    drawn = Recoded(content=b"<script>", format="webp", width=1440, height=900)
    picture = Picture.keep(
        1, "https://shop.example/<b>", width=1440, height=900, drawn=drawn, created_by_id=User.objects.get().pk
    )
    assert picture
    for url in (page(Picture, "changelist") + "?q=shop", page(Picture, "change", picture.pk)):
        shown = admin.get(url).content.decode()
        assert "https://shop.example/&lt;b&gt;" in shown
        assert "&lt;script&gt;" not in shown
        assert "content" not in {field for line in re.findall(r'class="[^"]*field-(\w+)', shown) for field in [line]}
    assert admin.get(page(Picture, "add")).status_code == 403
    # What is sent to a page that shows is looked at by nobody.
    assert admin.post(page(Picture, "change", picture.pk), {"page": "x"}).status_code == 403
    assert admin.post(page(Picture, "delete", picture.pk), {"post": "yes"}).status_code == 302
    assert not Picture.objects.exists()


def test_what_a_page_that_adds_shows_is_what_is_saved(admin: Client, project: Project) -> None:
    """Nothing that is made when it is saved, such as a token: that one would be another one."""
    shown = admin.get(page(Project, "add")).content.decode()
    assert "phc_" not in shown
    assert "Token" not in shown
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-", admin.get(page(Organization, "add")).content.decode())
    form = {"organization": project.organization.pk, "name": "Blog", "timezone": "UTC", "test_account_filters": "[]"}
    saved = admin.post(page(Project, "add"), {**form, "_continue": "1"}, follow=True)
    assert saved.status_code == 200
    assert Project.objects.get(name="Blog").token in saved.content.decode()


def test_the_admin_has_the_name_of_the_service(admin: Client, project: Project) -> None:
    for client, url in (
        (Client(), reverse("admin:login")),
        (admin, reverse("admin:index")),
        (admin, page(Project, "add")),
    ):
        shown = client.get(url).content.decode()
        assert re.search(r"<title>[^<]*\| Heatmaps</title>", shown), url
        assert "Django" not in shown


def test_there_are_no_groups(admin: Client, user: User) -> None:
    assert "Groups" not in admin.get(reverse("admin:index")).content.decode()
    assert admin.get("/admin/auth/group/").status_code == 404
    for url in (page(User, "change", user.pk), page(User, "changelist")):
        assert "groups" not in admin.get(url).content.decode()


def test_the_admin_is_for_staff_only(user: User) -> None:
    client = Client()
    client.force_login(user)
    assert client.get(page(Project, "changelist")).status_code == 302


def test_people_log_in_with_their_email_address(db: None) -> None:
    User.objects.create_superuser("root@example.com", "correct horse battery")
    form = {"username": "root@example.com", "password": "correct horse battery"}
    client = Client()
    assert client.post(reverse("admin:login"), form).status_code == 302
    assert client.get(reverse("admin:index")).status_code == 200


def test_a_key_made_in_the_admin_works_and_is_shown_once(admin: Client, user: User) -> None:
    form = {"user": user.pk, "label": "Script", "scopes": '["heatmap:read"]'}
    shown = admin.post(page(PersonalAPIKey, "add"), form, follow=True).content.decode()
    key = PersonalAPIKey.objects.get()
    [secret] = set(re.findall(r"phx_[A-Za-z0-9_-]{47}", shown))
    assert Api(secret).list().status_code == 200
    for url in (page(PersonalAPIKey, "changelist"), page(PersonalAPIKey, "change", key.pk), reverse("admin:index")):
        later = admin.get(url).content.decode()
        assert secret not in later
        assert key.digest not in later
        assert key.digest.removeprefix("sha256$") not in later
    assert key.mask in admin.get(page(PersonalAPIKey, "change", key.pk)).content.decode()


def test_a_key_that_is_changed_stays_the_same_key_of_the_same_user(
    admin: Client, user: User, key: tuple[PersonalAPIKey, str]
) -> None:
    row, secret = key
    other = User.objects.get(email="root@example.com")
    form = {
        "user": other.pk,
        "label": "Renamed",
        "scopes": "[]",
        "digest": "x",
        "mask": "x",
        "last_used_at_0": "2020-01-01",
        "last_used_at_1": "00:00",
    }
    response = admin.post(page(PersonalAPIKey, "change", row.pk), form, follow=True)
    assert "phx_" + secret[4:] not in response.content.decode()
    changed = PersonalAPIKey.objects.values("user", "label", "scopes", "digest", "mask", "last_used_at").get()
    assert changed == {
        "user": user.pk,
        "label": "Renamed",
        "scopes": [],
        "digest": row.digest,
        "mask": row.mask,
        "last_used_at": None,
    }
    assert Api(secret).list().status_code == 403


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("scopes", "", "Type a JSON list of scopes such as [\"heatmap:read\"]."),
        ("scopes", '"heatmap:read"', "Type a JSON list of scopes such as [\"heatmap:read\"]."),
        ("scoped_teams", '["1"]', "Type a JSON list of project ids such as [1, 2]."),
        ("scoped_organizations", "[1]", "Type a JSON list of organization ids, as texts."),
    ],
)  # fmt: skip
def test_a_key_that_cannot_be_understood_is_not_made(
    admin: Client, user: User, field: str, value: str, reason: str
) -> None:
    form = {"user": user.pk, "label": "Script", "scopes": "[]", field: value}
    response = admin.post(page(PersonalAPIKey, "add"), form)
    assert errors(response) == {field: [reason]}
    assert "phx_" not in response.content.decode()
    assert not PersonalAPIKey.objects.exists()


def project_form(organization: Organization, **changes: str) -> dict[str, Any]:
    return {
        "organization": organization.pk,
        "name": "Shop",
        "timezone": "Europe/Berlin",
        "heatmaps_opt_in": "on",
        "test_account_filters": "[]",
    } | changes


def test_a_project_is_made_with_a_token(admin: Client, organization: Organization) -> None:
    admin.post(page(Project, "add"), project_form(organization))
    project = Project.objects.get()
    assert (project.name, project.timezone, project.test_account_filters) == ("Shop", "Europe/Berlin", [])
    assert project.token.startswith("phc_")


def test_emptied_filters_are_no_filters(admin: Client, organization: Organization) -> None:
    admin.post(page(Project, "add"), project_form(organization, test_account_filters=""))
    assert Project.objects.get().test_account_filters == []


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("timezone", "Mars", "'Mars' is not a time zone. Type a name such as Europe/Berlin or UTC."),
        ("test_account_filters", "[", "Enter a valid JSON."),
    ],
)
def test_a_project_that_cannot_be_is_refused(
    admin: Client, organization: Organization, field: str, value: str, reason: str
) -> None:
    response = admin.post(page(Project, "add"), project_form(organization, **{field: value}))
    assert errors(response) == {field: [reason]}
    assert not Project.objects.exists()


def test_filters_that_cannot_be_understood_are_refused(admin: Client, organization: Organization) -> None:
    form = project_form(organization, test_account_filters='[{"key": "a", "value": "b", "type": "session"}]')
    refused = errors(admin.post(page(Project, "add"), form))
    assert list(refused) == ["test_account_filters"]
    assert refused["test_account_filters"][0].startswith("The test-account filters cannot be used: ")
    assert not Project.objects.exists()


def membership_form(**fields: object) -> dict[str, Any]:
    """One new row of the memberships on a page."""
    rows = {f"membership_set-0-{name}": value for name, value in fields.items()}
    return rows | {"membership_set-TOTAL_FORMS": "1", "membership_set-INITIAL_FORMS": "0"}


def test_a_user_is_made_with_an_email_address_and_a_membership(admin: Client, project: Project) -> None:
    form = {
        "email": "bob@example.com",
        "usable_password": "true",
        "password1": "correct horse battery",
        "password2": "correct horse battery",
        "current_project": project.pk,
    }
    admin.post(page(User, "add"), form | membership_form(organization=project.organization_id))
    bob = User.objects.get(email="bob@example.com")
    assert bob.check_password("correct horse battery")
    assert bob.current_project == project
    assert Membership.objects.filter(user=bob, organization=project.organization).exists()


def test_nobody_is_a_member_twice(admin: Client, user: User, organization: Organization) -> None:
    form = {"name": organization.name} | membership_form(user=user.pk)
    response = admin.post(page(Organization, "change", organization.pk), form)
    assert response.status_code == 200
    assert "Membership with this User and Organization already exists." in response.content.decode()
    assert Membership.objects.count() == 1


def test_members_of_an_organization_are_on_its_page(admin: Client, user: User, organization: Organization) -> None:
    assert user.email in admin.get(page(Organization, "change", organization.pk)).content.decode()
    admin.post(page(Organization, "add"), {"name": "Umbrella"} | NO_MEMBERS)
    assert Organization.objects.filter(name="Umbrella").exists()


def test_the_first_superuser_is_made_by_djangos_command(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_EMAIL", "root@example.com")
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "correct horse battery")
    call_command("createsuperuser", "--noinput", verbosity=0)
    root = User.objects.get()
    assert (root.email, root.is_superuser, root.is_staff) == ("root@example.com", True, True)
    assert Client().login(username="root@example.com", password="correct horse battery")


# --- What others might try -----------------------------------------------------------------------------------------

SCRIPT = "<script>alert(1)</script>"


def test_scripts_in_names_are_shown_as_text(admin: Client, user: User, organization: Organization) -> None:
    Organization.objects.filter(pk=organization.pk).update(name=SCRIPT)
    project = Project.objects.create(organization=organization, name=SCRIPT)
    cohort = Cohort.objects.create(project=project, name=SCRIPT)
    key, _ = PersonalAPIKey.make(user, SCRIPT)
    User.objects.filter(pk=user.pk).update(email=f"{SCRIPT}@example.com", first_name=SCRIPT, current_project=project)
    things = (organization, project, cohort, key, user)
    for thing in things:
        for url in (
            page(type(thing), "changelist"),
            page(type(thing), "change", thing.pk),
            page(type(thing), "delete", thing.pk),
            page(type(thing), "history", thing.pk),
        ):
            text = admin.get(url).content.decode()
            assert SCRIPT not in text, url
    assert "&lt;script&gt;alert(1)" in admin.get(page(Project, "changelist")).content.decode()


def test_a_form_of_another_site_changes_nothing(db: None, organization: Organization) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_superuser("root@example.com", "correct horse battery"))
    sent = {"name": "Theirs", "organization": organization.pk, "timezone": "UTC"}
    before = Project.objects.count()
    for headers in ({}, {"origin": "https://evil.example"}):
        assert client.post(page(Project, "add"), sent, headers=headers).status_code == 403
    assert Project.objects.count() == before


def test_a_login_begins_a_new_session(db: None) -> None:
    User.objects.create_superuser("root@example.com", "correct horse battery")
    client = Client()
    session = client.session
    session["planted"] = "by somebody else"
    session.save()
    planted = session.session_key
    form = {"username": "root@example.com", "password": "correct horse battery"}
    assert client.post("/admin/login/?next=/admin/", form).status_code == 302
    assert client.session.session_key != planted
    thief = Client()
    thief.cookies["sessionid"] = planted or ""
    assert thief.get("/admin/").status_code == 302
