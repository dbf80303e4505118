"""The dates of the viewer, in a real browser: presets, the calendar, exact times, and the project's time zone."""

import os
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from zoneinfo import ZoneInfo

import orjson
import pytest
from django.utils.timezone import now
from playwright.sync_api import Browser, Locator, Page, Request, expect

from tests import chromium, node
from tests.processes import Service, ask, served
from tests.test_viewer import barriers

if chromium.PATH is None or not node.is_there():
    node.leave_out_module("The tests of the viewer's dates were left out, as they need Chromium, and Node with npm.")

pytestmark = pytest.mark.slow
HOME = "https://shop.example.com"
TO, APOSTROPHE = "\N{EN DASH}", "\N{RIGHT SINGLE QUOTATION MARK}"
BERLIN = ZoneInfo("Europe/Berlin")
WIDTHS = {1440: 900, 1024: 768, 390: 844}
# Where pictures of the dialog go, when somebody wants to look at them.
PICTURES = os.environ.get("PICTURES", "")
# A browser's clock, at a moment when Berlin has another day than UTC, the morning after its clocks went back.
AFTER_MIDNIGHT = datetime(2026, 10, 25, 23, 30, tzinfo=UTC)


class Shop:
    """A project in Berlin, as it is served, where clicks are known to the minute."""

    def __init__(self, port: int, key: str) -> None:
        self.port, self.key = port, key

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def count(self, **asked: Any) -> int:
        target = "/api/projects/1/heatmaps/?" + urlencode({"url_page": HOME, "limit": 0, **asked})
        status, body = ask(self.port, target, Authorization=f"Bearer {self.key}")
        assert status == 200, body
        return sum(point["count"] for point in orjson.loads(body)["results"])


def clicks() -> Iterator[dict[str, Any]]:
    """One every hour of the last 100 days, half an hour after the full one."""
    last = now().replace(minute=30, second=0, microsecond=0)
    for hour in range(24 * 100):
        moment = last - timedelta(hours=hour)
        at = {"timestamp": f"{moment:%Y-%m-%d %H:%M:%S}", "session_id": f"s{hour}", "distinct_id": f"v{hour}"}
        yield {**at, "current_url": HOME, "viewport_width": 90, "viewport_height": 50, "type": "click", "x": 9, "y": 9}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    directory = tmp_path_factory.mktemp("dates")
    service = Service(directory=directory, environment={"RATE_LIMIT_ENABLED": "false"})
    service.migrate()
    key = service.result(
        "shell",
        "-v0",
        "-c",
        "from heatmaps.models import Membership, Organization, PersonalAPIKey, Project, User\n"
        "organization = Organization.objects.create(name='Shop')\n"
        "Project.objects.create(pk=1, name='Shop', organization=organization, timezone='Europe/Berlin')\n"
        "ann = User.objects.create_user('ann@example.com')\n"
        "Membership.objects.create(user=ann, organization=organization)\n"
        "print(PersonalAPIKey.make(ann, 'test')[1])",
    ).strip()
    rows = directory / "clicks.jsonl"
    rows.write_bytes(b"\n".join(map(orjson.dumps, clicks())))
    service.result("load_interactions", str(rows), "--project", "1")
    with served(service) as port:
        yield Shop(port, key)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium.launched() as browser:
        yield browser


Look = Callable[..., Page]


@pytest.fixture(params=WIDTHS, ids=str)
def width(request: pytest.FixtureRequest) -> int:
    found: int = request.param
    return found


