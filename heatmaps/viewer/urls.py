from django.conf import settings
from django.contrib.auth.views import LogoutView
from django.urls import path
from django.views.generic import RedirectView

from heatmaps.front.paths import OVERLAY
from heatmaps.viewer import overlay, views

urlpatterns = [
    path("", views.viewer, name="viewer"),
    # The admin's own is for staff only.
    path("sign-out/", LogoutView.as_view(next_page="viewer"), name="sign-out"),
    path(OVERLAY.removeprefix("/"), overlay.loader, name="overlay"),
    # What browsers ask for on every other page, such as the admin's.
    path("favicon.ico", RedirectView.as_view(url=f"{settings.STATIC_URL}viewer/icon.svg")),
]
