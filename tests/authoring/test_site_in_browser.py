"""The web pages of the chapters in a real browser, which can reach nothing."""

import itertools

import pytest


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_pages_fit_their_window_and_ask_for_nothing(theme, width, chromium, picture_folder, pages):
    page = chromium.new_page(color_scheme=theme, viewport={"width": width, "height": 900})
    trouble, asked = [], []
    page.on("console", lambda message: trouble.append(message.text))
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    for path in pages:
        asked.clear()
        page.goto(path.as_uri())
        assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()]
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        hints = page.locator(".wide figcaption").evaluate_all("all => all.map(f => f.offsetHeight)")
        cut = width < 600 and bool(hints)  # the glossary has no figure
        assert any(hints) == cut, "a figure that is cut says so, and no other"
        claims = page.locator("table:has(.measured)")
        hidden = claims.evaluate_all("all => all.map(t => t.scrollWidth - t.clientWidth)")
        assert not any(hidden), "what a claim measured is seen without a swipe"
        picture = f"site-{path.stem}-{theme}-{width}.png"
        page.screenshot(path=picture_folder / picture, full_page=True)
    assert not trouble, trouble
    page.close()


def test_explorers_move_by_the_keyboard_and_show_one_view_of_every_setting(chromium, pages):
    page = chromium.new_page()
    for path in pages[1:]:
        page.goto(path.as_uri())
        for explorer in page.locator(".explorer").all():
            views = explorer.locator(".views > div")
            for control in explorer.locator("fieldset").all():
                before = views.locator("visible=true").inner_html()
                control.locator(":checked").focus()
                page.keyboard.press("ArrowRight")
                assert views.locator("visible=true").inner_html() != before
            counts = [c.locator("input").count() for c in explorer.locator("fieldset").all()]
            assert views.count() == len(list(itertools.product(*map(range, counts))))
            assert set(explorer.evaluate(COUNT)) == {1}, path.name
    page.close()


# How many views are seen, in up to a hundred combinations of an explorer's options.
COUNT = """explorer => {
  const all = (element, what) => [...element.querySelectorAll(what)];
  const groups = all(explorer, "fieldset").map(fieldset => all(fieldset, "input"));
  const views = all(explorer, ".views > div");
  const settings = groups.reduce((some, g) => some.flatMap(s => g.map(o => [...s, o])), [[]]);
  const step = Math.ceil(settings.length / 100);
  return settings.filter((_, place) => place % step == 0).map(setting => {
    setting.forEach(option => option.checked = true);
    return views.filter(view => getComputedStyle(view).display !== "none").length;
  });
}"""
