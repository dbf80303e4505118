from django.contrib import admin
from django.urls import include, path

from heatmaps.attempts import slowed

urlpatterns = [
    path("admin/login/", slowed(admin.site.login)),
    path("admin/", admin.site.urls),
    path("", include("heatmaps.urls")),
]

handler400 = "heatmaps.errors.bad_request"
handler500 = "heatmaps.errors.server_error"
