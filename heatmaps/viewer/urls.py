from django.templatetags.static import static
from django.urls import path
from django.views.generic import RedirectView

from heatmaps.viewer import views

urlpatterns = [
    path("", views.viewer, name="viewer"),
    # What browsers ask for on every other page, such as the admin's.
    path("favicon.ico", RedirectView.as_view(url=static("viewer/icon.svg"))),
]
