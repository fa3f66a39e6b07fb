"""The studio in a real browser: from an empty page to a file, and all that can happen between."""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from e2e_clips import make_pair, make_sound, make_video

FOUND = ".face-box:visible"
CLIP = "studio-clip .clip-body"


@pytest.fixture(scope="module", autouse=True)
def only_where_there_is_a_browser(browser: Any) -> None:
    """Ask for the browser before the service is started."""


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pair") / "pair.mp4"
    make_pair(path)
    return path


def settle(page: Any) -> None:
    """Let the page draw."""
    page.wait_for_timeout(60)


def in_database(service: Any, command: str) -> None:
    connection = sqlite3.connect(service.data_dir / "lipwright.db", timeout=120)
    with connection:
        connection.execute(command)
    connection.close()


def test_from_a_video_to_a_result(
    service: Any, visit: Any, clip: Path, line: Path, tmp_path: Path
) -> None:
    assert any(said.endswith(f" {service.url}/") for said in service.said)
    seen = visit(service)
    page = seen.page
    page.wait_for_selector("#limits:has-text('100 MB')")
    assert page.locator("h1").inner_text() == "Make a face say it."
    assert seen.faults() == []

    # The video is there at once; the faces when the service has found them.
    seen.choose("studio-start", clip)
    seen.until("document.querySelector('studio-stage video').duration > 5")
    page.wait_for_selector(FOUND)
    assert page.locator(FOUND).count() == 1
    seen.soon(lambda: re.search(r"#/session/\d+$", page.url))
    seen.shows("#live", "Faces found: 1")
    portrait = page.locator(".portrait")
    assert portrait.evaluate("image => image.decode().then(() => image.naturalWidth)") > 50
    seen.soon(lambda: "0 – 6 s" in page.locator(".face-row").inner_text())
    speak = page.get_by_role("button", name="Make it speak")
    seen.soon(lambda: speak.get_attribute("aria-disabled") == "true")
    assert seen.faults() == []

    # The frame follows the face.
    def left() -> float:
        return float(page.locator(".face-box").bounding_box()["x"])

    at_start = left()
    page.evaluate("document.querySelector('studio-stage').seek(3000)")
    seen.soon(lambda: abs(left() - at_start) > 2)

    # A sound dropped on the face lies on its track, drawn.
    page.evaluate("document.querySelector('studio-stage').seek(0)")
    seen.drop(".face-box", line)
    page.wait_for_selector(CLIP)

    def painted() -> float:
        share: float = page.locator("studio-clip canvas").evaluate(
            """canvas => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
                .data.filter((value, i) => i % 4 === 3 && value > 0).length
                / canvas.width / canvas.height"""
        )
        return share

    assert 0.05 < seen.soon(painted) < 0.7
    assert seen.line()["sound_insert_time"] == 0
    assert abs(seen.line()["sound_end_time"] - 4051) <= 1
    assert seen.faults() == []

    # Dragged past the end it stops there, and says why.
    page.locator(CLIP).scroll_into_view_if_needed()
    box = page.locator(CLIP).bounding_box()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + 900, middle[1], steps=4)
    seen.shows(".hint", "The line must end before the video does.")
    placed = seen.line()
    assert placed["sound_insert_time"] + placed["sound_end_time"] == pytest.approx(6000, abs=2)
    page.mouse.up()
    assert seen.faults() == []

    # Keys do the same.
    page.locator(CLIP).focus()
    for _ in range(9):
        page.keyboard.press("ArrowLeft")
    assert seen.line()["sound_insert_time"] == placed["sound_insert_time"] - 900
    page.locator(".clip-end").focus()
    page.keyboard.press("ArrowLeft")
    assert seen.line()["sound_end_time"] == placed["sound_end_time"] - 100
    page.keyboard.press("Home")
    trimmed = seen.line()
    assert trimmed["sound_end_time"] - trimmed["sound_start_time"] == 2000
    seen.shows(".hint", "A line lasts at least 2 s.")
    page.keyboard.press("End")
    assert seen.line()["sound_end_time"] == placed["sound_end_time"]

    # The mix can be heard before anything is made.
    page.locator("studio-inspector .volume input").first.fill("0.5")
    assert seen.line()["sound_volume"] == 0.5
    page.evaluate("document.querySelector('studio-stage').seek(1300)")
    page.locator("studio-stage").get_by_role("button", name="Play").click()
    stage = page.locator("studio-stage")

    def heard() -> Any:
        # A machine that is slow may come to listen only when all is over.
        again = stage.get_by_role("button", name="Play", exact=True)
        if again.count():
            page.evaluate("document.querySelector('studio-stage').seek(1300)")
            again.click()
        return page.evaluate(
            """(() => {
                const { mix } = document.querySelector("studio-stage");
                if (!mix.meter) mix.out.connect((mix.meter = new AnalyserNode(mix.context)));
                const samples = new Float32Array(1024);
                mix.meter.getFloatTimeDomainData(samples);
                return Math.max(...samples) > 0.03;
            })()"""
        )

    seen.soon(heard)
    if page.evaluate("!document.querySelector('studio-stage video').paused"):
        # It may just come to its end.
        page.evaluate("document.querySelector('studio-stage').seek(1300)")
        stage.get_by_role("button", name="Pause", exact=True).click()

    # It is made; the page tells how far it is.
    page.get_by_role("button", name="Make it speak").click()
    page.wait_for_selector("studio-task progress")
    assert seen.faults() == []
    page.wait_for_selector("studio-compare", timeout=1_800_000)
    assert page.locator("h1").inner_text() == "Here it is"
    seen.until("document.querySelector('.after video').readyState >= 3")
    assert seen.faults() == []

    # Before and after in lockstep, and frame by frame.
    def moments() -> list[float]:
        settle(page)
        found: list[float] = page.locator("studio-compare video").evaluate_all(
            "videos => videos.map((video) => video.currentTime)"
        )
        return found

    def same(found: list[float]) -> list[float] | None:
        return found if found[0] == pytest.approx(found[1], abs=1e-3) else None

    def later(before: list[float], found: list[float]) -> list[float] | None:
        return same(found) if found[0] != before[0] else None

    compare = page.locator("studio-compare")
    if compare.get_by_role("button", name="Pause").count() == 0:
        compare.get_by_role("button", name="Play").click()
    seen.until("document.querySelector('.after video').currentTime > 0.6")
    seen.until(
        """(() => {
            const [before, after] = [...document.querySelectorAll(".pair video")];
            return !after.paused && Math.abs(before.currentTime - after.currentTime) < 0.04;
        })()"""
    )
    compare.get_by_role("button", name="Pause").click()
    seen.until("[...document.querySelectorAll('.pair video')].every((v) => !v.seeking)")
    compare.get_by_role("button", name="One frame on").click()
    first = seen.soon(lambda: same(moments()))
    compare.get_by_role("button", name="One frame on").click()
    second = seen.soon(lambda: later(first, moments()))
    assert [b - a for a, b in zip(first, second, strict=True)] == pytest.approx(
        [0.04, 0.04], abs=1e-3
    )

    # Wipe and a near look at the mouth.
    compare.get_by_role("button", name="Wipe").click()
    page.get_by_label("Border between before and after").fill("25")
    seen.until("getComputedStyle(document.querySelector('.after')).clipPath.includes('25%')")
    compare.get_by_role("button", name="Look at the mouth").click()
    seen.until("document.querySelector('.pair').style.getPropertyValue('--scale') > 2")
    page.get_by_label("Speed").select_option("0.25")
    seen.until("document.querySelector('.after video').playbackRate === 0.25")
    assert seen.faults() == []

    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    path = tmp_path / "result.mp4"
    download.value.save_as(path)
    with av.open(str(path)) as made:
        assert sum(1 for _ in made.decode(video=0)) == 150
        assert made.streams.audio

    # The same as code, which runs.
    page.get_by_text("The same as code").click()
    page.wait_for_selector("studio-code pre:not(:empty)")
    page.get_by_role("button", name="Python").click()
    code = page.locator("studio-code pre").inner_text()
    assert '"sound_volume": 0.5' in code
    compile(code, "code", "exec")
    page.get_by_role("button", name="curl", exact=True).click()
    shell = page.locator("studio-code pre").inner_text()
    assert subprocess.run(["bash", "-n"], input=shell, text=True).returncode == 0

    # It is among the tasks, as long as it is kept; then the page says that it is gone.
    page.get_by_role("link", name="Tasks").click()
    item = page.locator(".task-item").first
    seen.soon(lambda: re.search(r"Done\n0.07 PTC\n6 s · kept until", item.inner_text()))
    assert seen.faults() == []
    in_database(service, "update tasks set expires_at_ms = 1")
    page.reload()
    page.wait_for_selector(".badge.expired")
    page.locator(".task-link").first.click()
    page.wait_for_selector("h1:has-text('The result has expired')")
    assert seen.faults() == []


