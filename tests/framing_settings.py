"""The settings of a service that looks at pages of this machine, as if it were the internet: for tests in a browser."""

import os

from heatmaps.framing import network

network.INTERNET = network.Network(
    is_open=lambda address: address == "127.0.0.1", ports=frozenset({int(os.environ["PAGES_PORT"])})
)

from heatmaps_service.settings import *  # noqa: E402, F403
