"""Share tokens: each opens the map of its own pages, and nothing else."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest
from django.http import QueryDict
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.timezone import now
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from rest_framework.exceptions import PermissionDenied, ValidationError

from heatmaps.access import scopes
from heatmaps.models import Membership, PersonalAPIKey, Project, Share, User
from heatmaps.population import regexes
from heatmaps.population.origins import BadPage, origins_of_pattern, origins_of_url
from heatmaps.questions import REGISTER
from heatmaps.questions.entry import Entry
from heatmaps.questions.heatmap.image.form import ImageForm
from heatmaps.requests import shares
from heatmaps.requests.reading import read
from heatmaps_service import logs
from tests.commands import Commands
from tests.conftest import Api, Interactions, body, document

PAGE = "https://shop.example/pricing"
SHARES = "/api/projects/1/heatmaps/shares/"
AREAS = '[{"name":"all","x":[0,1],"y":[0,100000]}]'
# What a question needs beside a page.
NEEDED: dict[str, dict[str, str]] = {
    "heatmaps-compare": {"against": "previous"},
    "heatmaps-areas": {"areas": AREAS},
    "heatmaps-events": {"points": '[{"x":0.25,"y":16,"target_fixed":false}]'},
    "element-values": {"key": "text"},
}
OPEN = [entry for entry in REGISTER if entry.opens_to_shares]
CLOSED = [entry for entry in REGISTER if not entry.opens_to_shares]


@pytest.fixture
def writer(user: User) -> Api:
    """Ann's key with heatmap:write."""
    return Api(PersonalAPIKey.make(user, "writes", scopes=[scopes.WRITE])[1])


@pytest.fixture
def share(project: Project) -> tuple[Share, str]:
    return Share.make(project, "url_page", PAGE, lasts=timedelta(hours=1), min_visitors=1)


@pytest.fixture
def holder(share: tuple[Share, str]) -> Api:
    """Whoever has the token of the page."""
    return Api(share[1])


def made(api: Api, **asked: Any) -> Any:
    response = api.ask("POST", SHARES, content=orjson.dumps(asked))
    assert response.status_code == 201, body(response)
    return document(response)


def asked(api: Api, entry: Entry[Any], project: int = 1, method: str = "GET", **parameters: str) -> Any:
    needed = NEEDED.get(entry.name, {}) | parameters
    path = f"/api/projects/{project}/{entry.path}/"
    if method == "POST":
        return api.ask("POST", path, content=orjson.dumps(needed))
    return api.ask(method, path, needed)


def numbers(holder: Api, **parameters: Any) -> list[int]:
    """The counts of a list that has to be a success."""
    return [point["count"] for point in holder.points(**parameters)]


# --- Making, listing, revoking ---------------------------------------------------------------------------------------


def test_a_share_is_made_listed_without_its_token_and_revoked(
    writer: Api, project: Project, interactions: Interactions
) -> None:
    interactions.add_all([{"distinct_id": f"v{number}", "current_url": PAGE} for number in range(5)])
    one = made(writer, url_page=PAGE, expires_in=3600, label="Ann")
    token = one.pop("token")
    assert re.fullmatch(r"phs_[\w-]{47}", token)
    row = Share.objects.get()
    assert one == {
        "id": row.pk,
        "mask": f"phs_...{token[-4:]}",
        "label": "Ann",
        "url_page": PAGE,
        "url_exact": None,
        "url_pattern": None,
        "origins": ["https://shop.example"],
        "min_visitors": 5,
        "created_at": row.created_at.isoformat().replace("+00:00", "Z"),
        "expires_at": (row.created_at + timedelta(hours=1)).isoformat().replace("+00:00", "Z"),
        "is_expired": False,
        "last_used_at": None,
    }
    assert token not in str(Share.objects.values())
    assert document(writer.get(SHARES)) == {"count": 1, "next": None, "previous": None, "results": [one]}
    holder = Api(token)
    assert numbers(holder, url_page=PAGE) == [5]
    assert document(writer.get(SHARES))["results"][0]["last_used_at"] is not None
    response = writer.ask("DELETE", f"{SHARES}{one['id']}/")
    assert (response.status_code, body(response)) == (204, b"")
    assert holder.list(url_page=PAGE).status_code == 401
    assert writer.ask("DELETE", f"{SHARES}{one['id']}/").status_code == 404


