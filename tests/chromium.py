"""A real browser, for the tests that look at pages as a person does."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, Route, sync_playwright

# The one without a window draws the same for two thirds of the time.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
PATH = next(filter(None, map(shutil.which, NAMES)), None)
ARGUMENTS = [
    # Only our own pages are shown, and Chromium's sandbox does not run as root.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # There is nothing but this machine in the world.
    "--host-resolver-rules=MAP localhost 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]

# With LATE_MS=400, say, whatever pages fetch comes up to so much later, as from a busy machine: a test that does not
# wait for what it looks at fails then, and not once in twenty runs.
LATE_MS = int(os.environ.get("LATE_MS", "0"))
LATE = f"""const onTime = window.fetch;
window.late = 0;
window.fetch = async (...request) => {{
    window.late += 1;
    try {{
        const reply = await onTime(...request);
        await new Promise((resolve) => setTimeout(resolve, Math.random() * {LATE_MS}));
        return reply;
    }} finally {{
        window.late -= 1;
    }}
}};"""


@contextmanager
def launched() -> Iterator[Browser]:
    """A browser that nobody has used, which is closed at the end of the block."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PATH, args=ARGUMENTS)
        try:
            if LATE_MS:
                _be_late(browser)
            yield browser
        finally:
            browser.close()


class Held:
    """Replies to what is asked for from now on, which come when they are let go."""

    def __init__(self, page: Page, asked: str, most: int = 1000) -> None:
        self.page, self.asked, self.most = page, asked, most
        self.routes: list[Route] = []
        page.route(asked, self._take)

    def _take(self, route: Route) -> None:
        if len(self.routes) < self.most:
            self.routes.append(route)
        else:
            route.continue_()

    def wait(self, count: int = 1) -> None:
        """Until so much is asked for."""
        for _ in range(500):
            if len(self.routes) >= count:
                return
            self.page.wait_for_timeout(20)
        raise AssertionError(f"{self.asked} is not asked for {count} times.")

    def let_go(self, reply: Any = None) -> None:
        """What is asked for after that comes as ever."""
        self.most = 0
        for route in self.routes:
            if reply is None:
                route.continue_()
            else:
                route.fulfill(json=reply)


@contextmanager
def held(page: Page, asked: str) -> Iterator[None]:
    """Lets the replies to such URLs wait until the end of the block."""
    waiting = Held(page, asked)
    yield
    waiting.let_go()
    page.unroute(asked)


def _be_late(browser: Browser) -> None:
    on_time = browser.new_context

    def new_context(**options: Any) -> BrowserContext:
        context = on_time(**options)
        context.add_init_script(LATE)
        return context

    browser.new_context = new_context  # type: ignore[method-assign]