@pytest.fixture
def look(shop: Shop, browser: Browser) -> Iterator[Look]:
    """Opens the viewer with a width of the screen, at a moment of the browser's clock. Complaints fail the test."""
    complaints: list[str] = []
    contexts = []

    def looked(width: int = 1440, clock: datetime | None = None, locale: str = "en-GB", **state: Any) -> Page:
        # Far from the project's zone, so that days of the browser would be seen.
        context = browser.new_context(
            viewport={"width": width, "height": WIDTHS[width]},
            reduced_motion="reduce",
            locale=locale,
            timezone_id="Pacific/Auckland",
            has_touch=width == 390,
        )
        contexts.append(context)
        context.on("console", lambda told: complaints.append(told.text) if told.type == "error" else None)
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.goto(f"{shop.origin}/static/viewer/icon.svg")
        page.evaluate("key => sessionStorage.setItem('heatmaps.key', key)", shop.key)
        if clock:
            page.clock.set_fixed_time(clock)
        page.goto(
            f"{shop.origin}/?" + urlencode({"page": HOME, "show": "outline", "widths": "any", "limit": 0, **state})
        )
        settle(page)
        if width == 390:
            page.get_by_role("button", name="Filters").click()
        return page

    yield looked
    for context in contexts:
        context.close()
    assert complaints == []


def settle(page: Page) -> None:
    expect(page.locator("#picture[aria-busy=false]")).to_be_visible(timeout=20_000)


def state(page: Page) -> dict[str, str]:
    """The dates in the address."""
    found = dict(parse_qsl(urlsplit(page.url).query))
    return {name: found[name] for name in ("date_from", "date_to", "time_from", "time_to") if name in found}


def the_button(page: Page) -> Locator:
    return page.locator("#dates")


def opened(page: Page) -> Locator:
    the_button(page).click()
    dialog = page.get_by_role("dialog", name="Dates")
    expect(dialog).to_be_visible()
    return dialog


def total(page: Page) -> int:
    settle(page)
    return int(page.locator("#total").inner_text().replace(",", ""))


def selected(dialog: Locator) -> list[str]:
    """The days that are marked in the calendar."""
    days: list[str] = dialog.locator("td[aria-selected=true] button").evaluate_all(
        "all => all.map(one => one.dataset.day)"
    )
    return days


def focused(page: Page) -> str | None:
    day: str | None = page.evaluate("document.activeElement.dataset.day ?? null")
    return day


def test_a_preset_is_asked_for_as_the_service_counts_it(width: int, look: Look, shop: Shop) -> None:
    page = look(width)
    asked = {
        "Today": {"date_from": "dStart"},
        "Yesterday": {"date_from": "-1d", "date_to": "-1d"},
        "Last 30 days": {"date_from": "-30d"},
        "Last month": {"date_from": "-1mStart", "date_to": "-1mEnd"},
        "All time": {"date_from": "all"},
        "Last 7 days": {},
    }
    for name, dates in asked.items():
        opened(page).get_by_role("button", name=name, exact=True).click()
        expect(page.get_by_role("dialog", name="Dates")).to_be_hidden()
        expect(the_button(page)).to_have_text(name)
        expect(the_button(page)).to_be_focused()
        assert state(page) == dates
        assert total(page) == shop.count(**{"date_from": "-7d", **dates})
        expect(page.locator("#shown-text")).to_contain_text(name.lower())
    dialog = opened(page)
    expect(dialog.get_by_role("button", name="Last 7 days")).to_have_attribute("aria-pressed", "true")
    expect(dialog.get_by_role("button", name="Last 7 days")).to_be_focused()


def test_days_are_those_of_the_projects_zone_which_is_said(width: int, look: Look) -> None:
    """Also where the browser is in another one, in the night after clocks went back."""
    page = look(width, clock=AFTER_MIDNIGHT, date_from="-1d")
    expect(the_button(page)).to_have_text(f"25{TO}26 October")
    dialog = opened(page)
    expect(
        dialog.get_by_text(f"Times are in Europe/Berlin, the project{APOSTROPHE}s time zone; now 00:30 there.")
    ).to_be_visible()
    expect(dialog.locator("[aria-current=date]")).to_have_attribute("data-day", "2026-10-26")
    assert selected(dialog) == ["2026-10-25", "2026-10-26"]
    expect(dialog.locator("[data-day='2026-10-27']")).to_have_attribute("aria-disabled", "true")
    dialog.locator("[data-day='2026-10-27']").click(force=True)
    assert selected(dialog) == ["2026-10-25", "2026-10-26"]