@pytest.mark.parametrize(
    ("sent", "attr"),
    [
        ({}, "url_page"),
        ({"url_page": PAGE, "url_exact": PAGE}, "url_exact"),
        ({"url_page": "/pricing"}, "url_page"),
        ({"url_page": "ftp://shop.example/"}, "url_page"),
        ({"url_exact": "https://ann:secret@shop.example/"}, "url_exact"),
        ({"url_exact": "https://shop.example:x/"}, "url_exact"),
        ({"url_pattern": "https://*.example/"}, "url_pattern"),
        ({"url_pattern": "https://shop.example/("}, "url_pattern"),
        ({"url_page": PAGE, "expires_in": 3599}, "expires_in"),
        ({"url_page": PAGE, "expires_in": 2_592_001}, "expires_in"),
        ({"url_page": PAGE, "min_visitors": 0}, "min_visitors"),
        ({"url_page": PAGE, "min_visitors": 1001}, "min_visitors"),
        ({"url_page": PAGE, "label": "x" * 201}, "label"),
        ({"url_page": "https://shop.example/" + "x" * 10_000}, "url_page"),
        ({"url_page": "https://shop.example/\0"}, "url_page"),
        ({"url_page": ["https://shop.example/"]}, "url_page"),
    ],
)
def test_what_is_wrong_with_a_new_share_is_told_by_its_name(writer: Api, sent: dict[str, Any], attr: str) -> None:
    response = writer.ask("POST", SHARES, content=orjson.dumps(sent))
    assert (response.status_code, document(response)["attr"]) == (400, attr), body(response)
    assert not Share.objects.exists()


@pytest.mark.parametrize("content", [b"[]", b"1", b"{", b'"x"', b"null"])
def test_a_body_that_is_no_object_is_refused(writer: Api, content: bytes) -> None:
    assert writer.ask("POST", SHARES, content=content).status_code == 400


@pytest.mark.parametrize("which", ["0", "x", "9" * 30, "²"])
def test_a_share_that_is_not_there_is_not_found(writer: Api, which: str) -> None:
    assert writer.ask("DELETE", f"{SHARES}{which}/").status_code == 404


def test_shares_of_another_project_are_neither_seen_nor_revoked(
    writer: Api, project: Project, other_project: Project
) -> None:
    theirs, _ = Share.make(other_project, "url_page", PAGE, lasts=timedelta(hours=1))
    assert document(writer.get(SHARES))["count"] == 0
    assert writer.ask("DELETE", f"{SHARES}{theirs.pk}/").status_code == 404
    for method, path in (("GET", ""), ("POST", ""), ("DELETE", f"{theirs.pk}/")):
        assert writer.ask(method, f"/api/projects/2/heatmaps/shares/{path}").status_code == 403
    assert Share.objects.filter(pk=theirs.pk).exists()


def test_a_key_that_only_reads_makes_no_shares(api: Api, share: tuple[Share, str]) -> None:
    for method, path in (("GET", SHARES), ("POST", SHARES), ("DELETE", f"{SHARES}{share[0].pk}/")):
        response = api.ask(method, path, content=b"{}")
        assert (response.status_code, document(response)["detail"]) == (
            403,
            "API key missing required scope 'heatmap:write'",
        )


def test_a_session_makes_shares_with_its_csrf_token(session: Api) -> None:
    assert made(session, url_page=PAGE)["min_visitors"] == 5
    strict = type(session.client)(enforce_csrf_checks=True)
    strict.force_login(User.objects.get())
    for method, path in (("post", SHARES), ("delete", f"{SHARES}{Share.objects.get().pk}/")):
        response = getattr(strict, method)(path, b'{"url_page":"https://shop.example/"}', "application/json")
        assert response.status_code == 403
    assert Share.objects.count() == 1


# --- What it opens ---------------------------------------------------------------------------------------------------


def test_it_opens_five_questions() -> None:
    assert sorted(entry.name for entry in OPEN) == [
        "heatmaps",
        "heatmaps-areas",
        "heatmaps-compare",
        "heatmaps-explain",
        "heatmaps-image",
    ]


@pytest.mark.parametrize("entry", OPEN, ids=lambda entry: entry.name)
def test_each_is_open_for_its_own_page_alone(entry: Entry[Any], holder: Api, other_project: Project) -> None:
    for method in (*entry.methods, "HEAD"):
        assert asked(holder, entry, method=method, url_page=PAGE).status_code == 200
        assert asked(holder, entry, method=method, url_page="https://shop.example/other").status_code == 403
        assert asked(holder, entry, method=method).status_code == 403
        assert asked(holder, entry, method=method, url_exact=PAGE).status_code == 403
        assert asked(holder, entry, method=method, url_pattern=".*").status_code == 403
        # Whether there is such a project is not told either.
        assert asked(holder, entry, project=2, method=method, url_page=PAGE).status_code == 403
        assert asked(holder, entry, project=3, method=method, url_page=PAGE).status_code == 403


