"""The planted explorer: it measures when the slider is let go, and each rank once."""

from lora_course.chapters.ch04_rank_selection.explorer import planted_rank_explorer


def test_planted_explorer_measures_on_release_and_remembers():
    explorer = planted_rank_explorer((2, 4))
    slider = explorer.children[0]
    assert not slider.continuous_update
    first = explorer.view.value
    slider.value = 4 if slider.value == 2 else 2
    second = explorer.view.value
    assert "true rank" in second and second != first
    slider.value = 2 if slider.value == 4 else 4
    assert explorer.view.value == first