def test_two_days_of_the_calendar(width: int, look: Look, shop: Shop) -> None:
    page = look(width)
    dialog = opened(page)
    month = now().astimezone(BERLIN).replace(day=1) - timedelta(days=1)
    if width == 390:
        dialog.get_by_role("button", name="Earlier months").click()
    assert dialog.get_by_role("grid").count() == (1 if width == 390 else 2)
    # The later day first: they are put in order.
    dialog.get_by_role("button", name=re.compile(f"{month.replace(day=20):%A,? %d %B %Y}")).click()
    expect(dialog.locator("#dates-said")).to_have_text(re.compile(r"^From 20 \w+\. Choose the last day\.$"))
    dialog.locator(f"[data-day='{month:%Y-%m}-14']").hover()
    days = [f"{month:%Y-%m}-{date}" for date in range(14, 21)]
    assert selected(dialog) == days
    dialog.locator(f"[data-day='{month:%Y-%m}-14']").click()
    expect(dialog.locator("#dates-said")).to_have_text(re.compile(rf"^14{TO}20 \w+, 7 days$"))
    assert selected(dialog) == days
    assert state(page) == {}
    dialog.get_by_role("button", name="Show these dates").click()
    assert state(page) == {"date_from": days[0], "date_to": days[-1]}
    expect(the_button(page)).to_have_text(f"14{TO}20 {month:%B}")
    expect(the_button(page)).to_be_focused()
    # An hour is one click, and a day has as many as Berlin's has, 25 where clocks go back.
    begin, end = (datetime(month.year, month.month, date, tzinfo=BERLIN).astimezone(UTC) for date in (14, 21))
    assert total(page) == shop.count(date_from=days[0], date_to=days[-1]) == (end - begin) / timedelta(hours=1)


def test_the_calendar_with_the_keyboard(width: int, look: Look) -> None:
    page = look(width, clock=AFTER_MIDNIGHT, date_from="2026-10-01", date_to="2026-10-14")
    the_button(page).focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Dates")
    # No preset has these dates, so the last day has the focus.
    expect(dialog.locator("[data-day='2026-10-14']")).to_be_focused()
    steps = {
        "ArrowLeft": "2026-10-13",
        "ArrowUp": "2026-10-06",
        "ArrowRight": "2026-10-07",
        "Home": "2026-10-05",
        "End": "2026-10-11",
        "ArrowDown": "2026-10-18",
        "PageUp": "2026-09-18",
        "Shift+PageUp": "2025-09-18",
        "Shift+PageDown": "2026-09-18",
        "PageDown": "2026-10-18",
    }
    for key, day in steps.items():
        page.keyboard.press(key)
        assert focused(page) == day, key
        assert dialog.locator("[data-day][tabindex='0']").count() == 1
    # No day is still to come.
    for _ in range(2):
        page.keyboard.press("PageDown")
        assert focused(page) == "2026-10-26"
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert selected(dialog) == ["2026-10-17", "2026-10-18", "2026-10-19"]
    page.keyboard.press("Space")
    assert focused(page) == "2026-10-17"
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(the_button(page)).to_be_focused()
    assert state(page) == {"date_from": "2026-10-01", "date_to": "2026-10-14"}


def test_weeks_begin_where_the_reader_is_used_to_it(look: Look) -> None:
    for locale, first in (("de-DE", "Monday"), ("en-US", "Sunday")):
        page = look(locale=locale)
        expect(opened(page).locator("th").first).to_have_attribute("abbr", first)