@pytest.mark.parametrize("entry", OPEN, ids=lambda entry: entry.name)
@pytest.mark.parametrize("place", ["projects", "environments"])
def test_the_current_project_is_the_tokens_own(
    entry: Entry[Any], place: str, other_project: Project, user: User, holder: Api, interactions: Interactions
) -> None:
    """Whatever its maker's is. There are clicks on the page in this one only."""
    interactions.add_all([{"current_url": PAGE}, {"current_url": "https://shop.example/other"}])
    theirs = Api(Share.make(other_project, "url_page", PAGE, lasts=timedelta(hours=1), min_visitors=1)[1])
    needed = NEEDED.get(entry.name, {}) | {"url_page": PAGE}
    path = f"/api/{place}/@current/{entry.path}/"
    for token, project in ((holder, 1), (theirs, 2)):
        own = token.get(f"/api/{place}/{project}/{entry.path}/", needed)
        assert own.status_code == 200
        assert body(token.get(path, needed)) == body(own)
        assert token.get(path, needed | {"url_page": "https://shop.example/other"}).status_code == 403
    if entry.name == "heatmaps":
        assert body(holder.get(path, needed)) != body(theirs.get(path, needed))


@pytest.mark.parametrize("entry", CLOSED, ids=lambda entry: entry.name)
def test_all_other_questions_are_closed(entry: Entry[Any], holder: Api) -> None:
    for method in (*entry.methods, "HEAD", "OPTIONS"):
        assert asked(holder, entry, method=method, url_page=PAGE).status_code == 403


def routes(patterns: Any, before: str = "") -> list[str]:
    """Every route below /api and /mcp, with places filled in."""
    found = []
    for one in patterns:
        if isinstance(one, URLResolver):
            found += routes(one.url_patterns, before + str(one.pattern))
        elif isinstance(one, URLPattern):
            route = re.sub(r"\(\?P<\w+>[^)]*\)", "1", before + str(one.pattern))
            found.append("/" + route.lstrip("^").removesuffix("$").removesuffix("/?"))
    return [route for route in found if re.match(r"/(?:api|mcp)(?!/schema)", route)]


def test_no_route_and_no_method_opens_but_those_of_the_five(holder: Api) -> None:
    opened = {f"/api/{place}/1/{entry.path}" for place in ("projects", "environments") for entry in OPEN}
    others = [route for route in routes(get_resolver().url_patterns) if route not in opened and "(" not in route]
    # The current project is the token's own, and has no more open than that.
    others += [route.replace("/1", "/@current", 1) for route in others if "/1" in route]
    assert len(others) > 20
    answered = {
        (route, method): holder.ask(method, f"{route}/", {"url_page": PAGE}).status_code
        for route in others
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
    }
    assert set(answered.values()) <= {401, 403, 405}, {
        one: status for one, status in answered.items() if status not in {401, 403, 405}
    }
    for route in opened:
        for method in ("PUT", "PATCH", "DELETE"):
            assert holder.ask(method, f"{route}/", {"url_page": PAGE}).status_code in {403, 405}


@pytest.mark.parametrize("entry", OPEN, ids=lambda entry: entry.name)
def test_a_parameter_is_open_or_closed_and_none_by_chance(entry: Entry[Any]) -> None:
    closed = set(entry.form.parameters()) - shares.OPEN
    assert closed == {"cohort_ids", "events", "filter_test_accounts"}
    for name, field in entry.form._declared_fields.items():
        values = set(getattr(field, "words", ())) or set(getattr(field, "choices", ()))
        if name in shares.OPEN_VALUES:
            assert values - shares.OPEN_VALUES[name] <= {"unique_persons", "elements"}


@pytest.mark.parametrize("entry", OPEN, ids=lambda entry: entry.name)
@pytest.mark.parametrize(
    "parameter",
    [
        {"cohort_ids": "[1]"},
        {"cohort_ids": "no JSON"},
        {"events": '[{"id":"purchase"}]'},
        {"filter_test_accounts": "true"},
        {"filter_test_accounts": "false"},
        {"aggregation": "unique_persons"},
        {"include": "elements"},
        {"include": "types,elements"},
    ],
    ids=str,
)
def test_who_visitors_are_stays_closed(entry: Entry[Any], holder: Api, parameter: dict[str, Any]) -> None:
    (name,) = parameter
    if name not in entry.form.parameters():
        return
    status = asked(holder, entry, url_page=PAGE, **parameter).status_code
    # What the question does not know is wrong whoever asks.
    words = getattr(entry.form._declared_fields[name], "words", ("elements",))
    assert status == (403 if "elements" in words else 400)


