from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from heatmaps.framing.network import INTERNET

# What the page may do. It shows other people's pages in a sandboxed frame, and nothing else comes from elsewhere.
# Screenshots that its scripts have asked for with a key are blobs.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "frame-src http: https:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)


@require_safe
def viewer(request: HttpRequest) -> HttpResponse:
    """The page, with who is signed in. Who may see what is for the API to say, which its scripts ask."""
    ports = " ".join(map(str, sorted(INTERNET.ports))) if settings.FRAME_PREFLIGHT else ""
    told = {"session_url": settings.SESSION_URL, "preflight_ports": ports}
    response = render(request, "viewer/index.html", told)
    response["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    # Other sites are told nothing; the form that signs out has to name its own.
    response["Referrer-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-cache"
    return response
