"""The routes of the browser SDK, of all its generations. A trailing slash is optional."""

from django.urls import re_path

from heatmaps.capture import sdk, views

urlpatterns = [
    re_path(r"^(?:e|i/v0/e|capture|track)/?$", views.post, {"limit": views.MAX_BODY_BYTES}, name="capture"),
    re_path(r"^batch/?$", views.post, {"limit": views.MAX_BATCH_BYTES}, name="capture-batch"),
    re_path(r"^s/?$", views.discard, name="capture-recordings"),
    re_path(r"^flags/?$", views.flags, name="capture-flags"),
    re_path(r"^decide/?$", views.decide, name="capture-decide"),
    re_path(r"^array/(?P<token>[^/]+)/config/?$", views.configuration, name="capture-configuration"),
    re_path(r"^array/(?P<token>[^/]+)/config\.js$", views.configuration_script, name="capture-configuration-script"),
    re_path(r"^static/(?:(?P<version>[0-9][^/]*)/)?(?P<name>[^/]+\.js)$", sdk.script, name="capture-sdk"),
]
