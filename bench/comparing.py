"""How often comparisons are wrong, and how often they find what there is, asked of the service itself, beside clicks tested
naively.

    python -m bench.comparing [--pages N] [--output FILE]

Made-up visitors of pages of which it is known what differs; bench/behaviour.py says what they do. Every answer is the same
in every run.
"""

import argparse
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

from bench import behaviour
from bench.behaviour import Behaviour
from bench.service import environment, write_into

SEED = 20_261_128


@dataclass(frozen=True, kw_only=True)
class Row:
    """Some behaviour, in words."""

    name: str
    made_up: Behaviour


SAME = [
    Row(name="3,000 and 4,000 visitors", made_up=Behaviour(visitors_a=3_000, visitors_b=4_000)),
    Row(
        name="the same, 2 in 100 of them click thirty times as often",
        made_up=Behaviour(visitors_a=3_000, visitors_b=4_000, heavy=0.02),
    ),
    Row(name="300 and 6,700 visitors", made_up=Behaviour(visitors_a=300, visitors_b=6_700)),
    Row(
        name="3,000 and 4,000 visitors, 2,000 of them on both sides, anew",
        made_up=Behaviour(visitors_a=3_000, visitors_b=4_000, both=2_000),
    ),
    Row(
        name="the same, and these do on both sides the same",
        made_up=Behaviour(visitors_a=3_000, visitors_b=4_000, both=2_000, is_new=False),
    ),
    Row(name="300 and 400 visitors", made_up=Behaviour(visitors_a=300, visitors_b=400)),
]


def _button(name: str, a: float, b: float, *, visitors: tuple[int, int], is_moved: bool = False) -> Row:
    made_up = Behaviour(visitors_a=visitors[0], visitors_b=visitors[1], button_a=a, button_b=b, is_moved=is_moved)
    return Row(name=name, made_up=made_up)


MANY, FEW = (3_000, 4_000), (300, 400)
DIFFERENT = [
    _button("a button of 10 % of the visitors moved down by 32 px", 0.1, 0.1, visitors=MANY, is_moved=True),
    _button("the same, of 1 %", 0.01, 0.01, visitors=MANY, is_moved=True),
    _button("a button is used by 5 % of a and 8 % of b", 0.05, 0.08, visitors=MANY),
    _button("by 5 % and 7 %", 0.05, 0.07, visitors=MANY),
    _button("by 5 % and 6 %", 0.05, 0.06, visitors=MANY),
    _button("a button of 10 % moved; 300 and 400 visitors", 0.1, 0.1, visitors=FEW, is_moved=True),
    _button("by 5 % and 15 %; 300 and 400 visitors", 0.05, 0.15, visitors=FEW),
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument(
        "--pages",
        type=int,
        default=200,
        help="comparisons of each row where nothing differs, and twice those of each other",
    )
    parser.add_argument("--output", type=Path, help="page in which the table is written anew")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        _configure(Path(directory))
        lines = []
        for line in chain(_same(options.pages), [""], _different(options.pages // 2)):
            print(line, flush=True)
            lines.append(line)
    if options.output:
        write_into(options.output, "compare", "".join(f"{line}\n" for line in lines))


def _configure(directory: Path) -> None:
    os.environ |= environment(
        directory, ALLOWED_HOSTS="testserver", RETENTION_DAYS="0", RATE_LIMIT_ENABLED="false", LOG_LEVEL="ERROR"
    )
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("migrate_clickhouse", verbosity=0)


def _same(pages: int) -> Iterator[str]:
    yield "| sides that do not differ | false alarms | of clicks at p < 0.05 | of clicks, Benjamini-Hochberg |"
    yield "|---|---|---|---|"
    for row in SAME:
        answers = list(_answers(row.made_up, pages))
        alarms = sum(map(behaviour.is_different, answers))
        naive, adjusted = map(sum, zip(*map(behaviour.naive_difference, answers), strict=True))
        yield f"| {row.name} | {alarms / pages:.1%} | {naive / pages:.1%} | {adjusted / pages:.1%} |"


def _different(pages: int) -> Iterator[str]:
    yield "| what differs | found | cells called different that are not |"
    yield "|---|---|---|"
    for row in DIFFERENT:
        answers = list(_answers(row.made_up, pages))
        found = sum(behaviour.finds_the_button(answer, is_moved=row.made_up.is_moved) for answer in answers)
        wrong, called = map(sum, zip(*map(behaviour.false_alarms_elsewhere, answers), strict=True))
        yield f"| {row.name} | {found / pages:.1%} | {wrong} of {called} |"


def _answers(made_up: Behaviour, pages: int) -> Iterator[dict[str, Any]]:
    """A comparison of each page, by the service."""
    from django.test import Client

    from heatmaps import engine

    with engine.writer() as client:
        client.command(behaviour.INSERT, parameters=made_up.rows(pages=pages, seed=SEED, team_id=1))
    caller = Client(headers={"Authorization": f"Bearer {_key()}"})
    for page in range(pages):
        response = caller.get("/api/projects/1/heatmaps/compare/", behaviour.question(page))
        if response.status_code != 200:
            raise SystemExit(f"A comparison was refused: {response.status_code}")
        yield response.json()
    with engine.writer() as client:
        client.command("TRUNCATE TABLE heatmaps")


@cache
def _key() -> str:
    """A key to project 1, which is made with it."""
    from heatmaps.models import Membership, Organization, PersonalAPIKey, Project, User

    organization = Organization.objects.create(name="Made up")
    Project.objects.create(pk=1, name="Made up", organization=organization)
    user = User.objects.create_user("nobody@example.com", "of nobody")
    Membership.objects.create(user=user, organization=organization)
    return str(PersonalAPIKey.make(user, "comparisons")[1])


if __name__ == "__main__":
    main()
