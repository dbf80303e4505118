"""The shape of the reply with chains of elements."""

from rest_framework import serializers


class Element(serializers.Serializer[None]):
    """An element of a page, as it was when an event happened on it or in it."""

    text = serializers.CharField(allow_null=True)
    tag_name = serializers.CharField(allow_null=True, help_text="In lower case.")
    attr_class = serializers.ListField(child=serializers.CharField(), allow_null=True, help_text="Its classes.")
    href = serializers.CharField(allow_null=True)
    attr_id = serializers.CharField(allow_null=True, help_text="The `id` of the element.")
    nth_child = serializers.IntegerField(
        allow_null=True, help_text="Its place among the children of its parent, counted from 1."
    )
    nth_of_type = serializers.IntegerField(
        allow_null=True, help_text="Its place among those of them that have its tag, counted from 1."
    )
    attributes = serializers.DictField(
        child=serializers.CharField(), help_text="Its other attributes, each with `attr__` before its name."
    )
    order = serializers.IntegerField(help_text="0 for the element itself, then counted outward.")


class ElementStats(serializers.Serializer[None]):
    """A chain of elements, and how many events of one kind happened on it."""

    count = serializers.IntegerField(
        min_value=0, help_text="Events. With `sampling_factor` an estimate: the sampled ones, scaled up."
    )
    hash = serializers.CharField(help_text="Stands for the whole chain, whatever is left out of `elements`.")
    type = serializers.CharField(help_text="The event: `$autocapture`, `$rageclick` or `$dead_click`.")
    elements = Element(many=True, help_text="The clicked element and those around it, the innermost first.")


class ElementStatsResponse(serializers.Serializer[None]):
    results = ElementStats(many=True)
    next = serializers.CharField(allow_null=True, help_text="URL of the following results, null if there are none.")
    previous = serializers.CharField(
        allow_null=True, help_text="URL of the `limit` results before these, null if there are fewer."
    )