def test_code_that_is_copied_runs(
    service: Any, visit: Any, clip: Path, line: Path, tmp_path: Path
) -> None:
    """The scripts up to where the task is made: rendering is watched above."""
    seen = visit(service)
    seen.choose("studio-start", clip)
    seen.page.wait_for_selector(FOUND)
    seen.drop(".lane", line)
    seen.page.wait_for_selector(CLIP)
    seen.page.get_by_text("The same as code").click()
    # The panel fills itself when the browser tells that it was opened, a moment later.
    seen.page.wait_for_selector("studio-code pre:not(:empty)")
    shell = seen.page.locator("studio-code pre").inner_text().split("while sleep")[0]
    seen.page.get_by_role("button", name="Python").click()
    python = seen.page.locator("studio-code pre").inner_text().split("while task")[0]
    (tmp_path / clip.name).write_bytes(clip.read_bytes())
    (tmp_path / line.name).write_bytes(line.read_bytes())
    scripts = [[sys.executable, "-c", python + "\nprint(task['task_id'])"]]
    if shutil.which("curl") and shutil.which("jq"):
        scripts.append(["bash", "-c", shell + "\necho $TASK"])
    for script in scripts:
        done = subprocess.run(script, cwd=tmp_path, capture_output=True, text=True)
        assert re.fullmatch(r"\d+\n", done.stdout), (done.stdout, done.stderr)
        service.client.post(f"/v1/lipwright/tasks/{done.stdout.strip()}/cancel")


