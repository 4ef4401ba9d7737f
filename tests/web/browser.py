"""How a test drives a page with a WAV file for a microphone, and what it may know of the page.

Times are the page's own, in milliseconds since it was opened: what crosses over to the test comes
late by however busy the machine is.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page, sync_playwright

SWITCHES = (
    "--no-sandbox",  # a container's root cannot have one
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
)
DEADLINE_MS = 40_000
LOUD = 500  # root mean square of s16 samples: speech is above it, a quiet room far below

# Before the page's own code: writes down what passes through its socket, and how the call moves.
_WATCH = """
(() => {
  const seen = { frames: [], loud: [], sent: 0, moves: [], violations: [] };
  window.__seen = seen;
  const nameIn = (bytes) =>
    /eventType[^a-z]{1,2}([a-z._]+)/.exec(String.fromCharCode(...bytes.subarray(0, 120)))?.[1];
  const levelIn = (bytes) => {
    const head = String.fromCharCode(...bytes.subarray(0, 300));
    const at = head.indexOf("audio\\xc5");
    if (at < 0) return null;
    const size = 256 * bytes[at + 6] + bytes[at + 7];
    const samples = new Int16Array(bytes.slice(at + 8, at + 8 + size).buffer);
    return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
  };
  window.WebSocket = class extends WebSocket {
    constructor(...args) {
      super(...args);
      this.addEventListener("message", ({ data }) =>
        seen.frames.push([performance.now(), nameIn(new Uint8Array(data))]));
    }
    send(data) {
      const level = levelIn(data);
      if (level !== null) seen.sent += 1;
      if (level > LOUD) seen.loud.push(performance.now());
      super.send(data);
    }
  };
  document.addEventListener("securitypolicyviolation", (event) =>
    seen.violations.push(event.violatedDirective));
  let last = "";
  setInterval(() => {
    const { state, playedMs, paused } = window.__vantum ?? {};
    const now = JSON.stringify([state, playedMs, paused]);
    if (now !== last) seen.moves.push([performance.now(), state, playedMs, paused]);
    last = now;
  }, 5);
})()
""".replace("LOUD", str(LOUD))


@dataclass
class Seen:
    """What happened on the page, in order."""

    frames: list[tuple[float, str]] = field(default_factory=list)  # received: time, name
    loud: list[float] = field(default_factory=list)  # when sound above LOUD was sent
    sent: int = 0  # microphone chunks of 20 ms
    moves: list[tuple[float, str, int, bool]] = field(default_factory=list)  # playedMs, paused
    violations: list[str] = field(default_factory=list)

    def at(self, name: str, after: float = 0.0) -> float:
        """When the first such message after that time came."""
        return next(at for at, known in self.frames if known == name and at > after)

    def names(self) -> list[str]:
        return [name for _, name in self.frames]

    def spoke_at(self, after: float) -> float:
        """When the page first sent loud sound after that time."""
        return next(at for at in self.loud if at > after)

    def paused_at(self, after: float) -> float:
        """When the loudspeaker was first held after that time."""
        return next(at for at, _, _, paused in self.moves if paused and at > after)

    def played(self, start: float, end: float) -> list[int]:
        """The positions of the loudspeaker between two times."""
        return [ms for at, _, ms, _ in self.moves if start <= at <= end]


class Talk:
    """A page on which a call is made, and everything it complains of."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.hosts: set[str] = set()
        page.set_default_timeout(DEADLINE_MS)
        page.add_init_script(_WATCH)
        page.on("console", self._read)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("requestfailed", lambda request: self.complaints.append(f"failed: {request.url}"))
        page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))
        page.on("websocket", lambda socket: self.hosts.add(urlsplit(socket.url).netloc))

    def _read(self, message: Any) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def open(self, url: str) -> None:
        """Open the page and wait until a call can be made."""
        self.page.goto(url)
        self.page.wait_for_selector("[data-testid=start]:enabled")

    def until(self, condition: str) -> None:
        """Wait until this JavaScript holds; `v` is what the page tells, `s` what was seen."""
        self.page.wait_for_function(
            f"() => {{ const v = window.__vantum, s = window.__seen; return {condition} }}",
            polling=20,
        )

    def until_shown(self, selector: str) -> str:
        """Wait for the element; its text."""
        return self.page.wait_for_selector(selector).inner_text()  # type: ignore[union-attr]

    def seen(self) -> Seen:
        """Everything so far."""
        found = self.page.evaluate("window.__seen")
        found["frames"] = [tuple(frame) for frame in found["frames"]]
        found["moves"] = [tuple(move) for move in found["moves"]]
        return Seen(**found)

    def texts(self, selector: str) -> list[str]:
        return [text.strip() for text in self.page.locator(selector).all_inner_texts()]

    def tab_to(self, test_id: str) -> int:
        """Press Tab until that element has the focus; how often it took."""
        for presses in range(1, 12):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("document.activeElement?.dataset.testid") == test_id:
                return presses
        raise AssertionError(f"Tab does not reach {test_id}")


@contextmanager
def talking(browser: str, microphone: Path, picture: Path) -> Iterator[Talk]:
    """A fresh browser that hears this file once; on failure `picture` shows the page."""
    heard = f"--use-file-for-fake-audio-capture={microphone}%noloop"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=[*SWITCHES, heard])
        try:
            talk = Talk(chromium.new_page(viewport={"width": 1100, "height": 800}))
            try:
                yield talk
            except Exception as error:
                talk.page.screenshot(path=picture)
                error.add_note(f"{talk.complaints} {talk.seen().names()[-20:]}, picture: {picture}")
                raise
        finally:
            chromium.close()
