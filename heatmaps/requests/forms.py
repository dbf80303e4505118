"""What every form is: the one description of the parameters of a question. The OpenAPI document comes from it."""

import copy
from collections.abc import Mapping
from typing import Any, ClassVar, Generic, TypeVar

from rest_framework import serializers

from heatmaps.models import Share
from heatmaps.requests import shares

Q_co = TypeVar("Q_co", covariant=True)

# The first of several bad parameters is the one that a caller is told of. A parameter that is not named here is one
# that PostHog does not have: it comes after these, in the order of its form. `points` is the last of all.
ORDER = (
    "viewport_width_min",
    "viewport_width_max",
    "type",
    "date_from",
    "date_to",
    "url_exact",
    "url_pattern",
    "aggregation",
    "filter_test_accounts",
    "hide_zero_coordinates",
    "cohort_ids",
    "events",
    "limit",
    "offset",
)


class Form(serializers.Serializer[None], Generic[Q_co]):
    """What a request may ask. What it refuses is reported in the order of its fields."""

    # Parameters that are refused when they are empty, where all others count as left out.
    refused_when_empty: ClassVar[frozenset[str]] = frozenset()
    # Parameters of which all values count that are given, where of others the last one does.
    repeated: ClassVar[frozenset[str]] = frozenset()
    # The order in which its parameters are looked at, where it is not that of all.
    checked_in: ClassVar[tuple[str, ...]] = ORDER
    # Parameters of which there has to be one, and no more; the first is the one that is asked for.
    one_of: ClassVar[tuple[str, ...]] = ()
    # What the OpenAPI document shows for each parameter of this class. Those of its parents are added.
    examples: ClassVar[Mapping[str, list[Any]]] = {}

    @property
    def share(self) -> Share | None:
        """The share token that is asked with."""
        share: Share | None = self.context.get("share")
        return share

    def run_validation(self, data: Any = serializers.empty) -> Any:
        if self.share is None:
            return super().run_validation(data)
        shares.refuse_closed_parameters(data, self.parameters())
        values = super().run_validation(data)
        shares.refuse_closed_values(values)
        return shares.with_floor(values, self.share)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        given = [name for name in self.one_of if name in attrs]
        if self.one_of and not given:
            required = serializers.Field.default_error_messages["required"]
            raise serializers.ValidationError({self.one_of[0]: required}, code="required")
        if len(given) > 1:
            raise serializers.ValidationError({given[-1]: f"{' and '.join(given)} cannot be given together."})
        return attrs

    def question(self) -> Q_co:
        """What a valid request asks."""
        raise NotImplementedError

    @classmethod
    def parameters(cls) -> tuple[str, ...]:
        """The names of the parameters, in the order in which they are looked at."""
        named = [name for name in cls.checked_in if name in cls._declared_fields]
        others = [name for name in cls._declared_fields if name not in named and name != "points"]
        return (*named, *others, *(["points"] if "points" in cls._declared_fields else []))

    @classmethod
    def all_examples(cls) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = {}
        for parent in reversed(cls.__mro__):
            found |= getattr(parent, "examples", {})
        return found

    def get_fields(self) -> dict[str, serializers.Field[object, object, object, object]]:
        # The framework would make every field anew from its arguments for every request, which costs more than to check
        # the values. All that differs between two requests is whose field it is.
        return {name: copy.copy(self._declared_fields[name]) for name in self.parameters()}
