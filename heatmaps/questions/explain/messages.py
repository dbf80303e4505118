"""One sentence for a person, with the next thing to do."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from heatmaps.questions.explain.nearest import NearRow

CAPTURE_OFF, NEVER_CAPTURED = "capture_off", "never_captured"

_SENTENCES = {
    CAPTURE_OFF: (
        "This project takes nothing from browsers: opt it in with `manage.py set_project`, or in the admin, and new "
        "interactions will show up."
    ),
    NEVER_CAPTURED: (
        "Nothing has been captured for this project yet: put the SDK into its pages, or load what you have with "
        "`manage.py load_interactions`."
    ),
    "hide_zero_coordinates": (
        "All that is left happened at x = 0, y = 0, which is hardly ever a position: ask with "
        "hide_zero_coordinates=false to see it."
    ),
    "test_accounts": (
        "No session is left in which an event passes the project's test-account filters: ask without "
        "filter_test_accounts, or correct these filters."
    ),
    "cohorts": "None of the visitors who are left is in every one of these cohorts: name fewer in cohort_ids.",
    "events": (
        "In none of the sessions that are left did every one of these events happen in these dates: name fewer in "
        "events."
    ),
}
_DIFFERENCES = {
    "www": "www",
    "percent_encoding": "percent encoding",
    "trailing_slash": "trailing slash",
    "query_string": "query string",
}


def message(document: dict[str, Any], near: Sequence[NearRow], *, is_pattern: bool) -> str:
    """From what the document of the reply has otherwise."""
    match document["reason"]:
        case None:
            return _of_what_there_is(document)
        case "dates":
            return _of_dates(**document["dates"])
        case "type":
            kinds = [one["type"] for one in document["types"]]
            instead = f"ask for {_one_of(kinds[:5])}" if kinds else "choose other dates"
            return f"Nothing of this type was captured in these dates: {instead}."
        case "url":
            return _of_urls(near, is_pattern=is_pattern)
        case "viewport":
            busiest = max(document["widths"], key=lambda one: one["count"], default=None)
            most = f"; most have {busiest['width']} CSS px" if busiest else ""
            return f"No viewport has such a width{most}: change viewport_width_min and viewport_width_max."
        case reason:
            return _SENTENCES[reason]


def message_about_page(document: dict[str, Any]) -> str:
    """For who may not know of other pages: the page, its dates and its types are one step there."""
    if document["reason"] != "url":
        return message(document, [], is_pattern=False)
    if document["types"]:
        return message(document | {"reason": "type"}, [], is_pattern=False)
    return message(document | {"reason": "dates"}, [], is_pattern=False)


def _of_dates(first_seen: datetime | None, last_seen: datetime | None) -> str:
    if first_seen is None or last_seen is None:
        return "Nothing was captured in these dates: choose longer ones, such as date_from=all."
    days = f"from {first_seen:%Y-%m-%d} to {last_seen:%Y-%m-%d}"
    return f"Nothing was captured in these dates: what the other filters leave is {days} (UTC), so ask for these."


def _of_what_there_is(document: dict[str, Any]) -> str:
    matched = document["matched"]
    there_are = f"{matched:,} {'interaction matches' if matched == 1 else 'interactions match'}"
    # Another type would be another map.
    best = next((one for one in document["without"] if one["filter"] != "type"), None)
    if best is None or best["matched"] <= matched:
        return f"{there_are}, and no filter but the type leaves anything out: more has to be captured first."
    return f"{there_are}: without the filter by {best['filter']} there are {best['matched']:,}."


def _of_urls(near: Sequence[NearRow], *, is_pattern: bool) -> str:
    nothing = f"No page {'matches this pattern' if is_pattern else 'has this URL'} in these dates."
    if not near:
        return f"{nothing} No other page has anything under the other filters: leave out some of them."
    nearest = near[0]
    if is_pattern:
        return f"{nothing} The busiest is {nearest.url}: compare the pattern with it."
    differences = [_DIFFERENCES.get(word, word) for word in nearest.differences]
    differs = f", which differs in {_and(differences)}" if differences else ""
    return f"{nothing} The nearest is {nearest.url}{differs}."


def _one_of(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _and(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