def have(program: str) -> bool:
    return (
        subprocess.run(["sh", "-c", f"command -v {program}"], capture_output=True).returncode == 0
    )


def test_two_faces_two_lines_and_a_change_of_mind(
    front: Any, visit: Any, pair: Path, line: Path, tmp_path: Path
) -> None:
    seen = visit(front, viewport={"width": 390, "height": 844}, has_touch=True, locale="zh-CN")
    page = seen.page
    page.wait_for_selector("h1:has-text('让画面里的人开口。')")
    seen.until("document.documentElement.lang === 'zh-Hans'")
    assert seen.faults() == []
    seen.choose("studio-start", pair)
    page.wait_for_selector(FOUND)
    seen.counts(".face-row", 2)
    # Nothing is wider than a phone.
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

    # One by choosing a file, one by voice.
    page.locator(".face-box").nth(0).click()
    seen.shows("dialog[open] h2", "人脸 1 的台词")
    assert seen.faults() == []
    seen.choose("studio-speak", line)
    page.wait_for_selector(CLIP)
    page.locator(".face-row").nth(1).get_by_role("button").first.click()
    page.get_by_role("button", name="录制声音").click()
    seen.until("parseFloat(document.querySelector('.record-time').textContent.slice(2)) > 2.3")
    page.get_by_role("button", name="停止并使用").click()
    page.wait_for_selector("studio-clip >> nth=1")
    caption = page.locator(".caption").nth(1)
    seen.soon(lambda: caption.inner_text() == "recording.wav")
    assert seen.faults() == []

    # The same face cannot say two things at once: a third line finds the room that is left.
    seen.drop(".face-row:nth-child(1) .lane", line)
    page.wait_for_selector(".notice[data-reason=no_room]")
    assert page.locator("studio-clip").count() == 2

    # A sound that the service does not take becomes one that it takes.
    make_sound(tmp_path / "song.flac", 2.5, "flac", 44100)
    page.locator("studio-clip .clip-body").nth(1).focus()
    page.keyboard.press("Delete")
    seen.counts("studio-clip", 1)
    seen.drop(".face-row:nth-child(2) .lane", tmp_path / "song.flac")
    page.wait_for_selector("studio-clip >> nth=1")
    seen.shows(".hint", "声音已转换为服务可接受的 wav。")

    # The language can be changed at any time, and nothing is lost by it.
    page.get_by_role("button", name="English").click()
    page.wait_for_selector("button:has-text('Make it speak')")
    seen.counts("studio-clip", 2)
    page.get_by_role("button", name="Make it speak").click()
    page.wait_for_selector("studio-task strong:has-text('Waiting for its turn')")
    [task] = front.client.get("/v1/lipwright/tasks?pageSize=1").json()["data"]
    page.get_by_role("button", name="Cancel it").click()
    page.wait_for_selector("h1:has-text('Cancelled')")
    assert (
        front.client.get(f"/v1/lipwright/tasks/{task['task_id']}").json()["data"]["charged"] == "0"
    )
    assert seen.faults() == []
    page.get_by_role("link", name="Change the lines").click()
    seen.counts("studio-clip", 2)

    # What was found expires; the lines outlive it.
    in_database(front, "update sessions set expires_at_ms = 1")
    page.get_by_role("button", name="Make it speak").click()
    page.get_by_role("button", name="Look at the video again").click()
    page.wait_for_selector(".notice", state="detached")
    page.get_by_role("button", name="Make it speak").click()
    page.wait_for_selector("studio-task progress")
    front.client.post(f"/v1/lipwright/tasks/{page.url.rpartition('/')[2]}/cancel")


