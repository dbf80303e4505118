"""The short text of a result: numbers, and words of our own. What visitors wrote is in the structured part alone."""

from collections.abc import Mapping
from typing import Any


def of_document(document: Mapping[str, Any], offset: int, *, may_be_explained: bool) -> str:
    if "reason" in document:
        return _of_explanation(document)
    if "results" not in document:
        return "The answer is in the structured content."
    coverage = document.get("coverage")
    number = len(document["results"])
    said = [f"{_counted(number, 'result')}."]
    if document.get("has_more") or document.get("next"):
        said.append(f"There are more: ask with offset={offset + number}.")
    if coverage:
        said.append(_of_coverage(coverage))
    if not number and not offset and may_be_explained:
        said.append("heatmaps-explain says why, for the same filters.")
    return " ".join(said)


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _of_coverage(coverage: Mapping[str, Any]) -> str:
    share = "" if coverage["share"] is None else f" ({coverage['share']:.1%})"
    hidden = f" min_visitors hides {coverage['cells_hidden']:,} of them." if coverage["cells_hidden"] else ""
    return (
        f"In this reply: {coverage['cells_returned']:,} of {_counted(coverage['cells_total'], 'cell')}, "
        f"{coverage['count_returned']:,} of {_counted(coverage['count_total'], 'interaction')}{share}, by "
        f"{_counted(coverage['visitors_total'], 'visitor')} in all.{hidden}"
    )


def _of_explanation(document: Mapping[str, Any]) -> str:
    if document["reason"] is None:
        return f"All filters together leave {_counted(document['matched'], 'interaction')}."
    return f"All filters together leave nothing. The reason: {document['reason']}. `message` says what to do next."


def of_image(matched: str) -> str:
    return f"Drawn: {_counted(int(matched), 'interaction')}." if matched.isdecimal() else "The picture."


def of_error(error: Mapping[str, Any]) -> str:
    """What the API says against a call."""
    detail, attribute = str(error.get("detail")), error.get("attr")
    return f"{attribute}: {detail}" if attribute and str(attribute) not in detail else detail
