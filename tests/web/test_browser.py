"""The page in a real browser: two people, a reload, a server that is killed, hostile outputs."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from web.room import labels_in, room, seeded_file
from web.served import served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDE, NARROW = {"width": 1400, "height": 950}, {"width": 400, "height": 850}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    api = pytest.importorskip("playwright.sync_api")
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("no Chromium on the PATH")
    with api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield started
        started.close()


@dataclass
class Tab:
    """A person's tab, and what must not happen in it."""

    page: Page
    dialogs: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def watch(self) -> Tab:
        def dismiss(dialog: Any) -> None:
            self.dialogs.append(dialog.message)
            dialog.dismiss()

        def asked(request: Any) -> None:
            if not request.url.startswith("http://127.0.0.1:"):
                self.foreign.append(request.url)

        self.page.on("dialog", dismiss)
        self.page.on("request", asked)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        return self

    def enter(self, url: str, name: str) -> Tab:
        self.page.goto(url)
        self.page.wait_for_function("!window.location.hash")  # The token leaves the address.
        self.page.fill("#person", name)
        self.page.click("text=Begin")
        self.page.wait_for_selector("#place")
        return self

    @property
    def item(self) -> str:
        found = self.page.query_selector("[data-item]")
        return "" if found is None else found.get_attribute("data-item") or ""

    def press(self, *keys: str) -> None:
        """Press keys, the last of which answers; wait for the next page."""
        before = self.item
        for key in keys:
            self.page.keyboard.press(key)
        self.page.wait_for_function(
            "before => (document.querySelector('[data-item]')?.dataset.item || '') !== before",
            arg=before,
        )


def tab(browser: Browser, size: dict[str, int] = WIDE, **options: Any) -> Tab:
    context = browser.new_context(viewport=size, **options)
    context.set_default_timeout(15_000)
    return Tab(context.new_page()).watch()


def test_two_people_label_forty_one_reloads_and_one_loses_the_server(
    browser: Browser, tmp_path: Path
) -> None:
    path = tmp_path / "runs.ledger"
    draw = room(path)
    shots = tmp_path / "shots"
    ada, bob = tab(browser), tab(browser, NARROW)
    with served(path) as server:
        ada.page.goto(server.url)
        ada.page.screenshot(path=shots / "enter.png")
        ada.enter(server.url, "ada")
        bob.enter(server.url, "bob")
        assert ada.item != bob.item, "two people never have the same item"
        ada.page.screenshot(path=shots / "item.png", full_page=True)
        bob.page.screenshot(path=shots / "item-narrow.png", full_page=True)
        for _ in range(8):
            ada.press("1")
            bob.press("3")
        # Wrong: kind, severity, note, all by keys.
        ada.page.keyboard.press("2")
        ada.page.keyboard.type("made up")
        ada.page.keyboard.press("Tab")
        ada.page.keyboard.press("1")
        ada.page.keyboard.press("Tab")
        ada.page.keyboard.type("<b>no such house</b>")
        ada.page.screenshot(path=shots / "wrong.png", full_page=True)
        ada.press("Enter")
        held = ada.item
        ada.page.keyboard.press("n")
        ada.page.keyboard.type("half a note")
        ada.page.reload()
        assert ada.item == held, "one's own open item comes back"
        assert ada.page.input_value("#note") == "half a note"
        ada.page.keyboard.press("Escape")
        ada.press("1")
        # Undo: the item comes back, and the new answer is the one that counts.
        answered = ada.item
        ada.press("1")
        ada.page.keyboard.press("u")
        ada.page.wait_for_selector(f"[data-item='{answered}']")
        ada.press("3")
        ada.page.keyboard.press("j")
        ada.page.wait_for_selector("text=What judges had said")
        ada.page.screenshot(path=shots / "judges.png", full_page=True)
        server.kill()
        lost = bob.item
        bob.page.keyboard.press("n")
        bob.page.keyboard.type("typed while it was gone")
        bob.page.keyboard.press("Escape")
        bob.page.keyboard.press("1")
        bob.page.wait_for_selector("text=can't be reached")
        bob.page.screenshot(path=shots / "lost.png")
        assert bob.item == lost
        before = {row["trace_id"] for row in labels_in(path, draw.draw_id)}
    # The address is the server's own: the same port, as a user would have it who named one.
    with served(path, "--port", server.port) as server:
        assert server.taken_up + len(before) == 19, (
            "ada 11, bob 8: what was confirmed and nothing else"
        )
        bob.page.keyboard.press("1")
        bob.page.wait_for_selector("text=has ended")
        ada.enter(server.url, "ada")
        bob.enter(server.url, "bob")
        while ada.item or bob.item:
            if ada.item:
                ada.press("1")
            if bob.item:
                bob.press("3")
            ada.page.click("nav >> text=Label")
            bob.page.click("nav >> text=Label")
        ada.page.screenshot(path=shots / "done.png")
        ada.page.click("text=Progress")
        ada.page.wait_for_selector("text=Who has read how many")
        ada.page.screenshot(path=shots / "progress.png", full_page=True)
        ada.page.click("text=Readers")
        ada.page.wait_for_selector("text=How well people read")
        ada.page.screenshot(path=shots / "readers.png")
        bob.page.click("text=Leave")
        bob.page.wait_for_selector("text=You have left")
        bob.page.screenshot(path=shots / "left.png")
        ada.page.goto(f"http://127.0.0.1:{server.port}/nowhere")
        ada.page.screenshot(path=shots / "error.png")
        assert server.stop() == 0
    found = labels_in(path, draw.draw_id)
    assert Counter(row["trace_id"] for row in found) == Counter(draw.label_order)
    said = next(row for row in found if row["error_probability"] == 1.0)
    assert (said["judge"], said["kind"], said["severity"]) == ("ada", "made up", 1)
    assert said["note"] == "<b>no such house</b>"
    assert {row["inclusion_probability"] for row in found} == {40 / 60}
    for one in (ada, bob):
        assert (one.dialogs, one.foreign, one.errors) == ([], [], [])


