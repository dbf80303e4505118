"""The examples for nginx and Caddy of docs/operations.md, run as they are printed: the service under a path."""

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
import pytest

from tests.processes import ROOT, Service, Shop, ask, free_port, stopped_afterwards, wait_until_it_answers


@pytest.fixture(scope="module")
def shop_and_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Shop, int]]:
    variables = {"FORCE_SCRIPT_NAME": "/heatmaps", "NUM_PROXIES": "1", "ALLOWED_HOSTS": "127.0.0.1"}
    service = Service(directory=tmp_path_factory.mktemp("proxied"), environment=variables)
    service.migrate()
    shop = service.make_project()
    port = free_port()
    with stopped_afterwards(service.start("serve", "--port", str(port))) as process:
        wait_until_it_answers(process, port)
        yield shop, port
        process.terminate()
        process.wait(timeout=30)


def example(language: str, port: int) -> str:
    text = (ROOT / "docs" / "operations.md").read_text()
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return str(found).replace("127.0.0.1:8000", f"127.0.0.1:{port}")


@contextmanager
def nginx(directory: Path, to: int, port: int) -> Iterator[None]:
    configuration = directory / "nginx.conf"
    temporary = "".join(
        f"{kind}_temp_path {directory}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    configuration.write_text(
        f"daemon off; pid {directory}/pid; error_log {directory}/error.log; events {{}}\n"
        f"http {{ access_log off; large_client_header_buffers 4 64k; {temporary}\n"
        f"server {{ listen 127.0.0.1:{port}; {example('nginx', to)} }} }}\n"
    )
    with running("nginx", "-p", str(directory), "-c", str(configuration)):
        yield


@contextmanager
def caddy(directory: Path, to: int, port: int) -> Iterator[None]:
    configuration = directory / "Caddyfile"
    configuration.write_text(
        "{\nadmin off\nauto_https off\n}\n" + example("caddy", to).replace("example.com", f"http://:{port}", 1)
    )
    with running("caddy", "run", "--adapter", "caddyfile", "--config", str(configuration)):
        yield


@contextmanager
def running(program: str, *arguments: str) -> Iterator[None]:
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"There is no {program}.")
    command = [path, *arguments]
    with stopped_afterwards(subprocess.Popen(command, text=True, stderr=subprocess.DEVNULL)) as process:  # noqa: S603
        yield
        process.terminate()


@pytest.mark.parametrize("proxy", [nginx, caddy])
def test_everything_answers_under_a_path(tmp_path: Path, shop_and_port: tuple[Shop, int], proxy: object) -> None:
    shop, to = shop_and_port
    port = free_port()
    with proxy(tmp_path, to, port):  # type: ignore[operator]
        until = time.monotonic() + 10
        while True:
            try:
                if ask(port, "/heatmaps/_readyz")[0] == 200:
                    break
            except OSError:
                assert time.monotonic() < until
            time.sleep(0.1)
        status, body = ask(port, "/heatmaps/api/projects/1/heatmaps/", Authorization=f"Bearer {shop.key}")
        assert (status, orjson.loads(body)["results"]) == (200, [])
        status, page = ask(port, "/heatmaps/")
        assert status == 200
        linked = re.findall(r'(?:href|src)="(/[^"]*)"', page.decode())
        assert linked
        assert all(link.startswith("/heatmaps/") for link in linked)
        assert {ask(port, link)[0] for link in linked if not link.startswith("/heatmaps/admin/")} == {200}
        status, form = ask(port, "/heatmaps/admin/login/")
        assert status == 200
        assert re.search(rb'href="/heatmaps/static/admin\.[0-9a-f]{12}/css/base\.css"', form)
        assert ask(port, f"/heatmaps/array/{shop.token}/config")[0] == 200


@pytest.mark.parametrize(
    "path", ["/heatmaps/_readyz", "/_readyz", "/heatmaps/static/viewer/main.js", "/static/viewer/main.js"]
)
def test_a_proxy_may_take_the_path_off_or_leave_it(shop_and_port: tuple[Shop, int], path: str) -> None:
    assert ask(shop_and_port[1], path)[0] == 200
