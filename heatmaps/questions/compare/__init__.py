"""What changed on a page, and whether it is real."""

from heatmaps.questions.compare.answer import answer
from heatmaps.questions.compare.form import CompareForm
from heatmaps.questions.compare.reply import HeatmapCompareResponse, HeatmapCompareScrollDepthResponse
from heatmaps.questions.entry import Entry

ENTRY = Entry(
    name="heatmaps-compare",
    path="heatmaps/compare",
    operation_id="heatmaps_compare_list",
    description="""Where two sides differ, such as two weeks, or phones and desktops, and whether by more than chance.

Takes the filters for side a, and in `against` those in which side b differs. Tested is the share of visitors, cell by
cell, with Fisher's exact test and adjusted over all cells; with `type=scrolldepth` the share that came at least as far
down.
A personal API key needs the scope `heatmap:read`.""",
    form=CompareForm,
    answer=answer,
    replies=(HeatmapCompareResponse, HeatmapCompareScrollDepthResponse),
    reply_name="HeatmapCompareReply",
    reply_description="Cells, or scroll-depth buckets for `type=scrolldepth`, of both sides.",
)
