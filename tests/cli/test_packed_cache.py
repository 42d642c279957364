"""Packed weights that are kept for the next start: the same answers with and without, and never a reason to fail."""
import pytest

TEXT = "She go to school every day."


def rewrite(riposte, *options):
    done = riposte("rewrite", "--model", "tiny", "--context", "512", *options, TEXT)
    assert done.returncode == 0, done.stderr
    return done


def packs(home):
    return sorted((home / "state" / "packed").glob("*"))


@pytest.fixture
def plain(tiny):
    """The answer of weights that were packed at the start."""
    return rewrite(tiny, "--no-packed-cache").stdout


def test_the_second_start_answers_from_the_file_of_the_first(tiny, plain):
    assert packs(tiny.home) == []
    first = rewrite(tiny)
    [pack] = packs(tiny.home)
    written = pack.stat()
    second = rewrite(tiny)
    assert first.stdout == second.stdout == plain
    assert [pack] == packs(tiny.home)
    assert pack.stat().st_mtime_ns == written.st_mtime_ns
    assert b"weights" not in second.stderr


def test_a_damaged_file_is_replaced_and_the_answer_stays(tiny, plain):
    rewrite(tiny)
    [pack] = packs(tiny.home)
    whole = pack.read_bytes()
    pack.write_bytes(whole[:len(whole) // 2])
    assert rewrite(tiny).stdout == plain
    assert pack.read_bytes() == whole


def test_a_folder_of_ones_own_can_be_named(tiny, plain, tmp_path):
    assert rewrite(tiny, "--packed-cache", tmp_path / "packs").stdout == plain
    assert [path.suffix for path in (tmp_path / "packs").iterdir()] == [".pack"]
    assert packs(tiny.home) == []


def test_a_folder_that_cannot_be_made_costs_one_line_on_standard_error(tiny, plain):
    (tiny.home / "state").mkdir(exist_ok=True)
    (tiny.home / "state" / "packed").write_text("in the way")
    done = rewrite(tiny)
    assert done.stdout == plain
    [line] = [line for line in done.stderr.splitlines() if b"warning" in line]
    assert b"pack the weights again: cannot make the folder" in line
