"""What a page's headers say of frames, read as browsers read them (CSP 3 and HTML)."""

import re
from enum import StrEnum

from heatmaps.framing.places import PORTS, Place


class BlockedBy(StrEnum):
    X_FRAME_OPTIONS = "x_frame_options"
    FRAME_ANCESTORS = "frame_ancestors"


_SOURCE = re.compile(
    r"(?:(?P<scheme>[a-z][a-z0-9+.-]*)://)?"
    r"(?P<host>\*|(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\])"
    r"(?::(?P<port>\d+|\*))?"
    r"(?P<path>/[^?#]*)?",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*):", re.IGNORECASE)
# A source also takes in what is more secure than it says.
_UPGRADES = {"http": {"http", "https"}}


def blocked_by(page: Place, policies: list[str], frame_options: list[str], viewer: Place) -> BlockedBy | None:
    """Which header keeps a page out of a frame on the viewer's page; None for none.

    `policies` and `frame_options` are the values of Content-Security-Policy and X-Frame-Options. Where a policy has
    frame-ancestors, X-Frame-Options means nothing.
    """
    lists = [sources for policy in ",".join(policies).split(",") if (sources := _ancestors(policy)) is not None]
    if lists:
        allowed = all(any(_takes_in(source, page, viewer) for source in sources) for sources in lists)
        return None if allowed else BlockedBy.FRAME_ANCESTORS
    return None if _options_allow(frame_options, page, viewer) else BlockedBy.X_FRAME_OPTIONS


def _ancestors(policy: str) -> list[str] | None:
    """The sources of the policy's frame-ancestors, of which the first counts; None when it has none."""
    for directive in policy.split(";"):
        name, *sources = directive.split() or [""]
        if name.lower() == "frame-ancestors":
            return sources
    return None


def _takes_in(source: str, page: Place, viewer: Place) -> bool:
    if source == "*":
        return True
    if source.lower() == "'self'":
        return _is_scheme(page.scheme, viewer) and page.host == viewer.host and _is_own_port(page, viewer)
    if scheme := _SCHEME.fullmatch(source):
        return _is_scheme(scheme["scheme"], viewer)
    found = _SOURCE.fullmatch(source)
    # Anything else, 'none' included, takes in nobody.
    return found is not None and (
        _is_scheme(found["scheme"] or page.scheme, viewer)
        and _is_host(found["host"].lower().strip("[]"), viewer.host)
        and _is_port(found["port"], viewer)
        # An ancestor is an origin, whose path is the root.
        and found["path"] in {None, "/"}
    )


def _is_scheme(scheme: str, viewer: Place) -> bool:
    return viewer.scheme in _UPGRADES.get(scheme.lower(), {scheme.lower()})


def _is_host(host: str, viewers: str) -> bool:
    if host == "*":
        return True
    return viewers.endswith(host[1:]) if host.startswith("*.") else viewers == host


def _is_port(port: str | None, viewer: Place) -> bool:
    if port == "*":
        return True
    if port is None:
        return viewer.port == PORTS[viewer.scheme]
    return viewer.port == int(port[:6]) or (int(port[:6]), viewer.port, viewer.scheme) == (80, 443, "https")


def _is_own_port(page: Place, viewer: Place) -> bool:
    """The same, or the usual one of either scheme."""
    return page.port == viewer.port or all(one.port == PORTS[one.scheme] for one in (page, viewer))


def _options_allow(frame_options: list[str], page: Place, viewer: Place) -> bool:
    values = {value.strip().lower() for value in ",".join(frame_options).split(",")}
    if len(values) > 1:
        # Browsers take contradictions for a no, and do not mind other nonsense, such as ALLOW-FROM.
        return not values & {"deny", "allowall", "sameorigin"}
    return values.isdisjoint({"deny"}) and (values != {"sameorigin"} or page.origin == viewer.origin)
