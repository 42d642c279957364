"""tools/check_layers.py on small trees of its own."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
import check_layers  # noqa: E402


@pytest.fixture
def tree(tmp_path):
    """A tree of two layers in order."""
    for folder, text in {"base": "#pragma once\n", "engine": '#include "base/a.h"\n#include <vector>\n'}.items():
        (tmp_path / "src" / folder).mkdir(parents=True)
        (tmp_path / "src" / folder / "a.h").write_text(text)
        (tmp_path / "src" / folder / "README.md").write_text("what lives here\n")
    return tmp_path


def test_a_tree_in_order_has_no_problems(tree):
    assert check_layers.check(tree) == []


def test_an_upper_folder_may_not_include_a_lower_one(tree):
    (tree / "src/base/b.cpp").write_text('\n#include "engine/a.h"\n')
    assert check_layers.check(tree) == ["src/base/b.cpp:2: base may not include engine, which stands below it"]


def test_spaces_in_a_directive_hide_nothing(tree):
    (tree / "src/base/b.cpp").write_text('  #  include "engine/a.h"\n')
    assert len(check_layers.check(tree)) == 1


def test_an_unknown_folder_is_named(tree):
    (tree / "src/misc").mkdir()
    (tree / "src/misc/a.cpp").write_text("int a;\n")
    assert check_layers.check(tree) == ["src/misc: not in the list of layers (tools/check_layers.py)"]


def test_an_include_of_no_layer_is_named(tree):
    (tree / "src/base/b.cpp").write_text('#include "misc/a.h"\n')
    assert check_layers.check(tree) == ["src/base/b.cpp:1: includes misc/, which is no layer"]


def test_a_folder_without_a_readme_is_named(tree):
    (tree / "src/engine/README.md").unlink()
    assert check_layers.check(tree) == ["src/engine: has no README.md"]


def test_a_long_file_is_named(tree):
    (tree / "src/base/long.cpp").write_text("\n" * 801)
    assert check_layers.check(tree) == ["src/base/long.cpp: 801 lines, more than 800"]


def test_the_project_itself_is_in_order():
    assert check_layers.check(pathlib.Path(check_layers.__file__).resolve().parents[1]) == []
