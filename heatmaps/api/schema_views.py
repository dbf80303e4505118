"""The OpenAPI document, and the two pages that show it in a browser."""

import threading
from functools import cache
from typing import Any

from django.http import HttpResponse
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.settings import patched_settings
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularRedocView, SpectacularSwaggerSplitView
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

# The generator keeps what it has met in one place, and two documents made at once would be a fault.
_one_makes = threading.Lock()


class DocumentView(SpectacularAPIView):
    """Shows everyone the same document, made once: making it takes longer than most questions."""

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        renderer = request.accepted_renderer
        with _one_makes:
            text = _document(type(renderer))  # type: ignore[arg-type]
        return HttpResponse(
            text,
            content_type=f"{renderer.media_type}; charset={renderer.charset}"
            if renderer.charset
            else renderer.media_type,
            headers={"Content-Disposition": f'inline; filename="heatmaps.{renderer.format}"'},
        )


@cache
def _document(renderer: type[BaseRenderer]) -> str | bytes:
    return renderer().render(SchemaGenerator().get_schema(request=None, public=True))  # type: ignore[no-untyped-call]


@cache
def document_with_json_schemas() -> dict[str, Any]:
    """The document in the later version of OpenAPI whose schemas are JSON Schema."""
    with _one_makes, patched_settings({"OAS_VERSION": "3.1.0"}):
        made: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return made


document = DocumentView.as_view()
# The page of this one has its script in a file of its own, so that its policy need not allow any other.
swagger_ui = SpectacularSwaggerSplitView.as_view(url_name="schema")
redoc = SpectacularRedocView.as_view(url_name="schema")
