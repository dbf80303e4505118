"""What a picture is drawn on, and with what."""

from dataclasses import dataclass

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """Width and height in CSS px, which are its pixels; `opacity` from 0 to 1; no background is a transparent one."""

    width: int
    height: int
    opacity: float
    palette: str
    background: Colour | None = None
