"""What the property language means in SQL, in the words of the `events` table.

A condition says what makes an operator true; a property that is missing is NULL and makes it NULL, which counts as
false. The operators that deny something deny just that, so a missing property is true for them.
"""

from collections.abc import Collection
from typing import assert_never

from heatmaps.population.binding import Binder
from heatmaps.population.date_conditions import date_condition
from heatmaps.population.layout import PLAIN, Layout, hashed
from heatmaps.population.persons import by_person, current_ids, in_list
from heatmaps.population.property_filters import (
    NUMBER,
    VERSION,
    VERSION_PARTS,
    CohortMembers,
    Operator,
    PropertyFilter,
    PropertyType,
)
from heatmaps.population.regexes import any_of, quoted
from heatmaps.population.selectors import Selector, Within

# What denies, and what it denies. In NEVER_MISSING the denial, too, is false for a missing property.
DENIALS = {
    Operator.IS_NOT: Operator.EXACT,
    Operator.NOT_ICONTAINS: Operator.ICONTAINS,
    Operator.NOT_REGEX: Operator.REGEX,
    Operator.NOT_IN: Operator.IN,
    Operator.IS_NOT_SET: Operator.IS_SET,
    Operator.NOT_BETWEEN: Operator.BETWEEN,
    Operator.SEMVER_NEQ: Operator.SEMVER_EQ,
}
NEVER_MISSING = frozenset({Operator.NOT_BETWEEN, Operator.SEMVER_NEQ})
COMPARISONS = {Operator.GT: ">", Operator.GTE: ">=", Operator.LT: "<", Operator.LTE: "<="}

# One element of a chain: everything up to a semicolon that is not within quotes.
ELEMENT = r'(?:[^;"]|"(?:[^"\\]|\\.)*")+'
# What of an element is its first attribute's name, which a colon separates from classes that may have colons too.
_FIRST_NAME = r'attr__?[^"=]+|[^"=:]+'
# Tag and classes of an element, as tag.class1.class2.
HEAD = rf'^([^"]*?):?(?:(?:{_FIRST_NAME})="|$)'
# An attribute of an element: its name is in one of the first two groups, its value in the third.
ATTRIBUTE = rf'(?:^[^"]*?:({_FIRST_NAME})|([^"=]+))="((?:[^"\\]|\\.)*)"'


# The `elements` of conditions: those of a chain, from the innermost outward, each its tag and classes, and pairs of an
# attribute's name and value. The engine reads them once for all conditions, and only if one of them asks.
ELEMENTS = (
    f"arrayMap(element -> (extract(element, '{quoted(HEAD)}'),"
    " arrayMap(groups -> (concat(groups[1], groups[2]), replaceAll(groups[3], '\\\\\"', '\"')),"
    f" extractAllGroupsVertical(element, '{quoted(ATTRIBUTE)}'))), extractAll(elements_chain, '{quoted(ELEMENT)}'))"
)
_TAG = "splitByChar('.', element.1)[1]"
# So many texts at most are looked for at once.
_MOST_SEARCHED = 255


def condition(
    property_filter: PropertyFilter, binder: Binder, timezone: str, layout: Layout = PLAIN, *, bounds: str = "1"
) -> str:
    """An expression over a row of `events`, and its `elements`, that is 1 where the filter lets it pass, else 0.
    `bounds` are those of the time of the events that are asked about."""
    if property_filter.is_always_true:
        return "1"
    match property_filter.type:
        case PropertyType.EVENT | PropertyType.FEATURE:
            column = layout.event_properties.get(property_filter.key)
            value = column or _json("properties", property_filter.key, binder)
            return _of_value(value, property_filter, binder, timezone)
        case PropertyType.PERSON:
            operator = property_filter.operator
            return by_person(
                property_filter.key,
                lambda value: _of_value(value, property_filter, binder, timezone),
                binder,
                layout,
                bounds=bounds,
                of_nothing=operator in DENIALS and operator not in NEVER_MISSING,
            )
        case PropertyType.EVENT_METADATA:
            column = {"event": "event", "distinct_id": "distinct_id"}[property_filter.key]
            return _of_value(f"toNullable({column})", property_filter, binder, timezone)
        case PropertyType.COHORT | PropertyType.STATIC_COHORT:
            return _of_cohort(property_filter, binder, layout)
        case PropertyType.ELEMENT:
            return _of_elements(property_filter, binder)
        case _:
            assert_never(property_filter.type)


