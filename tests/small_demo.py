"""The demo with few rows, as it is served to the tests of how the viewer looks."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson
from django.utils.timezone import now
from playwright.sync_api import Browser

from tests.processes import Service, made_once, served
from tests.test_viewer import EMAIL, PASSWORD, Demo

ROWS = "4000"
# Pages whose names are long, or in other letters than Latin ones, as they are stored and as they are read.
LONG = f"https://odd.example/{'verylong' * 30}?token={'0123456789abcdef' * 12}"
ODD_PAGES = {
    LONG: LONG.removeprefix("https://"),
    "https://xn--80aswg.xn--p1ai/%D0%BA%D0%B0%D1%82%D0%B0%D0%BB%D0%BE%D0%B3": "сайт.рф/каталог",
    "https://xn--fsqu00a.xn--0zwm56d/%E4%BE%8B/%E5%AD%90": "例子.测试/例/子",
    "https://odd.example/%D9%85%D8%B1%D8%AD%D8%A8%D8%A7": "odd.example/مرحبا",
}


@contextmanager
def served_small(directory: Path) -> Iterator[Demo]:
    """Project 1 is the demo; project 2 has pages with odd names, each with ten clicks and one far from them."""
    service = _small(directory)
    service.take(made_once("small-demo", _make))
    keys = orjson.loads((directory / "keys.json").read_bytes())
    with served(service) as port:
        yield Demo(
            port=port,
            service=service,
            key=keys["demo"],
            sign_in=keys["sign_in"],
            key_of_nobody=keys["ann"],
            key_of_large=keys["ann"],
            key_without_scope=keys["ann"],
        )


def _small(directory: Path) -> Service:
    return Service(directory=directory, environment={"RATE_LIMIT_ENABLED": "false", "DEMO": "true"})


def _make(directory: Path) -> None:
    service = _small(directory)
    printed = orjson.loads(service.result("demo", "--rows", ROWS, "--no-serve", "--json"))
    key = service.result(
        "shell",
        "-v0",
        "-c",
        "from heatmaps.models import Organization, PersonalAPIKey, Project, User\n"
        "organization = Organization.objects.get()\n"
        "Project.objects.create(pk=2, name='Odd', organization=organization)\n"
        f"ann = User.objects.create_superuser({EMAIL!r}, {PASSWORD!r})\n"
        "print(PersonalAPIKey.make(ann, 'test')[1])",
    ).strip()
    odd = directory / "odd.jsonl"
    with odd.open("wb") as file:
        seen = {"session_id": "s", "distinct_id": "v", "type": "click", "viewport_width": 100, "viewport_height": 50}
        for url in ODD_PAGES:
            at = {**seen, "timestamp": f"{now():%Y-%m-%d} 00:00:00", "current_url": url}
            file.writelines(orjson.dumps({**at, "x": 20, "y": 10}) + b"\n" for _ in range(10))
            file.write(orjson.dumps({**at, "x": 70, "y": 30}) + b"\n")
    service.result("load_interactions", str(odd), "--project", "2")
    keys = {"demo": printed["api_key"], "sign_in": urlsplit(printed["sign_in_url"]).path, "ann": key}
    (directory / "keys.json").write_bytes(orjson.dumps(keys))


def cookies_of_ann(browser: Browser, demo: Demo) -> Any:
    """Of a session in which everything is offered that the viewer has."""
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{demo.origin}/admin/login/?{urlencode({'next': '/static/viewer/icon.svg'})}")
        page.get_by_label("Email").fill(EMAIL)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url("**/icon.svg")
        return context.cookies()
