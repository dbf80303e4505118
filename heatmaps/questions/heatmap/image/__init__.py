"""The heatmap as a picture. It is the heatmap's own answer, drawn: what is counted is asked for there."""

from heatmaps.questions.entry import Entry
from heatmaps.questions.heatmap.image.answer import HEADERS, answer
from heatmaps.questions.heatmap.image.form import ImageForm
from heatmaps.replies.pictures import PICTURES

ENTRY = Entry(
    name="heatmaps-image",
    path="heatmaps/image",
    operation_id="heatmaps_image_retrieve",
    description="""The heatmap as a picture, to be laid over a screenshot of the page.

Takes the filters of the heatmap. All cells count. One pixel is one CSS px of a page that is `width` px wide, and
elements that stay put when the page scrolls are drawn in the first screenful. With `against`, orange is more on side a,
blue is less. With `type=scrolldepth` there are bands. A personal API key needs the scope `heatmap:read`.""",
    opens_to_shares=True,
    form=ImageForm,
    answer=answer,
    replies=(),
    reply_description="The picture; transparent where nothing happened, unless there is a background.",
    has_results=False,
    pictures=PICTURES,
    headers=HEADERS,
)
