from importlib import import_module

from django.apps import AppConfig


class HeatmapsConfig(AppConfig):
    name = "heatmaps"

    def ready(self) -> None:
        # They are found by being imported.
        for module in ("access.audit", "checks"):
            import_module(f"heatmaps.{module}")