def test_what_cannot_be_used_is_told(front: Any, visit: Any, web: Any, tmp_path: Path) -> None:
    seen = visit(front)
    page = seen.page

    def told(reason: str) -> str:
        page.wait_for_selector(f".notice[data-reason={reason}]")
        assert page.locator(".notice").get_attribute("role") == "alert"
        text: str = page.locator(".notice").inner_text()
        return text

    sound = tmp_path / "song.flac"
    make_sound(sound, 3, "flac")
    seen.choose("studio-start", sound)
    told("not_a_video")

    short = tmp_path / "short.mp4"
    make_video(short, Fraction(1))
    seen.choose("studio-start", short)
    assert "must last at least 2000 ms" in told("too_short")
    assert seen.faults() == []

    page.get_by_role("link", name="New video").click()
    page.get_by_label("Or take it from a link").fill(web.url + "/nothing.mp4")
    page.get_by_role("button", name="Fetch").click()
    assert "answered with an error" in told("http_status")

    page.get_by_role("link", name="New video").click()
    grey = make_video(tmp_path / "grey.mp4")
    page.get_by_label("Or take it from a link").fill(web.put("grey.mp4", grey))
    page.get_by_role("button", name="Fetch").click()
    assert "No face in this video" in told("nobody")
    seen.until("document.querySelector('studio-stage video').readyState > 0")
    assert seen.faults() == []

    page.goto(seen.url + "/#/task/123")
    told("unknown_task")
    page.goto(seen.url + "/#/session/123")
    told("unknown_session")
    front_is_gone = "**/v1/lipwright/tasks*"
    page.route(front_is_gone, lambda route: route.abort())
    page.goto(seen.url + "/#/tasks")
    assert "cannot be reached" in told("offline")
    page.unroute(front_is_gone)
    page.get_by_role("button", name="Try again").click()
    page.wait_for_selector(".task-item, .empty")
    seen.wrongs = [wrong for wrong in seen.wrongs if "ERR_FAILED" not in wrong]


