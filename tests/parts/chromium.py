"""Where Chromium is, and how to start it under test."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from playwright.sync_api import Browser, expect, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


def installed_chromium() -> str | None:
    """The path of the first browser on PATH that will do."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@contextmanager
def running_chromium(path: str) -> Iterator[Browser]:
    """A headless browser that talks to nobody but the pages under test, ended on leaving."""
    quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    # Chromium's own sandbox does not work for root, and many containers know only root.
    unboxed = ["--no-sandbox"] if os.geteuid() == 0 else []
    expect.set_options(timeout=30_000)  # ends as soon as it holds; a busy machine is no failure
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=[*quiet, *unboxed, "--disable-quic", "--no-first-run"]
        )
        yield browser
        browser.close()


class Kept:
    """A browser that is started when it is wanted, and runs until it is closed."""

    def __init__(self) -> None:
        self._running = ExitStack()
        self._browser: Browser | None = None

    def browser(self, path: str) -> Browser:
        """The browser."""
        if self._browser is None:
            self._browser = self._running.enter_context(running_chromium(path))
        return self._browser

    def close(self) -> None:
        """End it, if it runs."""
        self._browser = None
        self._running.close()
