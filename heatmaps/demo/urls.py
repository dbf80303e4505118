"""The demo's routes. A trailing slash is optional."""

from django.urls import re_path

from heatmaps.demo import views
from heatmaps.demo.site import HOME

_HOME = HOME.removeprefix("/")

urlpatterns = [
    re_path(rf"^{_HOME}/sign-in/(?P<token>[^/]+)/?$", views.sign_in, name="demo-sign-in"),
    re_path(rf"^{_HOME}(?P<path>(?:/.*)?)$", views.page, name="demo-page"),
]