@pytest.mark.parametrize(
    "against",
    [
        {"url_page": "https://shop.example/other"},
        {"url_exact": PAGE},
        {"url_pattern": ".*"},
        {"url_page": None},
        {"cohort_ids": [1]},
        {"events": [{"id": "purchase"}]},
        {"filter_test_accounts": True},
        {"filter_test_accounts": False},
    ],
    ids=str,
)
@pytest.mark.parametrize("name", ["heatmaps-compare", "heatmaps-areas", "heatmaps-image"])
def test_the_other_side_is_closed_as_well(name: str, against: dict[str, Any], holder: Api) -> None:
    entry = next(entry for entry in OPEN if entry.name == name)
    sent = orjson.dumps(against).decode()
    assert asked(holder, entry, url_page=PAGE, against=sent).status_code == 403
    assert asked(holder, entry, url_page=PAGE, against='{"viewport_width_max":500}').status_code == 200


@pytest.mark.parametrize("entry", OPEN, ids=lambda entry: entry.name)
def test_unknown_expired_and_revoked_tokens_open_nothing(entry: Entry[Any], project: Project) -> None:
    expired, late = Share.make(project, "url_page", PAGE, lasts=timedelta(hours=1))
    Share.objects.filter(pk=expired.pk).update(expires_at=now())
    revoked, gone = Share.make(project, "url_page", PAGE, lasts=timedelta(hours=1))
    revoked.delete()
    for token in (late, gone, "phs_unknown"):
        response = asked(Api(token), entry, url_page=PAGE)
        assert (response.status_code, response["WWW-Authenticate"]) == (401, "Bearer")


def test_a_token_in_an_address_a_body_or_a_cookie_opens_nothing(share: tuple[Share, str], anonymous: Api) -> None:
    token = share[1]
    assert anonymous.list(url_page=PAGE, personal_api_key=token).status_code == 401
    assert anonymous.list(url_page=PAGE, token=token, heatmap=token).status_code == 401
    path = "/api/projects/1/heatmaps/areas/"
    content = orjson.dumps({"url_page": PAGE, "areas": orjson.loads(AREAS), "personal_api_key": token})
    assert anonymous.ask("POST", path, content=content).status_code == 401
    for name in ("sessionid", "heatmap", "Authorization"):
        anonymous.client.cookies[name] = token
    assert anonymous.list(url_page=PAGE).status_code == 401


def test_a_token_and_a_session_together_are_the_token(session: Api, share: tuple[Share, str]) -> None:
    session.key = share[1]
    assert session.list(url_page=PAGE).status_code == 200
    assert session.list(url_page="https://shop.example/other").status_code == 403
    assert session.get("/api/projects/").status_code == 403


def test_a_key_is_no_token_and_a_token_no_key(api: Api, user: User, share: tuple[Share, str]) -> None:
    """What is stored has the same form; neither is looked for among the others."""
    PersonalAPIKey.objects.update(digest=Share.objects.get().digest)
    Membership.objects.all().delete()
    assert Api(share[1]).list(url_page=PAGE).status_code == 200
    assert Api(share[1]).list().status_code == 403


# --- Which pages are its own -----------------------------------------------------------------------------------------

URLS = [
    PAGE,
    PAGE + "/",
    PAGE + "?a=1",
    PAGE + "#top",
    "https://shop.example/Pricing",
    "https://shop.example/pricing2",
    "https://shop.example/pricing/more",
    "https://shop.example/",
    "http://shop.example/pricing",
    "https://shop.example.evil/pricing",
    "https://shop.example/pricing#/cart",
]