def in_cohorts(
    cohorts: Collection[CohortMembers], binder: Binder, layout: Layout = PLAIN, *, by_number: bool = False
) -> str:
    """Whether the visitor of a row is, at present, a person in every one of the cohorts; by the column `visitor` where
    there is one."""
    visitor, known = ("visitor", hashed("distinct_id")) if by_number else ("distinct_id", "distinct_id")
    conditions = [
        in_list(cohort.id, visitor, layout, binder, by_number=by_number) for cohort in cohorts if cohort.lists_visitors
    ]
    if of_persons := [cohort for cohort in cohorts if not cohort.lists_visitors]:
        members = " AND ".join(f"person_id IN ({members_of(cohort, binder)})" for cohort in of_persons)
        conditions.append(f"{visitor} IN (SELECT {known} FROM ({current_ids(layout)}) WHERE {members})")
    return " AND ".join(conditions)


def members_of(cohort: CohortMembers, binder: Binder) -> str:
    """A question for the persons of a cohort."""
    cohort_id = binder.bind(cohort.id, "Int64")
    if cohort.is_static:
        return (
            f"SELECT person_id FROM person_static_cohort WHERE team_id = {{team_id:Int64}} AND cohort_id = {cohort_id}"
        )
    version = (
        f"(SELECT max(version) FROM cohortpeople WHERE team_id = {{team_id:Int64}} AND cohort_id = {cohort_id})"
        if cohort.version is None
        else binder.bind(cohort.version, "UInt64")
    )
    return (
        "SELECT person_id FROM cohortpeople"
        f" WHERE team_id = {{team_id:Int64}} AND cohort_id = {cohort_id} AND version = {version}"
        " GROUP BY person_id HAVING sum(sign) > 0"
    )


def _json(column: str, key: str, binder: Binder) -> str:
    """A property as text; NULL when it is missing or null."""
    return f"JSONExtract({column}, {binder.bind(key, 'String')}, 'Nullable(String)')"


def _of_value(value: str, property_filter: PropertyFilter, binder: Binder, timezone: str) -> str:
    operator = property_filter.operator
    affirmed = DENIALS.get(operator)
    truth = f"ifNull({_truth(value, affirmed or operator, property_filter, binder, timezone)}, 0)"
    if affirmed is None:
        return truth
    if operator in NEVER_MISSING:
        known = _number(value) if affirmed is Operator.BETWEEN else f"if({_is_version(value)}, 1, NULL)"
        return f"(isNotNull({known}) AND NOT {truth})"
    return f"NOT {truth}"


def _truth(value: str, operator: Operator, property_filter: PropertyFilter, binder: Binder, timezone: str) -> str:
    match operator:
        case Operator.IS_SET:
            return f"isNotNull({value})"
        case _ if property_filter.dates is not None:
            return date_condition(value, operator, property_filter.dates, binder, timezone)
        case Operator.BETWEEN:
            low, high = (_given_number(text, binder) for text in property_filter.values or ())
            return f"{_number(value)} BETWEEN {low} AND {high}"
        case Operator.GT | Operator.GTE | Operator.LT | Operator.LTE:
            (number,) = property_filter.values or ()
            return f"{_number(value)} {COMPARISONS[operator]} {_given_number(number, binder)}"
        case _ if property_filter.versions is not None:
            return _version_truth(value, property_filter, binder)
        case _:
            # A lambda takes no NULL; what is missing contains nothing, not even an empty text.
            is_there = f"isNotNull({value}) AND " if operator is Operator.ICONTAINS else ""
            text = f"ifNull({value}, '')" if is_there else value
            return f"({is_there}{_text_truth(text, operator, property_filter.values or (), binder)})"


def _text_truth(text: str, operator: Operator, values: tuple[str, ...], binder: Binder) -> str:
    """What makes a text operator true of a text that is there; with several values, of one of them."""
    match operator:
        case Operator.ICONTAINS:
            return _contains(text, values, binder)
        case Operator.REGEX:
            return f"match({text}, {binder.bind(any_of(values), 'String')})"
        case _:
            return f"{text} IN {binder.bind(list(values), 'Array(String)')}"


def _contains(text: str, values: tuple[str, ...], binder: Binder) -> str:
    """Whether a text has one of the values in it, in whatever case."""
    given = binder.bind(list(values), "Array(String)")
    truth = f"arrayExists(given -> position({caseless(text)}, {caseless('given')}) > 0, {given})"
    if not (len(values) <= _MOST_SEARCHED and all(value and value.isascii() for value in values)):
        return truth
    # Most texts have nothing but ASCII, in which the same is found in two thirds of the time. In others a letter of
    # ASCII may be the capital of another one, as S is of the long s.
    return f"if(lengthUTF8({text}) = length({text}), multiSearchAnyCaseInsensitive({text}, {given}), {truth})"


