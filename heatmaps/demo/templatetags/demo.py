"""Where things are on the demo's pages, as their HTML says it: attributes that demo/site.css reads."""

from typing import Any

from django import template
from django.template import Context
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from heatmaps.demo.pages import Box, Page
from heatmaps.demo.site import DESKTOP_WIDTH, HOME, MOBILE_WIDTH

register = template.Library()


@register.simple_tag(takes_context=True)
def at(context: Context, name: str) -> SafeString:
    """The place of an element that people click, and where it leads."""
    page: Page = context["page"]
    (element,) = [element for element in page.elements if element.name == name]
    style = _style(element.desktop, element.mobile, is_fixed=element.is_fixed)
    link = format_html(' href="{}"', HOME + element.to) if element.to else ""
    return format_html('{} data-element="{}"{}', style, name, link)


@register.simple_tag
def box(desktop: str, mobile: str) -> SafeString:
    """The place of what nobody clicks: x, y, width and height on desktops and on phones; `-` where it is not."""
    return _style(_box(desktop), _box(mobile), is_fixed=False)


@register.simple_tag(takes_context=True)
def column(context: Context, part: str) -> SafeString:
    """The place of a part of an article's text: its lead above the picture, and above and below the link in it."""
    page: Page = context["page"]
    left, _, width, _ = page.reading[0]
    _, picture_top, _, picture_height = next(
        one.desktop for one in page.elements if one.name == "picture" and one.desktop
    )
    beneath = picture_top + picture_height + 30
    desktop, mobile = page.heights
    desktop_box, mobile_box = {
        "lead": ((left, 220, width, picture_top - 240), (20, 180, 350, 130)),
        "above": ((left, beneath, width, 1360 - beneath), (20, 800, 350, 1280)),
        "below": ((left, 1430, width, desktop - 1890), (20, 2150, 350, mobile - 2830)),
    }[part]
    return _style(desktop_box, mobile_box, is_fixed=False)


def _box(text: str) -> Box | None:
    if text == "-":
        return None
    x, y, width, height = map(int, text.split())
    return x, y, width, height


def _style(desktop: Box | None, mobile: Box | None, *, is_fixed: bool) -> SafeString:
    variables: list[tuple[str, Any]] = [("position", "fixed" if is_fixed else "absolute")]
    for prefix, place, drawn_for in (("--d-", desktop, DESKTOP_WIDTH), ("--m-", mobile, MOBILE_WIDTH)):
        if place is None:
            variables.append((f"{prefix}display", "none"))
            continue
        x, y, width, height = place
        variables += [
            # Of the window's width with its scroll bar, as browsers tell it.
            (f"{prefix}x", f"{x / drawn_for:.6%}".replace("%", "vw")),
            (f"{prefix}y", f"{y}px" if y >= 0 else f"calc(100vh - {-y}px)"),
            (f"{prefix}w", f"{width / drawn_for:.6%}".replace("%", "vw")),
            (f"{prefix}h", f"{height}px"),
        ]
    return format_html('style="{}"', format_html_join(";", "{}:{}", variables))
