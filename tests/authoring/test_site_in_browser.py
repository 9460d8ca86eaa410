"""The web pages of the chapters in a real browser, which can reach nothing."""

import pytest

from lora_course.authoring.site import write_site
from tests.conftest import NOTEBOOKS, ROOMS


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400])
def test_pages_fit_their_window_and_ask_for_nothing(
    theme, width, chromium, picture_folder, tmp_path
):
    page = chromium.new_page(color_scheme=theme, viewport={"width": width, "height": 900})
    trouble, asked = [], []
    page.on("console", lambda message: trouble.append(message.text))
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    for path in write_site(ROOMS, NOTEBOOKS, tmp_path):
        asked.clear()
        page.goto(path.as_uri())
        assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()]
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        picture = f"site-{path.stem}-{theme}-{width}.png"
        page.screenshot(path=picture_folder / picture, full_page=True)
    assert not trouble, trouble
    page.close()
