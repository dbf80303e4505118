"""The property language of test-account and event filters: what an understood filter is.

property_parsing reads filters, and conditions says what each operator means to the engine.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from heatmaps.population.selectors import Selector


class PropertyType(StrEnum):
    EVENT = "event"
    FEATURE = "feature"
    EVENT_METADATA = "event_metadata"
    PERSON = "person"
    COHORT = "cohort"
    STATIC_COHORT = "static-cohort"
    ELEMENT = "element"


class Operator(StrEnum):
    EXACT = "exact"
    IS_NOT = "is_not"
    IS_DATE_EXACT = "is_date_exact"
    ICONTAINS = "icontains"
    NOT_ICONTAINS = "not_icontains"
    REGEX = "regex"
    NOT_REGEX = "not_regex"
    IS_SET = "is_set"
    IS_NOT_SET = "is_not_set"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    BETWEEN = "between"
    NOT_BETWEEN = "not_between"
    IN = "in"
    NOT_IN = "not_in"
    IS_DATE_BEFORE = "is_date_before"
    IS_DATE_AFTER = "is_date_after"
    SEMVER_EQ = "semver_eq"
    SEMVER_NEQ = "semver_neq"
    SEMVER_GT = "semver_gt"
    SEMVER_GTE = "semver_gte"
    SEMVER_LT = "semver_lt"
    SEMVER_LTE = "semver_lte"
    SEMVER_TILDE = "semver_tilde"
    SEMVER_CARET = "semver_caret"
    SEMVER_WILDCARD = "semver_wildcard"


PRESENCE = frozenset({Operator.IS_SET, Operator.IS_NOT_SET})
NUMERIC = frozenset({Operator.GT, Operator.GTE, Operator.LT, Operator.LTE})
RANGES = frozenset({Operator.BETWEEN, Operator.NOT_BETWEEN})
DATES = frozenset({Operator.IS_DATE_EXACT, Operator.IS_DATE_BEFORE, Operator.IS_DATE_AFTER})
LISTS = frozenset({Operator.IN, Operator.NOT_IN})
EXPRESSIONS = frozenset({Operator.REGEX, Operator.NOT_REGEX})
TEXTS = (
    EXPRESSIONS
    | LISTS
    | {
        Operator.EXACT,
        Operator.IS_NOT,
        Operator.ICONTAINS,
        Operator.NOT_ICONTAINS,
    }
)

# A number as JSON and people write it; the engine is given the same expression.
NUMBER = r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$"
# Seconds since 1970, or milliseconds; they have so many digits from 2001 to 2286.
UNIX_TIME = r"^([0-9]{10}|[0-9]{13})(\.[0-9]{1,9})?$"
# A version: whole numbers between dots; what comes after a hyphen or a plus does not count.
VERSION = r"^v?([0-9]{1,18}(\.[0-9]{1,18}){0,7})([-+].*)?$"
VERSION_PARTS = 8


class BadFilter(ValueError):
    """A filter that cannot be understood; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortMembers:
    """Where the members of a cohort are: in the list of a static one, or in a version of a calculated one."""

    id: int
    is_static: bool
    # The list names visitors, not persons.
    lists_visitors: bool = False
    version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyFilter:
    """One understood filter. Which of the fields below `operator` has a value depends on type and operator."""

    type: PropertyType
    key: str
    operator: Operator
    # Texts to compare with; one of them has to hold. None where the operator asks for something else.
    values: tuple[str, ...] | None = None
    # Versions from the first to before the second; None is without end.
    versions: tuple[tuple[int, ...] | None, tuple[int, ...] | None] | None = None
    # Whole days, and moments, which are naive when they were written without an offset; one of them has to hold.
    dates: tuple[date | datetime, ...] | None = None
    selectors: tuple[Selector, ...] | None = None
    cohort_id: int | None = None
    cohort: CohortMembers | None = None
    is_negated: bool = False

    @property
    def is_always_true(self) -> bool:
        """An empty list asks for nothing."""
        return () in (self.values, self.dates, self.selectors)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """An event that a session must contain."""

    event: str
    properties: tuple[PropertyFilter, ...] = ()