@pytest.mark.parametrize(
    ("kind", "url", "same", "others"),
    [
        (
            "url_page",
            PAGE,
            [
                {"url_page": PAGE},
                {"url_page": f"{PAGE}/"},
                {"url_page": f" {PAGE}?a=1&b=2#top "},
                {"url_page": "HTTPS://Shop.Example:443/%70ricing//"},
                {"url_page": PAGE, "url_exact": "https://shop.example/other"},
                {"url_page": [f"{PAGE}/other", PAGE]},
                {"url_page": PAGE, "url_pattern": ""},
            ],
            [
                {"url_page": f"{PAGE}/other"},
                {"url_page": "https://shop.example/Pricing"},
                {"url_page": "http://shop.example/pricing"},
                {"url_page": "https://shop.example/%2Fpricing"},
                {"url_page": "https://shop.example/pricing%2F"},
                {"url_page": "https://shop.example./pricing"},
                {"url_page": "https://shop.example:8443/pricing"},
                {"url_page": f"{PAGE}#/cart"},
                {"url_page": f"{PAGE}%00"},
                {"url_page": "/pricing"},
                {"url_page": [PAGE, f"{PAGE}/other"]},
                {"url_page": PAGE, "url_pattern": ".*"},
                {"url_page": PAGE, "url_pattern": PAGE},
                {"url_page[]": PAGE},
                {"URL_PAGE": PAGE},
                {"url_exact": PAGE},
            ],
        ),
        (
            "url_exact",
            PAGE + "/",
            [{"url_exact": PAGE}, {"url_exact": f"{PAGE}//"}, {"url_exact": PAGE, "url_pattern": PAGE}],
            [
                {"url_exact": f"{PAGE}?a=1"},
                {"url_exact": "https://shop.example/%70ricing"},
                {"url_exact": "https://SHOP.example/pricing"},
                {"url_exact": PAGE, "url_page": PAGE},
                {"url_exact": PAGE, "url_page": "https://shop.example/other"},
                {"url_exact": PAGE, "url_pattern": f"{PAGE}.*"},
                {"url_exact": [PAGE, "https://shop.example/other"]},
                {"url_page": PAGE},
            ],
        ),
        (
            "url_pattern",
            "https://shop.example/p*",
            [
                {"url_pattern": "https://shop.example/p*"},
                {"url_pattern": "^https://shop.example/p.+$"},
                {"url_pattern": "https://shop.example/p*", "url_page": "https://shop.example/other"},
            ],
            [
                {"url_pattern": "https://shop.example/*"},
                {"url_pattern": "https://shop.example/p*|.*"},
                {"url_pattern": "(?i)https://shop.example/p*"},
                {"url_pattern": "https://shop.example/p*", "url_exact": "https://shop.example/p*"},
                {"url_page": PAGE},
                {"url_exact": PAGE},
            ],
        ),
    ],
    ids=["page", "exact", "pattern"],
)
def test_its_pages_are_known_in_whatever_way_they_are_written(  # noqa: PLR0917 -- a row of the table above, and who asks
    kind: str,
    url: str,
    same: list[dict[str, Any]],
    others: list[dict[str, Any]],
    api: Api,
    project: Project,
    interactions: Interactions,
) -> None:
    interactions.add_all([{"current_url": one, "x": number} for number, one in enumerate(URLS)])
    holder = Api(Share.make(project, kind, url, lasts=timedelta(hours=1), min_visitors=1)[1])
    own = api.points(**{kind: url})
    assert own
    for parameters in same:
        assert holder.points(**parameters) == own, parameters
    for parameters in others:
        assert holder.list(**parameters).status_code == 403, parameters


_PIECES = ["https://", "HTTPS://", "http://", "shop.example", "Shop.Example", ":443", "/", "//", "pricing", "%70ricing"]
_PIECES += [
    "Pricing",
    "%2F",
    "..",
    ".",
    "?",
    "?url_page=",
    "#",
    "#/",
    "&",
    "%00",
    "\\",
    " ",
    "2",
    "/more",
    ".*",
    "|",
    "@",
]
_WRITTEN = st.sampled_from(URLS) | st.lists(st.sampled_from(_PIECES), max_size=8).map("".join)
_VALUES = _WRITTEN | st.builds(str.__add__, st.sampled_from(URLS), _WRITTEN) | st.lists(_WRITTEN, max_size=3)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    kind=st.sampled_from(["url_page", "url_exact", "url_pattern"]),
    asked_with=st.dictionaries(st.sampled_from(["url_page", "url_exact", "url_pattern", "url_page[]"]), _VALUES),
    against=st.none()
    | st.dictionaries(st.sampled_from(["url_page", "url_exact", "url_pattern"]), _WRITTEN, min_size=1),
)
@example(kind="url_page", asked_with={"url_page": ["/x", f"{PAGE}/?a#b"]}, against={"url_page": f"{PAGE}?c"})
@example(kind="url_exact", asked_with={"url_exact": f"{PAGE}//", "url_pattern": f"{PAGE}//"}, against=None)
@example(kind="url_pattern", asked_with={"url_pattern": PAGE, "url_page": "/x"}, against={"url_exact": "/y"})
def test_no_way_to_write_a_url_opens_another_page(
    kind: str,
    asked_with: dict[str, Any],
    against: dict[str, str] | None,
    project: Project,
) -> None:
    """What is asked in the end has the token's own pages, on both sides, or nothing is asked."""
    share, _ = Share.make(project, kind, PAGE, lasts=timedelta(hours=1))
    query = QueryDict(
        urlencode({**asked_with, "against": orjson.dumps(against or {"viewport_width_max": 9}).decode()}, doseq=True)
    )
    try:
        question = read(ImageForm, query, project, share=share)
    except (PermissionDenied, ValidationError):
        return
    own: dict[str, str | None] = {"url_page": None, "url_exact": None, "url_pattern": None}
    own[kind] = f"^{PAGE}$" if kind == "url_pattern" else PAGE
    for side in (question.filters, question.side_b):
        assert {name: getattr(side, name) for name in own} == own


def test_a_host_in_letters_of_its_own_is_known_by_its_punycode(project: Project, interactions: Interactions) -> None:
    interactions.add(current_url="https://xn--bcher-kva.example/")
    share, token = Share.make(project, "url_page", "https://bücher.example/", lasts=timedelta(hours=1), min_visitors=1)
    assert share.origins == ["https://xn--bcher-kva.example"]
    assert numbers(Api(token), url_page="https://xn--bcher-kva.example/") == [1]