def test_since_the_release(width: int, look: Look, shop: Shop) -> None:
    page = look(width)
    day = (now().astimezone(BERLIN) - timedelta(days=3)).date()
    dialog = opened(page)
    dialog.get_by_role("button", name="Since an exact time…").click()
    begin = dialog.get_by_role("group", name="From", exact=True)
    expect(begin.get_by_label("Time")).to_be_focused()
    begin.get_by_label("From", exact=True).fill(str(day))
    begin.get_by_label("Time").fill("14:32")
    expect(dialog.locator("#dates-said")).to_have_text(f"Since 14:32 on {day.day} {day:%B}")
    page.keyboard.press("Enter")
    assert state(page) == {"time_from": f"{day}T14:32"}
    expect(the_button(page)).to_have_text(f"Since 14:32 on {day.day} {day:%B}")
    moment = datetime(day.year, day.month, day.day, 14, 32, tzinfo=BERLIN)
    passed = sum(moment <= datetime.fromisoformat(f"{click['timestamp']}+00:00") for click in clicks())
    assert total(page) == shop.count(time_from=f"{day}T14:32") == passed
    # Where there is no room it is in a menu, and the filters are a sheet above the page.
    is_sheet = page.locator("#filters[open]").count() > 0
    if is_sheet:
        page.keyboard.press("Escape")
    if (menu := page.get_by_role("button", name="More", exact=True)).is_visible():
        menu.click()
    page.get_by_role("button", name="Export").click()
    page.get_by_role("button", name="Copy as curl").click()
    command = page.locator("#copy-text").input_value()
    assert f"time_from={day}T14:32" in command
    assert "date_from" not in command
    page.keyboard.press("Escape")

    if is_sheet:
        page.get_by_role("button", name="Filters").click()
    dialog = opened(page)
    expect(begin.get_by_label("From", exact=True)).to_have_value(str(day))
    expect(begin.get_by_label("Time")).to_have_value("14:32")
    # A time that is written with the day is put where times are.
    end = dialog.get_by_role("group", name="To", exact=True)
    end.get_by_label("To", exact=True).fill(f"{day} 18:00")
    page.keyboard.press("Tab")
    expect(end.get_by_label("Time")).to_have_value("18:00")
    dialog.get_by_role("button", name="Show these dates").click()
    assert state(page) == {"time_from": f"{day}T14:32", "time_to": f"{day}T18:00"}
    expect(the_button(page)).to_have_text(f"14:32{TO}18:00 on {day.day} {day:%B}")
    assert total(page) == 3
    page.go_back()
    assert total(page) == passed


def test_the_period_before_is_as_long_as_an_exact_one(look: Look, shop: Shop) -> None:
    day = (now().astimezone(BERLIN) - timedelta(days=3)).date()
    asked: list[str] = []

    def listen(request: Request) -> None:
        if "/heatmaps/compare/" in request.url:
            asked.append(request.url)

    page = look(time_from=f"{day}T14:00", time_to=f"{day}T18:00")
    page.on("request", listen)
    page.get_by_label("Compare with", exact=True).select_option("the period before")
    expect(page.locator("#sides tbody tr")).to_have_count(2)
    names = page.locator("#sides tbody td:first-child").all_inner_texts()
    assert [name.replace("\N{THIN SPACE}", " ") for name in names] == [
        f"14:00{TO}18:00 on {day.day} {day:%B}",
        f"10:00{TO}14:00 on {day.day} {day:%B}",
    ]
    assert asked
    assert f"time_from={day}T14%3A00" in asked[-1]
    assert page.locator("#sides tbody td:nth-child(2)").all_inner_texts() == ["4", "4"]


def test_times_that_clocks_leave_out_or_show_twice_are_told(look: Look) -> None:
    page = look(clock=AFTER_MIDNIGHT)
    dialog = opened(page)
    begin = dialog.get_by_role("group", name="From", exact=True)
    begin.get_by_label("From", exact=True).fill("2026-03-29 02:30")
    page.keyboard.press("Tab")
    expect(begin).to_contain_text("Clocks there leave out 02:30 on this day: 03:30 is meant.")
    begin.get_by_label("From", exact=True).fill("2026-10-25")
    page.keyboard.press("Tab")
    expect(begin).to_contain_text("Clocks there show 02:30 twice on this day: the first time is meant.")
    begin.get_by_label("From", exact=True).fill("2026-10-26")
    page.keyboard.press("Tab")
    expect(begin.locator("#date-from-note")).to_be_hidden()