def test_hostile_outputs_show_as_text(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "runs.ledger"
    room(path, traces=10, labels=10)
    dark = tab(browser, color_scheme="dark")
    texts = []
    with served(path) as server:
        dark.enter(server.url, "eve")
        for _ in range(10):
            texts.append(dark.page.inner_text("section.output pre"))
            assert (
                dark.page.query_selector("main script, main iframe, main img, main style, main svg")
                is None
            )
            if texts[-1].startswith("<script>"):
                dark.page.screenshot(path=tmp_path / "shots" / "hostile-dark.png", full_page=True)
            if len(texts[-1]) > 10_000:
                dark.page.screenshot(path=tmp_path / "shots" / "long.png", full_page=True)
                with dark.page.context.expect_page() as whole:
                    dark.page.click("text=Show all as plain text")
                assert whole.value.inner_text("body").strip() == "x" * 1_000_000
                whole.value.close()
            dark.press("3")
        together = "\n".join(texts)
        for said in (
            "<script>alert('output')</script>",
            "<iframe src='http://evil.example/'>",
            r"\x1b[2J",
            r"pay to \u202egnp.exe\u202c now\u200b, \u2066isolated\u2069",
            "{{ 7 * 7 }} {% raw %}",
            r"\u2028two\x00end",
            "<svg/onload=alert(3)>",
        ):
            assert said in together
        assert max(map(len, texts)) == 20_000
    assert (dark.dialogs, dark.foreign, dark.errors) == ([], [], [])


def test_seeded_items_look_like_the_others_and_measure_the_reader(
    browser: Browser, tmp_path: Path
) -> None:
    path = tmp_path / "runs.ledger"
    draw = room(path, traces=40, labels=20)
    seeded = seeded_file(tmp_path / "seeded.jsonl")
    eve = tab(browser)
    with served(path, "--seeded", seeded, "--seeded-share", 0.5) as server:
        eve.enter(server.url, "eve")
        shapes = set()
        while eve.item:
            shapes.add(
                eve.page.evaluate(
                    "[...document.querySelectorAll('main [id], main section')].map(e => e.id || e.className).join()"
                )
            )
            eve.press("1")
        # The kinds of text are the same; only what differs from the reference may be nothing.
        assert len(shapes) <= 2
        eve.page.click("text=Leave")
        eve.page.wait_for_selector("text=You have left")
        eve.page.click("text=Go on")
        eve.page.click("text=Readers")
        eve.page.wait_for_selector("text=errors read")
        eve.page.screenshot(path=tmp_path / "shots" / "readers-measured.png")
        assert "0; at most" in eve.page.inner_text("main"), "eve said right to every error"
        assert server.stop() == 0
    assert len(labels_in(path, draw.draw_id)) == 20


def test_without_a_script_the_forms_work_by_themselves(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "runs.ledger"
    draw = room(path, labels=4)
    plain = tab(browser, java_script_enabled=False)
    with served(path) as server:
        plain.page.goto(f"http://127.0.0.1:{server.port}/")
        plain.page.fill("#person", "ada")
        plain.page.fill("#token", server.token)
        plain.page.click("text=Begin")
        for _ in range(4):
            plain.page.fill("#note", "read")
            plain.page.click("button.unsure")
            plain.page.wait_for_selector("text=Kept: unsure.")
        assert "All 4 outputs are labeled" in plain.page.inner_text("h1")
        assert server.stop() == 0
    found = labels_in(path, draw.draw_id)
    assert [(row["judge"], row["error_probability"], row["note"]) for row in found] == [
        ("ada", None, "read")
    ] * 4