# --- Visitors, explanations ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "entry", [one for one in OPEN if "min_visitors" in one.form.parameters()], ids=lambda one: one.name
)
def test_its_min_visitors_is_a_floor(entry: Entry[Any], project: Project) -> None:
    token = Share.make(project, "url_page", PAGE, lasts=timedelta(hours=1), min_visitors=7)[0]
    for wanted, effective in ((None, 7), (1, 7), (6, 7), (7, 7), (8, 8)):
        data = NEEDED.get(entry.name, {}) | {"url_page": PAGE} | ({} if wanted is None else {"min_visitors": wanted})
        form = entry.form(data=data, context={"project": project, "now": now(), "address": "", "share": token})
        assert form.is_valid(), form.errors
        assert form.question().min_visitors == effective


def test_cells_of_few_visitors_are_left_out(project: Project, interactions: Interactions) -> None:
    interactions.add_all([{"distinct_id": f"v{number}", "current_url": PAGE, "x": 2} for number in range(5)])
    interactions.add_all([{"distinct_id": f"v{number}", "current_url": PAGE, "x": 3} for number in range(4)])
    holder = Api(Share.make(project, "url_page", PAGE, lasts=timedelta(hours=1))[1])
    assert numbers(holder, url_page=PAGE) == numbers(holder, url_page=PAGE, min_visitors=1) == [5]
    coverage = holder.answer(url_page=PAGE, include="coverage")["coverage"]
    assert (coverage["cells_hidden"], coverage["count_total"]) == (1, 9)


def test_an_explanation_begins_at_the_page(holder: Api, interactions: Interactions) -> None:
    other = {"current_url": "https://shop.example/secret-launch", "type": "secret"}
    interactions.add_all([{"current_url": PAGE}, {"current_url": PAGE, "viewport_width": 100}, other, other])
    told = holder.explanation(url_page=PAGE, viewport_width_max=1100)
    assert told == {
        "matched": 1,
        "steps": [
            {"filter": "url", "remaining": 2},
            {"filter": "viewport", "remaining": 1},
            {"filter": "hide_zero_coordinates", "remaining": 1},
        ],
        "without": [
            {"filter": "viewport", "matched": 2},
            {"filter": "dates", "matched": 1},
            {"filter": "type", "matched": 1},
            {"filter": "hide_zero_coordinates", "matched": 1},
        ],
        "types": [{"type": "click", "count": 1, "last_seen": "2026-03-30T12:00:00Z"}],
        "widths": [
            {"width": "1024-1199", "count": 1, "share": 0.5},
            {"width": "1600-", "count": 1, "share": 0.5},
        ],
        "dates": {"first_seen": "2026-03-30T12:00:00Z", "last_seen": "2026-03-30T12:00:00Z"},
        "reason": None,
        "message": "1 interaction matches: without the filter by viewport there are 2.",
    }


def test_an_explanation_of_nothing_names_no_other_page(project: Project, interactions: Interactions) -> None:
    interactions.add(current_url="https://shop.example/secret-launch", type="secret")
    holder = Api(Share.make(project, "url_page", PAGE, lasts=timedelta(hours=1))[1])
    told = holder.explanation(url_page=PAGE)
    assert "secret" not in str(told)
    assert (told["reason"], told["steps"][0]) == ("url", {"filter": "url", "remaining": 0})
    assert told["message"] == "Nothing was captured in these dates: choose longer ones, such as date_from=all."


def test_nothing_of_the_project_but_the_page_changes_an_answer(holder: Api, interactions: Interactions) -> None:
    def answers() -> list[bytes]:
        return [body(asked(holder, entry, url_page=PAGE)) for entry in OPEN]

    interactions.add_all([{"current_url": PAGE, "type": kind} for kind in ("click", "rageclick")])
    before = answers()
    interactions.add_all(
        [{"current_url": f"{PAGE}2", "type": kind, "distinct_id": "x"} for kind in ("click", "deadclick", "mousemove")]
    )
    interactions.add(team_id=2, current_url=PAGE)
    assert answers() == before


# --- Origins ---------------------------------------------------------------------------------------------------------

OWN, STRANGE = "https://shop.example", "https://evil.example"


def allowed(response: Any) -> str | None:
    value: str | None = response.headers.get("Access-Control-Allow-Origin")
    return value


def preflight(path: str, origin: str) -> Any:
    return Api(None).ask(
        "OPTIONS",
        path,
        origin=origin,
        access_control_request_method="GET",
        access_control_request_headers="authorization",
    )


