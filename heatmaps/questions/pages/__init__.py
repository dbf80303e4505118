"""The pages of a project."""

from heatmaps.questions.entry import Entry
from heatmaps.questions.pages import answer
from heatmaps.questions.pages.form import PagesForm
from heatmaps.questions.pages.reply import HeatmapPagesResponse

ENTRY = Entry(
    name="heatmaps-pages",
    path="heatmaps/pages",
    operation_id="heatmaps_pages_list",
    description="""The pages of a project, the busiest first, with what happened on them.

A page is a URL without the slashes at its end. Counted is what its heatmap shows when it is asked for with the
dates and a type alone. A personal API key needs the scope `heatmap:read`.""",
    form=PagesForm,
    answer=answer.answer,
    replies=(HeatmapPagesResponse,),
    reply_description="Pages, the busiest first.",
)
