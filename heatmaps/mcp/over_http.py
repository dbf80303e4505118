"""The API asked over the network, for an agent on another machine than the service."""

import asyncio
from http.client import HTTPException, HTTPResponse
from urllib.request import HTTPErrorProcessor, Request, build_opener

from heatmaps import __version__
from heatmaps.mcp.calls import MAX_REPLY_BYTES, Call, NoReply, Reply, told_headers

# Longer than the service works on any question.
SECONDS = 120


class _AsItCame(HTTPErrorProcessor):
    """An error is a reply like any other. No redirect is followed: a key is sent to the address that was typed, and to
    no other."""

    def http_response(self, request: Request, response: HTTPResponse) -> HTTPResponse:
        return response

    https_response = http_response


class RemoteAPI:
    def __init__(self, url: str, key: str) -> None:
        self._url = url.rstrip("/")
        self._key = key
        self._opener = build_opener(_AsItCame)

    async def ask(self, call: Call) -> Reply:
        return await asyncio.to_thread(self._ask, call)

    def _ask(self, call: Call) -> Reply:
        request = Request(  # noqa: S310 -- the command takes http and https alone
            self._url + call.target,
            data=call.body,
            headers={
                "Authorization": f"Bearer {self._key}",
                "User-Agent": f"heatmaps-mcp/{__version__}",
                **({"Content-Type": "application/json"} if call.body is not None else {}),
            },
        )
        try:
            with self._opener.open(request, timeout=SECONDS) as response:
                if "Location" in response.headers:
                    raise NoReply(f"{self._url} leads elsewhere. Start `manage.py mcp` with --url of that.")
                return Reply(
                    status=response.status,
                    media_type=response.headers.get("Content-Type", ""),
                    content=response.read(MAX_REPLY_BYTES + 1),
                    headers=told_headers(dict(response.headers.items())),
                )
        except (HTTPException, OSError) as error:
            raise NoReply(f"{self._url} does not answer: {getattr(error, 'reason', error)}.") from error
