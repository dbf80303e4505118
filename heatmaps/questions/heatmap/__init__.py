"""Where on a page something happened, and how far down it was scrolled."""

from heatmaps.questions.entry import Entry
from heatmaps.questions.heatmap import answer
from heatmaps.questions.heatmap.form import HeatmapForm
from heatmaps.questions.heatmap.reply import HeatmapScrollDepthResponse, HeatmapsResponse

ENTRY = Entry(
    name="heatmaps",
    path="heatmaps",
    legacy_path="heatmap",
    operation_id="heatmaps_list",
    description="""Where visitors clicked, raged, rested or scrolled to.

The reply has points and a fold summary; with `type=scrolldepth` it has scroll-depth buckets instead.
A personal API key needs the scope `heatmap:read`.""",
    opens_to_shares=True,
    form=HeatmapForm,
    answer=answer.answer,
    replies=(HeatmapsResponse, HeatmapScrollDepthResponse),
    reply_name="HeatmapReply",
    reply_description="Points with a fold summary, or scroll-depth buckets for `type=scrolldepth`.",
)
