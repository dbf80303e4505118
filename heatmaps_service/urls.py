from django.contrib import admin
from django.urls import include, path

from heatmaps.access.failed_attempts import slowed

urlpatterns = [
    path("admin/login/", slowed(admin.site.login)),
    path("admin/", admin.site.urls),
    path("", include("heatmaps.urls")),
]

handler400 = "heatmaps.api.errors.bad_request"
handler500 = "heatmaps.api.errors.server_error"
