"""Why there is nothing, or so little."""

from heatmaps.questions.entry import Entry
from heatmaps.questions.explain.answer import answer
from heatmaps.questions.explain.form import ExplainForm
from heatmaps.questions.explain.reply import HeatmapExplainResponse

ENTRY = Entry(
    name="heatmaps-explain",
    path="heatmaps/explain",
    operation_id="heatmaps_explain_retrieve",
    description="""Why a heatmap is empty or nearly empty: what each filter leaves, and what there is without it.

Takes the filters of the heatmap. An empty result is not an error. A personal API key needs the scope
`heatmap:read`.""",
    opens_to_shares=True,
    form=ExplainForm,
    answer=answer,
    replies=(HeatmapExplainResponse,),
    reply_description="What each filter leaves, and why nothing is left.",
    may_be_kept=False,
    has_results=False,
)
