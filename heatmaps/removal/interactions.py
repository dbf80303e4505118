"""Removing interactions of a project: all of them, or those of some pages, before a day, or of a file."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from heatmaps.engine import Client
from heatmaps.removal import rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What is to go: interactions that are all of this."""

    team_id: int
    # A regular expression, as the API makes one of `url_pattern`.
    url: str | None = None
    before: datetime | None = None
    # The numbers that mark the rows of a file.
    origins: list[int] | None = None

    def condition(self) -> tuple[str, dict[str, object]]:
        parts = list(self._parts())
        return " AND ".join(text for text, _ in parts), {name: value for _, values in parts for name, value in values}

    def _parts(self) -> Iterator[tuple[str, list[tuple[str, object]]]]:
        yield "team_id = {team_id:Int64}", [("team_id", self.team_id)]
        if self.url is not None:
            yield "match(current_url, {url:String})", [("url", self.url)]
        if self.before is not None:
            yield "timestamp < {before:DateTime64(6, 'UTC')}", [("before", self.before)]
        if self.origins is not None:
            yield "_partition IN {origins:Array(UInt64)}", [("origins", self.origins)]


def count(client: Client, selection: Selection) -> int:
    return rows.count(client, "heatmaps", *selection.condition())


def delete(client: Client, selection: Selection) -> int:
    return rows.delete(client, "heatmaps", *selection.condition())