def test_a_server_that_wants_a_key_and_consent(
    start: Any, visit: Any, clip: Path, line: Path, tmp_path: Path
) -> None:
    service = start("--no-worker", require_consent="true")
    made = subprocess.run(
        [sys.executable, "-m", "lipwright", "keys", "create", "--account", "acme"],
        env={"LIPWRIGHT_DATA_DIR": str(service.data_dir), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    [key] = set(re.findall(r"lw_[\w-]{12,}", made.stdout))
    seen = visit(service)
    page = seen.page
    page.wait_for_selector("dialog[open] h2:has-text('This server wants a key')")
    assert seen.faults() == []
    page.get_by_label("API key").fill("lw_wrong")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=That key is not valid.")
    page.get_by_label("API key").fill(key)
    page.keyboard.press("Enter")
    page.wait_for_selector("#limits:has-text('100 MB')")

    seen.choose("studio-start", clip)
    page.wait_for_selector(FOUND)
    seen.drop(".face-box", line)
    page.wait_for_selector(CLIP)
    make = page.get_by_role("button", name="Make it speak")
    seen.soon(lambda: make.get_attribute("aria-disabled") == "true")
    assert seen.faults() == []
    page.get_by_label("Everyone who is made to speak here agrees to it.").check()
    make.click()
    page.wait_for_selector("studio-task progress")
    page.get_by_role("button", name="Cancel it").click()
    page.wait_for_selector("h1:has-text('Cancelled')")

    # The key was in no address, outlives a reload, and goes when it is told to.
    assert [url for url in seen.asked if key in url] == []
    assert page.evaluate("Object.values(localStorage)") == []
    page.reload()
    page.wait_for_selector("h1:has-text('Cancelled')")
    page.get_by_role("button", name="Forget the key").click()
    page.wait_for_selector("dialog[open]")


def test_colours_are_the_visitors_choice(front: Any, visit: Any) -> None:
    seen = visit(front, color_scheme="dark")
    page = seen.page

    def paper() -> str:
        colour: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return colour

    page.wait_for_selector("studio-start")
    dark = paper()
    page.get_by_role("button", name="Colours: as the system has them").click()

    def brightness(colour: str) -> int:
        return sum(map(int, re.findall(r"\d+", colour)))

    seen.soon(lambda: brightness(paper()) > 600 > brightness(dark))
    page.get_by_role("button", name="Colours: light").click()
    page.reload()
    page.wait_for_selector("studio-start")
    seen.soon(lambda: paper() == dark)


def test_a_page_from_elsewhere_gets_nothing(front: Any, browser: Any) -> None:
    """Served under a stranger's name the page shows, and the service answers it nothing."""
    port = front.url.rpartition(":")[2]
    context = browser.new_context()
    page = context.new_page()
    page.route(
        "http://evil.example/**",
        lambda route: route.fulfill(
            response=route.fetch(
                url=route.request.url.replace("http://evil.example", f"http://127.0.0.1:{port}"),
                headers={**route.request.headers, "host": "evil.example"},
            )
        ),
    )
    page.goto("http://evil.example/")
    page.wait_for_selector(".notice[data-reason=forbidden]")
    # What is still on its way arrives before its context is gone.
    page.unroute_all(behavior="wait")
    context.close()
