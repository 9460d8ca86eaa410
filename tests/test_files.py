"""Files are whole or not there; of a block in one, only the block is replaced."""

import tempfile

import pytest

from lora_course.files import folder_for_sockets, read_block, replace_block, write_whole


def test_a_file_is_replaced_whole_and_leaves_nothing_beside_it(tmp_path):
    path = tmp_path / "x"
    write_whole(path, b"1")
    assert write_whole(path, b"2").read_bytes() == b"2"
    assert list(tmp_path.iterdir()) == [path]


def test_only_the_block_is_replaced():
    text = "# T\n<!-- bench -->\nold\\1\n<!-- /bench -->\nrest\n<!-- other -->\n<!-- /other -->\n"
    changed = replace_block(text, "bench", "new \\1\n")
    assert read_block(changed, "bench") == "new \\1\n"
    assert read_block(changed, "other") == ""
    assert changed.replace("new \\1", "old\\1") == text


def test_a_text_without_the_block_is_told():
    assert read_block("no markers\n", "bench") is None
    with pytest.raises(ValueError, match="<!-- bench -->"):
        replace_block("no markers\n", "bench", "new\n")


@pytest.mark.parametrize(("length", "folder"), [(57, "/" + 56 * "x"), (58, "/tmp")])
def test_a_folder_for_sockets_leaves_room_for_their_paths(monkeypatch, length, folder):
    monkeypatch.setattr(tempfile, "tempdir", "/" + (length - 1) * "x")
    assert folder_for_sockets(50) == folder
