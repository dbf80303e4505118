"""The demo's pages and its way in: there only while it runs, framed by nobody else, and open once."""

import re
from collections.abc import Callable
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.contrib.auth.tokens import default_token_generator
from django.test import Client
from pytest_django import Settings

from heatmaps.demo import account, site
from heatmaps.demo.pages import Page
from heatmaps.models import Project, User
from tests.conftest import body, document

SENTENCE = "This link has been used or is too old; type <code>make demo</code> for a fresh one."
FORGED = "aaaaaa-0123456789abcdef0123456789abcdef"


@pytest.fixture
def demo(db: None, settings: Settings) -> Project:
    """The demo as it runs, without its data."""
    settings.DEMO = True
    return account.make()[0]


@pytest.fixture
def visitor(demo: Project) -> Client:
    return Client()


@pytest.fixture
def link(demo: Project) -> Callable[[], str]:
    """Makes a fresh link, as a run of the command does."""
    return lambda: account.sign_in_path(User.objects.get(email=account.EMAIL))


def html_of(client: Client, page: Page) -> str:
    response = client.get(site.HOME + page.path)
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize("page", site.PAGES, ids=lambda page: page.path)
def test_a_page_has_every_element_that_its_visitors_click(visitor: Client, page: Page) -> None:
    html = html_of(visitor, page)
    assert sorted(re.findall(r'data-element="([^"]*)"', html)) == sorted(element.name for element in page.elements)
    for element in page.elements:
        (tag,) = re.findall(rf'<[^>]*data-element="{element.name}"[^>]*>', html)
        assert re.findall(r'href="([^"]*)"', tag) == ([site.HOME + element.to] if element.to else [])


@pytest.mark.parametrize("page", site.PAGES, ids=lambda page: page.path)
def test_a_page_says_which_one_it_is_and_asks_nobody_else(visitor: Client, demo: Project, page: Page) -> None:
    html = html_of(visitor, page)
    assert f'<link rel="canonical" href="{site.url(page.path)}">' in html
    assert f'data-token="{demo.token}"' in html
    assert "<script>" not in html
    addresses = re.findall(r'(?:href|src)="([^"]*)"', html)
    assert {address for address in addresses if not address.startswith(("/demo", "/static/demo."))} == {
        site.url(page.path),
        "data:,",
        "/overlay.js",
    }


def test_links_and_files_lead_somewhere(visitor: Client) -> None:
    found = {
        address for page in site.PAGES for address in re.findall(r'(?:href|src)="(/[^"]*)"', html_of(visitor, page))
    }
    assert len(found) > 12
    for address in found:
        response = visitor.get(address)
        assert response.status_code == 200, address
        # Read to its end, the file is closed.
        assert body(response)


@pytest.mark.parametrize("path", ["", "/", "/coffee/", "/blog", "/coffee?sort=price&page=2", "/blog/grind-size/"])
def test_a_slash_and_a_query_make_no_other_page(visitor: Client, path: str) -> None:
    assert visitor.get(site.HOME + path).status_code == 200


@pytest.mark.parametrize("path", ["/x", "/coffee/x", "/home", "/page", "/used_link", "/../page", "/blog//grind-size"])
def test_what_is_no_page_of_the_site_is_not_found(visitor: Client, path: str) -> None:
    assert visitor.get(site.HOME + path).status_code == 404


def test_only_the_service_itself_may_frame_a_page(visitor: Client) -> None:
    response = visitor.get(site.HOME)
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    policy = dict(part.split(maxsplit=1) for part in response["Content-Security-Policy"].split("; "))
    assert policy["frame-ancestors"] == policy["script-src"] == policy["connect-src"] == "'self'"
    assert policy["default-src"] == "'none'"


def test_pages_are_only_read(visitor: Client, link: Callable[[], str]) -> None:
    assert visitor.post(site.HOME).status_code == visitor.post(link()).status_code == 405


