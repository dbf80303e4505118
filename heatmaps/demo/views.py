"""The demo's site as browsers see it, and the way in for who has just started it. Both only while it runs."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from heatmaps import engine
from heatmaps.demo import account, site
from heatmaps.demo.filling import Plan, plan_found

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)

View = Callable[..., HttpResponse]


def while_it_runs(view: View) -> View:
    """`make demo` sets DEMO; nobody else's service has these pages."""

    @require_safe
    @never_cache
    @xframe_options_sameorigin
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not settings.DEMO:
            raise Http404
        response = view(request, *args, **kwargs)
        response["Content-Security-Policy"] = POLICY
        return response

    return guarded


@while_it_runs
def page(request: HttpRequest, path: str) -> HttpResponse:
    name = path.strip("/")
    found = next((page for page in site.PAGES if page.path.strip("/") == name), None)
    project = account.project()
    if found is None or project is None:
        raise Http404
    # The template resolves no name itself: demo/elements.py reads it where no URLs are loaded, which takes seconds.
    addresses = {"canonical": site.url(found.path), "overlay": reverse("overlay")}
    return render(request, found.template, {"page": found, "token": project.token, **addresses})


@while_it_runs
def sign_in(request: HttpRequest, token: str) -> HttpResponse:
    with transaction.atomic():
        user = account.user_of(token)
        if user:
            login(request, user)
    project = account.project()
    if not user or not project:
        return render(request, "demo/used_link.html", status=403)
    with engine.writer() as client:
        plan = plan_found(client, project.pk)
    today = now().date()
    return HttpResponseRedirect(account.first_picture(project, (plan or Plan(today, 0)).date_from(today)))
