"""What an explanation is asked with."""

from heatmaps.models import Project
from heatmaps.questions.explain.question import ExplainQuestion
from heatmaps.requests.filters import FiltersForm


class ExplainForm(FiltersForm[ExplainQuestion]):
    def question(self) -> ExplainQuestion:
        filters = self.filters()
        project: Project = self.context["project"]
        url = self.validated_data.get("url_exact") if filters.url_page is None else filters.url_page
        return ExplainQuestion(
            filters=filters,
            url=None if filters.url_pattern is not None else url,
            is_opted_in=project.heatmaps_opt_in is not False,
            begins_at_page=self.share is not None,
        )