def test_the_last_24_hours_begin_at_their_minute(look: Look, shop: Shop) -> None:
    page = look()
    opened(page).get_by_role("button", name="Last 24 hours").click()
    found = state(page)
    assert found.keys() == {"time_from"}
    begin = datetime.fromisoformat(found["time_from"]).replace(tzinfo=BERLIN)
    assert timedelta(0) <= now() - timedelta(hours=24) - begin < timedelta(minutes=2)
    assert total(page) == shop.count(**found)


@pytest.mark.parametrize(
    ("begin", "end", "sentence"),
    [
        ("28/10/2026", "", "28/10/2026 is not a date here: try 2026-10-28"),
        ("now", "", "now is not a date here: try 2026-10-26, or -30d for the last 30 days"),
        ("", "soon", "soon is not a date here: try 2026-10-26, or -30d for the last 30 days"),
        ("2026-10-20 25:00", "", "2026-10-20 25:00 is not a date with a time here: try 2026-10-26T14:32"),
        ("2026-10-20", "2026-10-19", "This end is before the other one."),
        ("2026-10-20 14:32", "2026-10-20 14:31", "This end is before the other one."),
    ],
)
def test_what_is_no_date_is_said_beside_it(begin: str, end: str, sentence: str, look: Look) -> None:
    page = look(clock=AFTER_MIDNIGHT)
    dialog = opened(page)
    fields = [dialog.get_by_label(name, exact=True).and_(dialog.get_by_role("textbox")) for name in ("From", "To")]
    for field, text in zip(fields, (begin, end), strict=True):
        field.fill(text)
    dialog.get_by_role("button", name="Show these dates").click()
    expect(dialog.get_by_role("alert")).to_have_text(sentence)
    expect(dialog.locator("[aria-invalid]")).to_be_focused()
    assert state(page) == {}
    for field, text in zip(fields, ("-1mStart", "yesterday"), strict=True):
        field.fill(text)
    for name in ("From", "To"):
        dialog.get_by_role("group", name=name, exact=True).get_by_label("Time").fill("")
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    assert state(page) == {"date_from": "-1mStart", "date_to": "-1d"}


def test_a_click_outside_closes_it_and_one_inside_does_not(width: int, look: Look) -> None:
    page = look(width)
    dialog = opened(page)
    dialog.locator("#dates-zone").click()
    expect(dialog).to_be_visible()
    page.mouse.click(width - 3, 3)
    expect(dialog).to_be_hidden()
    expect(the_button(page)).to_be_focused()


def test_the_way_back_to_other_dates_closes_it(look: Look) -> None:
    page = look()
    opened(page).get_by_role("button", name="Last 30 days").click()
    dialog = opened(page)
    page.go_back()
    expect(dialog).to_be_hidden()
    expect(the_button(page)).to_have_text("Last 7 days")


def test_it_fits_and_has_room_for_fingers(width: int, look: Look) -> None:
    page = look(width, clock=AFTER_MIDNIGHT, date_from="2026-10-05", date_to="2026-10-16")
    dialog = opened(page)
    box = dialog.bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["y"] >= 0
    assert box["x"] + box["width"] <= width
    assert box["y"] + box["height"] <= WIDTHS[width]
    for part in (dialog, dialog.locator(".dates-both")):
        assert part.evaluate("one => one.scrollWidth - one.clientWidth") <= 0
    node.install(node.BROWSER)
    for colours in ("light", "dark"):
        page.emulate_media(color_scheme=colours)
        assert barriers(page) == []
        if PICTURES:
            page.screenshot(path=str(Path(PICTURES) / f"dates-{width}-{colours}.png"))
    if width == 390:
        # A sheet over the whole width, where nothing is smaller than a finger.
        assert (box["x"], box["width"]) == (0, width)
        sizes = dialog.locator("button:visible, input:visible").evaluate_all(
            "all => all.map(one => one.getBoundingClientRect()).map(({ width, height }) => [width, height])"
        )
        assert min(map(min, sizes)) >= 44
        if PICTURES:
            dialog.locator(".dates-both").evaluate("one => one.scrollTo(0, one.scrollHeight)")
            page.screenshot(path=str(Path(PICTURES) / f"dates-{width}-below.png"))
