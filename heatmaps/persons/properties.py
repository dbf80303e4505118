"""What is known of a person, such that values which arrive out of order end as if they had come in order.

A property has a register: the last value that was set, or its removal, and the values that were only to fill it in and
came later than that. Each has an order, a text that sorts by time, then place in the body, then event. The same change
twice is as good as once.
"""

from collections.abc import Mapping
from typing import Any, Final

# In JSON: "set" is [order, value], or [order] for a removal; "once" a list of [order, value], the earliest first.
Register = dict[str, list[Any]]
Registers = dict[str, Register]

SET: Final = "set"
ONCE: Final = "once"
# Values that were to fill in one property. More are thinned out.
MAX_ONCE = 8


def order_of(happened_at: int, place: int, number: int) -> str:
    """Where an event stands among all: by time (microseconds since 1970), then its place in the body, then its own
    number, so that the same events have the same order at every arrival."""
    return f"{max(0, happened_at + 2**55):015x}{place:06x}{number & 0xFFFF_FFFF:08x}"


def put(registers: Registers, name: str, order: str, value: Any) -> None:
    """`$set`: the newest value wins."""
    _decide(registers.setdefault(name, {}), [f"{order}1", value])


def remove(registers: Registers, name: str, order: str) -> None:
    """`$unset`."""
    _decide(registers.setdefault(name, {}), [f"{order}2"])


def fill_in(registers: Registers, name: str, order: str, value: Any) -> None:
    """`$set_once`: the first value wins, of those that came after a removal."""
    register = registers.setdefault(name, {})
    order = f"{order}0"
    if SET in register and order < register[SET][0]:
        return
    waiting = register.setdefault(ONCE, [])
    if any(order == entry[0] for entry in waiting):
        return
    waiting.append([order, value])
    waiting.sort(key=lambda entry: entry[0])
    if len(waiting) > MAX_ONCE:
        _thin_out(waiting)


def current(registers: Registers) -> dict[str, Any]:
    """The properties as they are now."""
    return {name: found[1] for name, register in registers.items() if len(found := _found(register)) > 1}


def merged(survivor: Registers, absorbed: Registers) -> Registers:
    """What is known of two persons that are one: where both know something, the survivor is right."""
    return {
        **absorbed,
        **{
            name: register
            for name, register in survivor.items()
            if name not in absorbed or len(_found(register)) > 1 or len(_found(absorbed[name])) == 1
        },
    }


def _found(register: Mapping[str, list[Any]]) -> list[Any]:
    """The entry that says what the property is; without a value where it says that there is none."""
    decided: list[Any] = register.get(SET, [""])
    if len(decided) == 1 and register.get(ONCE):
        return list(register[ONCE][0])
    return decided


def _decide(register: Register, entry: list[Any]) -> None:
    if SET in register and entry[0] <= register[SET][0]:
        return
    register[SET] = entry
    waiting = [one for one in register.pop(ONCE, []) if one[0] > entry[0]]
    if waiting:
        register[ONCE] = waiting


def _thin_out(waiting: list[list[Any]]) -> None:
    """Leaves out one that can only matter after a removal that comes late: between two of the same value, else the one
    before the last."""
    for place in range(1, len(waiting) - 1):
        if waiting[place - 1][1] == waiting[place][1] == waiting[place + 1][1]:
            del waiting[place]
            return
    del waiting[-2]
