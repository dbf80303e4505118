"""Who is asking, and may they."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from heatmaps.metadata import keys
from heatmaps.models import Membership, Organization, PersonalAPIKey, Project, User
from tests.conftest import Api, Interactions, body, document

HEATMAPS = "/api/projects/1/heatmaps/"
ROUTES = [
    "projects/{}/heatmaps",
    "projects/{}/heatmaps/events",
    "environments/{}/heatmaps",
    "environments/{}/heatmaps/events",
]
POINTS = '[{"x":0.06,"y":16}]'
FORM = "application/x-www-form-urlencoded"

NEVER = datetime.min.replace(tzinfo=UTC)
Key = tuple[PersonalAPIKey, str]


def unauthenticated(code: str, detail: str) -> dict[str, str | None]:
    return {"type": "authentication_error", "code": code, "detail": detail, "attr": None}


def invalid(place: str) -> dict[str, str | None]:
    return unauthenticated("authentication_failed", f"Personal API key found in request {place} is invalid.")


def forbidden(detail: str) -> dict[str, str | None]:
    return unauthenticated("permission_denied", detail)


NOTHING = unauthenticated("not_authenticated", "Authentication credentials were not provided.")


def test_nothing_is_401(anonymous: Api) -> None:
    response = anonymous.get(HEATMAPS)
    assert (response.status_code, document(response), response["WWW-Authenticate"]) == (401, NOTHING, "Bearer")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
@pytest.mark.parametrize("space", [" ", "   "])
def test_the_scheme_is_written_in_any_case(key: Key, anonymous: Api, scheme: str, space: str) -> None:
    assert anonymous.get(HEATMAPS, authorization=f"{scheme}{space}{key[1]}").status_code == 200


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Token x", "Basic YTpi", "Bearerx", "phx_x"])
def test_a_header_without_a_bearer_key_is_none(key: Key, anonymous: Api, header: str) -> None:
    assert document(anonymous.get(HEATMAPS, authorization=header)) == NOTHING
    assert anonymous.get(HEATMAPS, {"personal_api_key": key[1]}, authorization=header).status_code == 200


def test_each_place_of_a_key_opens(key: Key, anonymous: Api) -> None:
    _, secret = key
    json_body = json.dumps({"personal_api_key": secret}).encode()
    assert anonymous.get(HEATMAPS, {"personal_api_key": secret}).status_code == 200
    assert anonymous.ask("GET", HEATMAPS, content=json_body).status_code == 200
    form = f"personal_api_key={secret}".encode()
    assert anonymous.ask("GET", HEATMAPS, content=form, content_type=FORM).status_code == 200
    parts = f'--b\r\nContent-Disposition: form-data; name="personal_api_key"\r\n\r\n{secret}\r\n--b--\r\n'.encode()
    multipart = anonymous.ask("GET", HEATMAPS, content=parts, content_type="multipart/form-data; boundary=b")
    assert multipart.status_code == 200


def test_a_wrong_key_is_told_with_its_place(user: User, anonymous: Api) -> None:
    for response, place in (
        (anonymous.get(HEATMAPS, authorization="Bearer phx_wrong"), "Authorization header"),
        (anonymous.ask("GET", HEATMAPS, content=b'{"personal_api_key":"phx_wrong"}'), "body"),
        (anonymous.get(HEATMAPS, {"personal_api_key": "phx_wrong"}), "query string"),
    ):
        assert (response.status_code, document(response), response["WWW-Authenticate"]) == (
            401,
            invalid(place),
            "Bearer",
        )


def test_the_first_key_found_is_the_only_one_tried(key: Key, anonymous: Api) -> None:
    good = {"personal_api_key": key[1]}
    good_body = json.dumps(good).encode()
    bad_body = b'{"personal_api_key":"phx_wrong"}'
    bad_header = "Bearer phx_wrong"
    assert document(anonymous.get(HEATMAPS, good, authorization=bad_header)) == invalid("Authorization header")
    in_body = anonymous.ask("GET", HEATMAPS, content=good_body, authorization=bad_header)
    assert document(in_body) == invalid("Authorization header")
    assert document(anonymous.ask("GET", HEATMAPS, good, content=bad_body)) == invalid("body")
    in_order = anonymous.ask("GET", HEATMAPS, {"personal_api_key": "x"}, content=good_body)
    assert in_order.status_code == 200


def test_a_wrong_key_is_not_rescued_by_a_session(session: Api) -> None:
    assert session.get(HEATMAPS).status_code == 200
    assert document(session.get(HEATMAPS, authorization="Bearer phx_wrong")) == invalid("Authorization header")


def test_a_revoked_key_opens_nothing(api: Api, key: Key) -> None:
    assert api.list().status_code == 200
    key[0].delete()
    assert document(api.list()) == invalid("Authorization header")


def test_an_inactive_user_opens_nothing(api: Api, session: Api, user: User) -> None:
    user.is_active = False
    user.save()
    response = api.list()
    assert (response.status_code, document(response)) == (401, invalid("Authorization header"))
    assert document(session.list()) == NOTHING


def test_a_projects_token_is_no_key(anonymous: Api, project: Project) -> None:
    assert project.token.startswith("phc_")
    response = anonymous.get(HEATMAPS, authorization=f"Bearer {project.token}")
    assert (response.status_code, document(response)) == (401, invalid("Authorization header"))


@pytest.mark.parametrize("name", ["token", "api_key"])
def test_a_projects_token_swaps_no_project(
    api: Api, anonymous: Api, interactions: Interactions, other_project: Project, name: str
) -> None:
    interactions.add(team_id=2)
    assert api.answer(**{name: other_project.token}) == api.answer()
    assert document(anonymous.get("/api/heatmap/", {name: other_project.token})) == NOTHING


@pytest.mark.parametrize("content", [b"{", b"nonsense", b'{"a":NaN}', b"\xff\xfe", b"[" * 100_000])
def test_a_body_that_cannot_be_parsed_is_400_unless_a_header_makes_it_needless(
    key: Key, anonymous: Api, content: bytes
) -> None:
    response = anonymous.ask("GET", HEATMAPS, content=content)
    error = document(response)
    assert (response.status_code, error["type"], error["code"], error["attr"]) == (
        400,
        "invalid_request",
        "parse_error",
        None,
    )
    assert anonymous.ask("GET", HEATMAPS, content=content, authorization=f"Bearer {key[1]}").status_code == 200


def test_a_broken_multipart_body_is_400(anonymous: Api) -> None:
    response = anonymous.ask("GET", HEATMAPS, content=b"--x", content_type="multipart/form-data")
    assert (response.status_code, document(response)["code"]) == (400, "parse_error")
    part = b'--x\r\nContent-Disposition: form-data; name="a"; filename="b"\r\n\r\n1\r\n'
    many = part * 150 + b"--x--\r\n"
    response = anonymous.ask("GET", HEATMAPS, content=many, content_type="multipart/form-data; boundary=x")
    assert (response.status_code, document(response)["code"]) == (400, "parse_error")


@pytest.mark.parametrize("media_type", ["text/plain", "application/xml", "application/octet-stream"])
def test_a_body_of_another_kind_is_415(key: Key, anonymous: Api, media_type: str) -> None:
    response = anonymous.ask("GET", HEATMAPS, content=b"x", content_type=media_type)
    error = document(response)
    assert (response.status_code, error["type"], error["code"]) == (415, "invalid_request", "unsupported_media_type")
    with_key = anonymous.ask("GET", HEATMAPS, content=b"x", content_type=media_type, authorization=f"Bearer {key[1]}")
    assert with_key.status_code == 200


def test_a_body_that_is_too_large_is_413(anonymous: Api) -> None:
    response = anonymous.ask("GET", HEATMAPS, content=b" " * (2 * 1024**2 + 1))
    assert (response.status_code, document(response)["code"]) == (413, "request_too_large")


@pytest.mark.parametrize(
    "content",
    [b"[]", b"null", b"5", b'"phx_x"', b"{}", b'["personal_api_key"]']
    + [b'{"personal_api_key":%b}' % value for value in (b"1", b"null", b"true", b"[]", b'["x"]', b"{}", b'""')],
)  # fmt: skip
def test_a_body_without_a_key_in_it_is_nothing(anonymous: Api, content: bytes) -> None:
    response = anonymous.ask("GET", HEATMAPS, content=content)
    assert (response.status_code, document(response), response["WWW-Authenticate"]) == (401, NOTHING, "Bearer")


def test_a_file_named_like_the_key_is_nothing(anonymous: Api) -> None:
    parts = b'--b\r\nContent-Disposition: form-data; name="personal_api_key"; filename="k"\r\n\r\nx\r\n--b--\r\n'
    response = anonymous.ask("GET", HEATMAPS, content=parts, content_type="multipart/form-data; boundary=b")
    assert document(response) == NOTHING


@pytest.mark.parametrize("candidate", ["\0", "x" * 20_000, "' OR 1=1 --", "phx_é", "\ud800"])
def test_any_text_may_be_tried_as_a_key(anonymous: Api, candidate: str) -> None:
    response = anonymous.ask("GET", HEATMAPS, content=json.dumps({"personal_api_key": candidate}).encode())
    assert response.status_code in {400, 401}
    assert anonymous.get(HEATMAPS, {"personal_api_key": candidate.encode("utf-8", "replace")}).status_code == 401


def test_a_key_is_shown_once_and_kept_as_its_digest(key: Key) -> None:
    row, secret = key
    row.refresh_from_db()
    assert secret.startswith("phx_")
    # Base64 has 6 bits a character.
    assert (len(secret) - len("phx_")) * 6 >= 280
    assert row.digest == keys.digest(secret)
    assert row.digest.startswith("sha256$")
    assert len(row.digest) == len("sha256$") + 64
    assert row.mask == f"phx_...{secret[-4:]}"
    assert secret not in json.dumps([str(value) for value in vars(row).values()])


def test_imported_keys_without_the_prefix_work(user: User, anonymous: Api) -> None:
    PersonalAPIKey.objects.create(user=user, label="old", digest=keys.digest("an old key"), mask="phx_... key")
    assert anonymous.get(HEATMAPS, authorization="Bearer an old key").status_code == 200


def test_the_last_use_is_noted_once_an_hour(api: Api) -> None:
    def last_use() -> datetime:
        api.list()
        return PersonalAPIKey.objects.values_list("last_used_at", flat=True).get() or NEVER

    first = last_use()
    assert abs(timezone.now() - first) < timedelta(minutes=1)
    for age, is_noted in ((timedelta(minutes=59), False), (timedelta(minutes=61), True)):
        PersonalAPIKey.objects.update(last_used_at=first - age)
        assert (last_use() != first - age) is is_noted


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_no_key_may_use_other_methods_and_a_session_is_told_which_there_are(
    api: Api, session: Api, key: Key, method: str
) -> None:
    PersonalAPIKey.objects.update(scopes=["*"])
    for path in (HEATMAPS, f"{HEATMAPS}events/"):
        refused = api.ask(method, path)
        assert (refused.status_code, document(refused)) == (
            403,
            forbidden("This action does not support personal API key access"),
        )
        told = session.ask(method, path)
        assert (told.status_code, document(told)["code"]) == (405, "method_not_allowed")
        assert "GET" in told["Allow"]


def test_patch_asks_for_the_scope_to_write_and_then_is_none_of_the_methods(api: Api) -> None:
    response = api.ask("PATCH", HEATMAPS)
    assert (response.status_code, document(response)) == (
        403,
        forbidden("API key missing required scope 'heatmap:write'"),
    )
    PersonalAPIKey.objects.update(scopes=["heatmap:write"])
    assert api.ask("PATCH", HEATMAPS).status_code == 405


@pytest.mark.parametrize("scopes", [["*"], ["heatmap:read"], ["heatmap:write"], ["insight:read", "heatmap:read"]])
def test_scopes_that_read(api: Api, scopes: list[str]) -> None:
    PersonalAPIKey.objects.update(scopes=scopes)
    assert api.list().status_code == 200


@pytest.mark.parametrize(
    "scopes",
    [[], ["HEATMAP:READ"], ["heatmap:*"], ["heatmap"], [" heatmap:read"], ["heatmap:readx"], ["insight:read"], [""]],
)
def test_scopes_that_do_not(api: Api, scopes: list[str]) -> None:
    PersonalAPIKey.objects.update(scopes=scopes)
    response = api.list()
    assert (response.status_code, document(response)) == (
        403,
        forbidden("API key missing required scope 'heatmap:read'"),
    )


def test_what_a_key_lacks_is_told_in_order_and_membership_last(api: Api, user: User, other_project: Project) -> None:
    organization = other_project.organization
    PersonalAPIKey.objects.update(scoped_teams=[1], scoped_organizations=["elsewhere"], scopes=[])

    def refusal(method: str = "GET") -> object:
        response = api.ask(method, "/api/projects/2/heatmaps/")
        assert response.status_code == 403
        return document(response)

    assert refusal("POST") == forbidden("This action does not support personal API key access")
    assert refusal() == forbidden("API key does not have access to the requested project: ID 2.")
    PersonalAPIKey.objects.update(scoped_teams=[1, 2])
    assert refusal() == forbidden(f"API key does not have access to the requested organization: ID {organization.pk}.")
    PersonalAPIKey.objects.update(scoped_organizations=[str(organization.pk)])
    assert refusal() == forbidden("API key missing required scope 'heatmap:read'")
    PersonalAPIKey.objects.update(scopes=["heatmap:read"])
    assert refusal() == forbidden("You don't have access to the project.")
    Membership.objects.create(user=user, organization=organization)
    assert api.list(project=2).status_code == 200


@pytest.mark.parametrize("unset", [None, []])
def test_a_key_without_restrictions_opens_all_its_users_projects(api: Api, unset: list[str] | None) -> None:
    PersonalAPIKey.objects.update(scoped_teams=unset, scoped_organizations=unset)
    assert api.list().status_code == 200


@pytest.mark.parametrize("route", ROUTES)
def test_three_people_of_two_organizations_each_read_their_own(
    project: Project, other_project: Project, interactions: Interactions, route: str
) -> None:
    interactions.add_all([{"team_id": 1, "distinct_id": "of 1"}, {"team_id": 2, "distinct_id": "of 2"}])
    readable: dict[str, list[Project]] = {"ann": [project], "bob": [other_project], "eve": [project, other_project]}
    for name, projects in readable.items():
        user = User.objects.create_user(f"{name}@example.com")
        for one in projects:
            Membership.objects.create(user=user, organization=one.organization)
        with_key, with_session = Api(PersonalAPIKey.make(user, name)[1]), Api(None)
        with_session.client.force_login(user)
        for asked in (project, other_project):
            for api in (with_key, with_session):
                response = api.get(f"/api/{route.format(asked.pk)}/", {"points": POINTS})
                assert response.status_code == (200 if asked in projects else 403)
                if asked in projects:
                    assert len(document(response)["results"]) == 1
                    assert f"of {3 - asked.pk}".encode() not in body(response)


def test_losing_the_membership_loses_access(api: Api, organization: Organization) -> None:
    Membership.objects.all().delete()
    assert document(api.list()) == forbidden("You don't have access to the project.")


def test_a_superuser_is_no_member_of_everything(project: Project, other_project: Project) -> None:
    root = Api(PersonalAPIKey.make(User.objects.create_superuser("root@example.com"), "root")[1])
    assert document(root.list(project=2)) == forbidden("You don't have access to the project.")