@pytest.mark.parametrize("path", ["", "/", "/coffee", f"/sign-in/{FORGED}/"])
def test_without_the_demo_there_is_nothing(demo: Project, settings: Settings, path: str) -> None:
    settings.DEMO = False
    assert Client().get(site.HOME + path).status_code == 404


def test_without_the_demo_no_link_signs_in(demo: Project, settings: Settings, link: Callable[[], str]) -> None:
    client = Client()
    settings.DEMO = False
    assert client.get(link()).status_code == 404
    assert not client.cookies


@pytest.mark.django_db
def test_a_service_that_never_had_a_demo_has_no_pages(settings: Settings) -> None:
    settings.DEMO = True
    assert Client().get(site.HOME).status_code == 404
    assert Client().get(f"{site.HOME}/sign-in/{FORGED}/").status_code == 403


def test_a_link_signs_in_and_shows_the_first_picture(visitor: Client, demo: Project, link: Callable[[], str]) -> None:
    response = visitor.get(link())
    assert response.status_code == 302
    target = urlsplit(response["Location"])
    assert (target.scheme, target.netloc, target.path) == ("", "", "/")
    assert dict(parse_qsl(target.query)) == {
        "project": str(demo.pk),
        "page": "https://demo.example.com/",
        "type": "click",
        "date_from": "-30d",
        "width_min": "1040",
        "site": "/demo",
    }
    assert "no-store" in response["Cache-Control"]
    projects = visitor.get("/api/projects/")
    assert [one["id"] for one in document(projects)["results"]] == [demo.pk]
    assert visitor.get(f"/api/projects/{demo.pk}/heatmaps/").status_code == 200


def test_a_session_of_the_demo_opens_nothing_else(
    other_project: Project, visitor: Client, link: Callable[[], str]
) -> None:
    visitor.get(link())
    assert visitor.get(f"/api/projects/{other_project.pk}/heatmaps/").status_code == 403
    assert visitor.get("/admin/").status_code == 302


def test_a_link_opens_once(visitor: Client, link: Callable[[], str]) -> None:
    used = link()
    assert visitor.get(used).status_code == 302
    for client in (Client(), visitor):
        response = client.get(used)
        assert (response.status_code, SENTENCE in response.content.decode()) == (403, True)
    assert "Sign in with" in Client().get(used).content.decode()
    assert "You are signed in" in visitor.get(used).content.decode()
    stranger = Client()
    stranger.get(used)
    assert stranger.get("/api/projects/").status_code == 401


def test_the_next_run_of_the_demo_prints_a_link_that_opens(visitor: Client, link: Callable[[], str]) -> None:
    first = link()
    assert visitor.get(first).status_code == 302
    second = link()
    assert second != first
    assert Client().get(second).status_code == 302


def test_an_old_link_opens_nothing(visitor: Client, settings: Settings, link: Callable[[], str]) -> None:
    old = link()
    settings.PASSWORD_RESET_TIMEOUT = -1
    response = visitor.get(old)
    assert (response.status_code, SENTENCE in response.content.decode()) == (403, True)
    assert not visitor.cookies


@pytest.mark.parametrize("token", [FORGED, "x", "a-b", "-", "é", "%00", "'", "a" * 5000])
def test_a_link_that_nobody_printed_opens_nothing(visitor: Client, token: str) -> None:
    response = visitor.get(f"{site.HOME}/sign-in/{token}/")
    assert (response.status_code, SENTENCE in response.content.decode()) == (403, True)


def test_a_user_who_may_not_sign_in_does_not(visitor: Client, link: Callable[[], str]) -> None:
    printed = link()
    User.objects.filter(email=account.EMAIL).update(is_active=False)
    assert visitor.get(printed).status_code == 403


def test_a_token_of_another_kind_opens_nothing(visitor: Client, demo: Project) -> None:
    token = default_token_generator.make_token(User.objects.get(email=account.EMAIL))
    assert visitor.get(f"{site.HOME}/sign-in/{token}/").status_code == 403