def test_a_preflight_allows_the_origins_of_the_projects_live_tokens(
    share: tuple[Share, str], other_project: Project
) -> None:
    Share.make(other_project, "url_page", "https://globex.example/", lasts=timedelta(hours=1))
    for place in ("projects", "environments"):
        path = f"/api/{place}/1/heatmaps/"
        response = preflight(path, OWN)
        assert (response.status_code, allowed(response)) == (200, OWN)
        assert "authorization" in response["Access-Control-Allow-Headers"]
        for origin in (STRANGE, "https://globex.example", "http://shop.example", "null", f"{OWN}:8443", "HTTPS://shop"):
            assert allowed(preflight(path, origin)) is None
    for path in ("/api/projects/2/heatmaps/", "/api/projects/@other/heatmaps/", "/api/projects/", "/api/heatmap/"):
        assert allowed(preflight(path, OWN)) is None
    # Whose current project it is, only the token could tell.
    for place in ("projects", "environments"):
        current = f"/api/{place}/@current/heatmaps/"
        assert [allowed(preflight(current, one)) for one in (OWN, "https://globex.example", STRANGE)] == [
            OWN,
            "https://globex.example",
            None,
        ]
    Share.objects.filter(pk=share[0].pk).update(expires_at=now())
    for project in ("1", "@current"):
        assert allowed(preflight(f"/api/projects/{project}/heatmaps/", OWN)) is None


def test_a_reply_is_for_the_tokens_own_origin(
    holder: Api, api: Api, project: Project, settings: Any, share: tuple[Share, str]
) -> None:
    Share.make(project, "url_page", "https://second.example/", lasts=timedelta(hours=1))
    settings.CORS_ALLOWED_ORIGINS = ["https://dashboard.example"]
    path, page = "/api/projects/1/heatmaps/", {"url_page": PAGE}
    assert allowed(holder.get(path, page, origin=OWN)) == OWN
    # A refusal can be read by the page, too.
    assert allowed(holder.get(path, {}, origin=OWN)) == OWN
    for origin in (STRANGE, "https://second.example", "https://dashboard.example", "null"):
        response = holder.get(path, page, origin=origin)
        assert (response.status_code, allowed(response)) == (200, None)
        assert "origin" in response["Vary"]
    assert allowed(api.get(path, page, origin="https://dashboard.example")) == "https://dashboard.example"
    assert allowed(api.get(path, page, origin=OWN)) is None
    share[0].delete()
    assert allowed(holder.get(path, page, origin=OWN)) is None


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://shop.example", "https://shop.example"),
        ("HTTPS://Shop.Example:443/x?y#z", "https://shop.example"),
        ("http://shop.example:80", "http://shop.example"),
        ("http://localhost:3000/", "http://localhost:3000"),
        ("http://127.0.0.1:8000/#/cart", "http://127.0.0.1:8000"),
        ("http://[::1]:8000/", "http://[::1]:8000"),
        ("https://bücher.example/", "https://xn--bcher-kva.example"),
    ],
)
def test_an_origin_is_what_a_browser_sends(url: str, origin: str) -> None:
    assert origins_of_url(url) == [origin]


@pytest.mark.parametrize(
    "url",
    ["", "shop.example", "//shop.example", "file:///x", "https://", "https://a b/", "https://a\\@b/", "https://[x/"],
)
def test_what_is_no_full_url_has_no_origin(url: str) -> None:
    with pytest.raises(BadPage):
        origins_of_url(url)


@pytest.mark.parametrize(
    ("pattern", "origins"),
    [
        ("https://shop.example/*", [OWN]),
        ("^https://shop\\.example/blog/[0-9]+$", [OWN]),
        ("https://shop.example", [OWN]),
        ("https://shop.example/?", [OWN]),
        ("\\Qhttps://shop.example/a*b\\E", [OWN]),
        ("https://shop.example/(a|b)", [OWN]),
        ("https://shop.example/a|http://shop.example:8080/b", ["http://shop.example:8080", OWN]),
        # As `by=template` gives them.
        ("^(?:https://shop\\x{2e}example/user/[0-9]+/{0,}(?:\\?[^#]{0,})?(?:#a)?)$", [OWN]),
        ("^(?:https://shop\\x{2e}example/{0,}(?:\\?[^#]{0,})?(?:#a)?)$", [OWN]),
    ],
)
def test_a_pattern_has_the_origins_that_are_written_out(pattern: str, origins: list[str]) -> None:
    assert regexes.fault(pattern) is None or "*" in pattern
    assert origins_of_pattern(pattern) == origins


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "*",
        ".*",
        "https?://shop.example/",
        "https://*.example/",
        "https://shop.example*",
        "https://shop.exampl.*/",
        "https://shop.example/{0,1}x",
        "https://shop.example/?x",
        "https://shop.example\\/*x",
        "https://shop.example(/|.evil/)",
        "https://[a-z]+/",
        "https://\\w/",
        "(https://shop.example/)?",
        "(?i)https://shop.example/",
        "https://shop.example/a|.*",
        "https://shop.example/a|",
        "(?:https://shop.example/a)|(?:x)",
        "/pricing",
        "https://ann@shop.example/",
    ],
)
def test_a_pattern_without_a_literal_host_has_no_origin(pattern: str) -> None:
    with pytest.raises(BadPage):
        origins_of_pattern(pattern)


