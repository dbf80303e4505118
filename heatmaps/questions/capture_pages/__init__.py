"""The pages that interactions are captured on, for a list of those that may."""

from heatmaps.questions.capture_pages.answer import answer
from heatmaps.questions.capture_pages.form import CapturePagesForm
from heatmaps.questions.capture_pages.reply import HeatmapCapturePages
from heatmaps.questions.entry import Entry

ENTRY = Entry(
    name="heatmap-capture-pages",
    path="heatmap_capture/pages",
    operation_id="heatmap_capture_pages_retrieve",
    description="""The 20 busiest URLs of the last 30 days, as they were captured, to choose an allow-list from.

Counts every interaction, also those that no heatmap shows. A personal API key needs the scope `heatmap:read`.""",
    form=CapturePagesForm,
    answer=answer,
    replies=(HeatmapCapturePages,),
    reply_description="URLs, the busiest first.",
    has_results=False,
)
