"""What is under the pointer: the elements that events were about."""

from heatmaps.access import scopes
from heatmaps.questions.element_stats.answer import answer
from heatmaps.questions.element_stats.form import ElementStatsForm
from heatmaps.questions.element_stats.reply import ElementStatsResponse
from heatmaps.questions.entry import Entry

ENTRY = Entry(
    name="elements-stats",
    path="elements/stats",
    legacy_path="element/stats",
    operation_id="elements_stats_retrieve",
    description="""Which elements people clicked, and how often, the most frequent first.

Counts the events `$autocapture`, `$rageclick` and `$dead_click` by the chain of elements that they happened on: the
clicked element and all around it. A personal API key needs the scope `element:read` or `heatmap:read`.""",
    form=ElementStatsForm,
    answer=answer,
    replies=(ElementStatsResponse,),
    reply_description="Chains of elements, the most frequent first.",
    has_results=False,
    methods={"GET": scopes.READ_ELEMENTS},
)
