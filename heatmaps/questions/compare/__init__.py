"""What changed on a page, and whether it is real."""

from heatmaps.questions.compare.answer import answer
from heatmaps.questions.compare.form import CompareForm
from heatmaps.questions.compare.reply import HeatmapCompareResponse, HeatmapCompareScrollDepthResponse
from heatmaps.questions.entry import Entry

ENTRY = Entry(
    name="heatmaps-compare",
    path="heatmaps/compare",
    operation_id="heatmaps_compare_list",
    description="""Where two sides, such as two weeks, or phones and desktops, differ by more than chance.

The filters are those of side a. `against` has the filters in which side b differs. For each cell, the shares of
visitors are compared with Fisher's exact test, and the results are adjusted for the number of cells. With
`type=scrolldepth` the share is that of visitors who scrolled at least that far.
A personal API key needs the scope `heatmap:read`.""",
    opens_to_shares=True,
    form=CompareForm,
    answer=answer,
    replies=(HeatmapCompareResponse, HeatmapCompareScrollDepthResponse),
    reply_name="HeatmapCompareReply",
    reply_description="Cells, or scroll-depth buckets for `type=scrolldepth`, of both sides.",
)
