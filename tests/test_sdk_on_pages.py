"""Ways to put the SDK on a page, in a real browser: what the map gets, and that no console shows a line of red."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from tests import chromium, node
from tests.node import BROWSER
from tests.processes import Service, served

if chromium.PATH is None or not node.is_there():
    node.leave_out_module(
        "The browser test was left out, as it needs Chromium, and Node 20 or newer with npm. On Debian: "
        "apt-get install chromium nodejs npm; where that Node is older, https://nodejs.org has a newer one."
    )

pytestmark = pytest.mark.slow

SDK = BROWSER / "node_modules" / "posthog-js-1.449"
# Without this the SDK takes a headless browser for a bot and stays silent.
OPTIONS = "api_host: '{service}', opt_out_useragent_filter: true"
# What PostHog's documentation has users paste: a stand-in that keeps what is asked of it, and loads the SDK from the
# api_host without cookies, as a script that asks for CORS.
SNIPPET = """
<script>
  (function (page, stub) {
    stub._i = [];
    stub.__SV = 1;
    ["capture", "identify", "register", "opt_in_capturing"].forEach(function (name) {
      stub[name] = function () { stub.push([name].concat([].slice.call(arguments))); };
    });
    stub.init = function (token, options, name) {
      var script = page.createElement("script"), first = page.getElementsByTagName("script")[0];
      script.type = "text/javascript";
      script.crossOrigin = "anonymous";
      script.async = true;
      script.src = options.api_host.replace(".i.posthog.com", "-assets.i.posthog.com") + "/static/array.js";
      first.parentNode.insertBefore(script, first);
      stub._i.push([token, options, name]);
    };
    window.posthog = stub;
  })(document, []);
  posthog.init("{token}", {{options}});
</script>
"""
WITH_SDK = {
    "snippet": SNIPPET,
    "two-lines": """
        <script src="{service}/static/array.js"></script>
        <script>posthog.init("{token}", {{options}});</script>
    """,
    "bootstrap": """
        <script src="{service}/static/loader-bootstrap.js" data-asset-host="{service}"
          data-sdk-version="1.449.2"></script>
        <script>posthog.init("{token}", {{options}});</script>
    """,
    "strict-versions": """
        <script src="{service}/static/1/array.js"></script>
        <script>posthog.init("{token}", {{options}, strict_script_versioning: true});</script>
    """,
    "module": """
        <script type="module">
          import posthog from "/sdk/posthog-js-1.449/dist/module.js";
          window.posthog = posthog;
          posthog.init("{token}", {{options}});
        </script>
    """,
}
TYPES = ["click", "rageclick", "mousemove", "scrolldepth"]


def visits(service: Service, names: list[str], types: list[str]) -> dict[str, Any]:
    node.install(BROWSER)
    service.migrate()
    shop = service.make_project()
    with served(service) as port:
        address = f"http://127.0.0.1:{port}"
        known = {"{options}": OPTIONS, "{service}": address, "{token}": shop.token}
        order = {
            "chromium": {"executablePath": chromium.PATH, "args": chromium.ARGUMENTS},
            "service": address,
            "api": f"{address}/api/projects/1/heatmaps/",
            "key": shop.key,
            "visits": [{"name": name, "snippet": filled(WITH_SDK[name], known), "types": types} for name in names],
        }
        done = node.run(BROWSER, "node", "snippet.mjs", orjson.dumps(order).decode(), timeout=150)
    assert done.returncode == 0, done.stderr
    return {visit["name"]: visit for visit in orjson.loads(done.stdout)}


def filled(snippet: str, known: dict[str, str]) -> str:
    for mark, text in known.items():
        snippet = snippet.replace(mark, text)
    return snippet


def service_with(directory: Path, sdk: Path) -> Service:
    return Service(directory=directory, environment={"RATE_LIMIT_ENABLED": "false", "SDK_DIRECTORY": str(sdk)})


@pytest.fixture(scope="module")
def with_sdk(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    service = service_with(tmp_path_factory.mktemp("with"), SDK)
    return visits(service, list(WITH_SDK), [*TYPES, "deadclick"])


@pytest.mark.parametrize("name", WITH_SDK)
def test_everything_is_captured_and_nothing_is_red(with_sdk: dict[str, Any], name: str) -> None:
    visit = with_sdk[name]
    assert visit["red"] == []
    stored = visit["stored"]
    paragraph, button = [0.24, 224], [0.39, 416]
    assert sorted(stored["click"]) == [paragraph, button]
    assert stored["rageclick"] == [button]
    assert paragraph in stored["mousemove"]
    # The paragraph does nothing, and the button does something.
    assert stored["deadclick"] == [paragraph]
    assert stored["scrolldepth"] == [1600]
    assert all(script.startswith("200 ") for script in visit["scripts"])
    assert any("dead-clicks-autocapture.js" in script for script in visit["scripts"])


def test_without_the_scripts_nothing_is_red_either(tmp_path: Path) -> None:
    visit = visits(service_with(tmp_path, tmp_path / "nothing"), ["module"], TYPES)["module"]
    assert visit["red"] == []
    assert visit["scripts"] == ["204 /static/1.449.2/dead-clicks-autocapture.js"]
    assert {name for name, places in visit["stored"].items() if places} == set(TYPES)
