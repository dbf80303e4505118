"""What the operators that compare dates mean in SQL."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from heatmaps.population.binding import Binder
from heatmaps.population.property_filters import UNIX_TIME, Operator
from heatmaps.population.regexes import quoted

# ISO 8601 in the forms that programs write.
_DAY = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_TIME = "([01][0-9]|2[0-3])(:[0-5][0-9](:[0-5][0-9]([.,][0-9]+)?)?)?"
_OFFSET = "[Zz]|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?"
_DATE = f"^{_DAY}([Tt ]{_TIME}( ?({_OFFSET}))?)?$"
_UTC = "'UTC'"
_DATE_WITHOUT_OFFSET = f"^{_DAY}([Tt ]{_TIME})?$"


def date_condition(
    value: str, operator: Operator, given: Sequence[date | datetime], binder: Binder, timezone: str
) -> str:
    """Whether a value is before, after, or at one of the given dates; NULL where it is no date."""
    text, zone = f"ifNull({value}, '')", binder.bind(timezone, "String")
    moment = (
        f"multiIf(match({text}, '{quoted(UNIX_TIME)}'), {_unix_time(text, zone)},"
        f" match({text}, '{_DATE}'), parseDateTime64BestEffortOrNull(replaceOne(upper({text}), ',', '.'), 6, {zone}),"
        " NULL)"
    )
    comparisons = []
    if days := [f"{one:%Y-%m-%d}" for one in given if not isinstance(one, datetime)]:
        # Without an offset it is the day that is written, also where clocks skip its midnight.
        day = (
            f"if(isNull({moment}), NULL, if(match({text}, '{_DATE_WITHOUT_OFFSET}'),"
            f" substring({text}, 1, 10), substring(toString({moment}), 1, 10)))"
        )
        comparisons.append(_compared(day, operator, binder.bind(days, "Array(String)")))
    if moments := [one for one in given if isinstance(one, datetime)]:
        # The engine reads them as it reads the properties, so that equal texts are equal moments.
        naive = binder.bind([_written(one) for one in moments if one.tzinfo is None], "Array(String)")
        aware = binder.bind([_written(one.astimezone(UTC)) for one in moments if one.tzinfo], "Array(String)")
        numbers = f"arrayConcat({_numbers(naive, zone)}, {_numbers(aware, _UTC)})"
        comparisons.append(_compared(_number(moment), operator, numbers))
    return f"({' OR '.join(comparisons)})"


def _compared(value: str, operator: Operator, given: str) -> str:
    if operator is Operator.IS_DATE_EXACT:
        return f"if(isNull({value}), NULL, has({given}, assumeNotNull({value})))"
    return f"{value} {'<' if operator is Operator.IS_DATE_BEFORE else '>'} {given}[1]"


def _unix_time(text: str, zone: str) -> str:
    """10 digits are seconds, 13 milliseconds; both may have a fraction."""
    number = f"toDecimal128OrZero(if(match({text}, '{quoted(UNIX_TIME)}'), {text}, ''), 9)"
    microseconds = f"toInt64({number} * if(match({text}, '^[0-9]{{10}}([.]|$)'), 1000000, 1000))"
    return f"fromUnixTimestamp64Micro({microseconds}, {zone})"


def _number(moment: str) -> str:
    return f"toUnixTimestamp64Micro({moment})"


def _numbers(texts: str, zone: str) -> str:
    number = _number(f"toDateTime64(given, 6, {zone})")
    return f"arrayMap(given -> {number}, {texts})"


def _written(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S.%f}"
