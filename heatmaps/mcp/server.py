"""The server of the official SDK with our tools. It is loaded with the first message of an agent, and not before: the
SDK takes over half a second, and most services have no agent."""

import base64
from functools import cache
from typing import Any

import orjson
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from mcp.types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ContentBlock,
    ImageContent,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    ToolAnnotations,
)
from mcp.types import Tool as ListedTool

from heatmaps import __version__
from heatmaps.mcp import descriptions, schemas, sentences
from heatmaps.mcp.calls import MAX_REPLY_BYTES, AskAPI, NoReply, Reply
from heatmaps.mcp.tools import BadArgument, tools

_READ_ONLY = ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)
_TOO_LARGE = (
    f"The reply has more than {MAX_REPLY_BYTES // 1024**2} MiB, which is more than an agent can read. "
    "Ask for less: with limit, narrower filters, or a smaller picture."
)


def server_for(ask: AskAPI) -> Server[Any]:
    """A server whose tools ask the API by `ask`."""

    async def list_tools(_: Any, params: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(tools=list(listed()))

    async def call_tool(_: Any, params: CallToolRequestParams) -> CallToolResult:
        return await _called(params.name, params.arguments or {}, ask)

    return Server(
        "heatmaps",
        version=__version__,
        title="Heatmaps",
        instructions=descriptions.INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        # No argument of ours goes into a header.
        get_tool_input_schema=lambda _: None,
    )


@cache
def listed() -> tuple[ListedTool, ...]:
    return tuple(
        ListedTool(
            name=tool.name,
            description=tool.description,
            input_schema=schemas.input_schema(tool),
            output_schema=schemas.output_schema(tool),
            annotations=_READ_ONLY,
        )
        for tool in tools().values()
    )


async def _called(name: str, arguments: dict[str, Any], ask: AskAPI) -> CallToolResult:
    known = tools()
    tool = known.get(name)
    if tool is None:
        raise MCPError(INVALID_PARAMS, f"There is no tool {name[:50]!r}. There are: {', '.join(known)}.")
    try:
        reply = await ask(tool.call(arguments))
    except (BadArgument, NoReply) as error:
        return _failed(str(error))
    if reply.is_too_large:
        return _failed(_TOO_LARGE)
    if reply.media_type.startswith("image/"):
        return _pictured(reply)
    try:
        document = orjson.loads(reply.content)
    except orjson.JSONDecodeError:
        document = None
    if not isinstance(document, dict):
        return _failed(f"The reply, with status {reply.status}, is not one of this API.")
    if reply.status != 200:
        return _failed(sentences.of_error(document))
    offset = arguments.get("offset")
    text = sentences.of_document(document, offset if isinstance(offset, int) else 0, may_be_explained=tool.has_filters)
    return CallToolResult(content=[_text(text)], structured_content=document)


def _text(text: str) -> ContentBlock:
    return TextContent(type="text", text=text)


def _failed(text: str) -> CallToolResult:
    return CallToolResult(content=[_text(text)], is_error=True)


def _pictured(reply: Reply) -> CallToolResult:
    picture = ImageContent(
        type="image", data=base64.b64encode(reply.content).decode(), mime_type=reply.media_type.partition(";")[0]
    )
    return CallToolResult(content=[picture, _text(sentences.of_image(reply.headers.get("heatmaps-matched", "")))])
