"""The shape of a value."""

from rest_framework import serializers


class ElementValue(serializers.Serializer[None]):
    name = serializers.CharField(help_text="The value. Property filters of the type `element` take it.")
