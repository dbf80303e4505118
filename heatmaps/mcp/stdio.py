"""The tools for an agent that starts this program itself, and speaks with it through standard input and output."""

import asyncio

from mcp.server.stdio import stdio_server

from heatmaps.mcp.over_http import RemoteAPI
from heatmaps.mcp.server import server_for


def run(url: str, key: str) -> None:
    """Returns when the agent closes standard input."""
    asyncio.run(_run(RemoteAPI(url, key)))


async def _run(api: RemoteAPI) -> None:
    server = server_for(api.ask)
    async with stdio_server() as (received, sent):
        await server.run(received, sent, server.create_initialization_options())
