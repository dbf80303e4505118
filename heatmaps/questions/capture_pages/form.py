"""The captured URLs are asked for without parameters."""

from datetime import timedelta

from heatmaps.population import dates
from heatmaps.population.filters import Window
from heatmaps.questions.capture_pages.question import CapturePagesQuestion
from heatmaps.requests.forms import Form

LOOKED_BACK = timedelta(days=30)


class CapturePagesForm(Form[CapturePagesQuestion]):
    def question(self) -> CapturePagesQuestion:
        project, now = self.context["project"], self.context["now"]
        # What browsers with a clock that is fast have sent counts as well.
        end = dates.window(None, None, project.zone).end
        return CapturePagesQuestion(team_id=project.pk, window=Window(start=now - LOOKED_BACK, end=end))
