from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("heatmaps.urls")),
]

handler400 = "heatmaps.errors.bad_request"
handler500 = "heatmaps.errors.server_error"
