"""How much happens in parts of a page."""

from heatmaps.access import scopes
from heatmaps.questions.areas.answer import answer
from heatmaps.questions.areas.form import AreasForm
from heatmaps.questions.areas.reply import HeatmapAreasResponse
from heatmaps.questions.entry import Entry

ENTRY = Entry(
    name="heatmaps-areas",
    path="heatmaps/areas",
    operation_id="heatmaps_areas_list",
    description="""How much happens in parts of a page: interactions, visitors and sessions of each.

Takes the filters of the heatmap, and areas as rectangles and polygons. With `against`, each area is compared with
itself under other filters. A POST takes the same parameters in a JSON body, when they are too long for a URL.
A personal API key needs the scope `heatmap:read`.""",
    opens_to_shares=True,
    form=AreasForm,
    answer=answer,
    replies=(HeatmapAreasResponse,),
    reply_description="The areas, in the order in which they were given.",
    methods={"GET": scopes.READ, "POST": scopes.READ},
)