def caseless(text: str) -> str:
    # Lower case alone depends on the neighbours of a letter (a sigma ends a word in another form), upper case does not.
    return f"upperUTF8(lowerUTF8({text}))"


def _number(value: str) -> str:
    return f"if(match({value}, '{quoted(NUMBER)}'), toFloat64OrNull(replaceRegexpOne({value}, '^[+]', '')), NULL)"


def _given_number(text: str, binder: Binder) -> str:
    # Read by the engine, as the property is, so that equal texts are equal numbers.
    return f"toFloat64({binder.bind(text.removeprefix('+'), 'String')})"


def _is_version(value: str) -> str:
    return f"match(ifNull({value}, ''), '{quoted(VERSION)}')"


def _version_truth(value: str, property_filter: PropertyFilter, binder: Binder) -> str:
    first, end = property_filter.versions or (None, None)
    parts = (
        f"arrayResize(arrayMap(part -> toUInt64OrZero(part), splitByChar('.', extract(ifNull({value}, ''),"
        f" '^v?([0-9.]+)'))), {VERSION_PARTS}, toUInt64(0))"
    )
    bounds = [_is_version(value)]
    if first is not None:
        bounds.append(f"{parts} >= {binder.bind(list(first), 'Array(UInt64)')}")
    if end is not None:
        bounds.append(f"{parts} < {binder.bind(list(end), 'Array(UInt64)')}")
    return f"({' AND '.join(bounds)})"


def _of_cohort(property_filter: PropertyFilter, binder: Binder, layout: Layout) -> str:
    if property_filter.cohort is None:
        raise ValueError("A cohort filter is resolved before it is asked.")
    inside = in_cohorts([property_filter.cohort], binder, layout)
    return f"NOT ({inside})" if property_filter.is_negated else f"({inside})"


def _of_elements(property_filter: PropertyFilter, binder: Binder) -> str:
    operator = property_filter.operator
    affirmed = DENIALS.get(operator, operator)
    values = property_filter.values or ()
    if property_filter.selectors is not None:
        truth = _selector_truth(property_filter.selectors, binder)
    elif property_filter.key == "tag_name":
        tag = _text_truth(_TAG, affirmed, values, binder)
        truth = f"arrayExists(element -> {tag}, elements)"
    else:
        texts = (
            "arrayFlatten(arrayMap(element -> arrayMap(pair -> pair.2, arrayFilter(pair -> pair.1 ="
            f" {binder.bind(property_filter.key, 'String')}, element.2)), elements))"
        )
        truth = (
            f"notEmpty({texts})"
            if affirmed is Operator.IS_SET
            else f"arrayExists(text -> {_text_truth('text', affirmed, values, binder)}, {texts})"
        )
    return f"NOT ({truth})" if operator in DENIALS else f"({truth})"


def _selector_truth(selectors: Collection[Selector], binder: Binder) -> str:
    """Whether a chain has an element that fulfils one of the selectors.

    Goes through the parts of all selectors, of each from the outermost inward, and notes which elements fulfil it so
    far. An element's parent is the next one in the chain. The last part only closes the last selector.
    """
    parts = [
        (part.tag or "", list(part.classes), list(part.attributes), part.within.value)
        for selector in selectors
        for part in selector
    ]
    parts.append(("", [], [], Within.PAGE.value))
    given = binder.bind(parts, "Array(Tuple(String, Array(String), Array(Tuple(String, String)), String))")
    is_it = (
        f"(part.1 = '' OR part.1 = lower({_TAG}))"
        " AND arrayAll(name -> position(concat(element.1, '.'), concat('.', name, '.')) > 0, part.2)"
        " AND arrayAll(wanted -> arrayExists(pair -> pair.2 = wanted.2"
        " AND lower(pair.1) IN (wanted.1, concat('attr_', wanted.1), concat('attr__', wanted.1)), element.2), part.3)"
    )
    is_within = (
        "multiIf(part.4 = 'page', 1, part.4 = 'parent', state.2[place + 1],"
        " place < arrayLastIndex(flag -> flag, state.2))"
    )
    return (
        "arrayFold((state, part) -> (toUInt8(state.1 OR (part.4 = 'page' AND has(state.2, 1))),"
        f" arrayMap((element, place) -> toUInt8({is_it} AND {is_within}), elements, arrayEnumerate(elements))),"
        f" {given}, (toUInt8(0), emptyArrayUInt8())).1"
    )
