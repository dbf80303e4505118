"""The interactions behind points of a heatmap."""

from heatmaps.questions.entry import Entry
from heatmaps.questions.interactions import answer
from heatmaps.questions.interactions.form import InteractionsForm
from heatmaps.questions.interactions.reply import HeatmapEventsResponse

ENTRY = Entry(
    name="heatmaps-events",
    path="heatmaps/events",
    legacy_path="heatmap/events",
    operation_id="heatmaps_events_retrieve",
    description="""The interactions behind chosen points of a heatmap, newest first.

Takes the filters of the heatmap, and either points that it returned or areas. A personal API key needs the scope
`heatmap:read`.""",
    form=InteractionsForm,
    answer=answer.answer,
    replies=(HeatmapEventsResponse,),
    reply_description="Interactions, newest first.",
    may_be_kept=False,
)