# --- How often -------------------------------------------------------------------------------------------------------


def test_a_token_has_a_rate_limit_of_its_own(holder: Api, api: Api, project: Project, settings: Any) -> None:
    settings.RATE_LIMIT_SHARE = "2/minute"
    another = Api(Share.make(project, "url_page", PAGE, lasts=timedelta(hours=1))[1])
    first = holder.list(url_page=PAGE)
    assert (first["RateLimit-Limit"], first["RateLimit-Remaining"]) == ("2", "1")
    assert [holder.list(url_page=PAGE).status_code for _ in range(2)] == [200, 429]
    assert another.list(url_page=PAGE).status_code == 200
    assert api.list(url_page=PAGE)["RateLimit-Limit"] == "240"


# --- Commands, and what is told --------------------------------------------------------------------------------------


def test_commands_make_list_and_revoke(commands: Commands, project: Project, other_project: Project) -> None:
    asked = ("--project", "1", "--url-page", PAGE, "--expires-in", "3600", "--min-visitors", "9", "--label", "Ann")
    one = commands.run("create_share", *asked)
    row = Share.objects.get()
    assert one == {
        "id": row.pk,
        "token": one["token"],
        "mask": f"phs_...{one['token'][-4:]}",
        "url_page": PAGE,
        "expires_at": (row.created_at + timedelta(hours=1)).isoformat(),
    }
    assert (row.min_visitors, row.label, row.created_by) == (9, "Ann", None)
    assert Api(one["token"]).list(url_page=PAGE).status_code == 200
    (listed,) = commands.run("list_shares")["shares"]
    assert (listed["id"], listed["mask"], listed["project"], listed["url_page"]) == (row.pk, row.mask, 1, PAGE)
    assert "token" not in listed
    assert commands.run("list_shares", "--project", "2") == {"shares": []}
    assert commands.shown("list_shares").startswith(f"{row.pk}\t{row.mask}\tproject 1\t{PAGE}\tAnn\texpires ")
    assert commands.run("revoke_share", str(row.pk)) == {"id": row.pk, "mask": row.mask}
    assert Api(one["token"]).list(url_page=PAGE).status_code == 401
    assert "There is no such share token." in commands.refusal("revoke_share", str(row.pk))


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (("--project", "9", "--url-page", PAGE), "There is no project 9. There are: 1."),
        (("--project", "1", "--url-page", "/pricing"), "url_page must be a full URL"),
        (("--project", "1", "--url-page", PAGE, "--expires-in", "3599"), "--expires-in must be 3600 to 2592000"),
        (("--project", "1", "--url-page", PAGE, "--min-visitors", "1001"), "--min-visitors must be at most 1000."),
        (("--project", "1", "--url-page", PAGE, "--label", "x" * 201), "has at most"),
    ],
)
def test_a_command_says_what_is_wrong(
    commands: Commands, project: Project, given: tuple[str, ...], reason: str
) -> None:
    assert reason in commands.refusal("create_share", *given)
    assert not Share.objects.exists()


def test_the_log_tells_of_shares_and_never_the_token(
    writer: Api, project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    one = made(writer, url_page=PAGE, label="Ann")
    writer.ask("DELETE", f"{SHARES}{one['id']}/")
    lines: list[Any] = [record.msg for record in caplog.records if "share" in str(record.msg)]
    assert [line["event"] for line in lines] == ["A share token was made", "A share token was revoked"]
    for line in lines:
        about = {name: line[name] for name in ("share", "mask", "label", "project", "url_page", "made_by")}
        assert list(about.values()) == [one["id"], one["mask"], "Ann", 1, PAGE, "ann@example.com"]
        assert one["token"] not in str(line)
    written = logs.without_secrets(None, "", {"url": f"{PAGE}#heatmap={one['token']}", "mask": one["mask"]})
    assert written == {"url": f"{PAGE}#heatmap=phs_…", "mask": one["mask"]}


def test_shares_go_with_their_project(project: Project, share: tuple[Share, str]) -> None:
    project.delete()
    assert not Share.objects.exists()
    assert Api(share[1]).list(url_page=PAGE).status_code == 401


def test_shares_stay_when_their_maker_leaves(writer: Api, user: User, project: Project) -> None:
    token = made(writer, url_page=PAGE)["token"]
    user.delete()
    assert Share.objects.get().created_by is None
    assert Api(token).list(url_page=PAGE).status_code == 200
