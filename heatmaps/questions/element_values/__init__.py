"""The values that an attribute of elements has."""

from heatmaps.access import scopes
from heatmaps.questions.element_values.answer import answer
from heatmaps.questions.element_values.form import ElementValuesForm
from heatmaps.questions.element_values.reply import ElementValue
from heatmaps.questions.entry import Entry

ENTRY = Entry(
    name="elements-values",
    path="elements/values",
    operation_id="elements_values_list",
    description="""Values of an attribute of the elements that were clicked in the last 7 days, to choose filters from.

Of each `$autocapture` event counts the value of the innermost element that has one. At most 100 values, the most
frequent first. A personal API key needs the scope `element:read` or `heatmap:read`.""",
    form=ElementValuesForm,
    answer=answer,
    replies=(ElementValue,),
    reply_description="Values, the most frequent first.",
    has_results=False,
    is_bare_list=True,
    methods={"GET": scopes.READ_ELEMENTS},
)
