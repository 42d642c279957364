"""Which edits count as right, wrong and missed."""

import pytest
from edits import Counts, compare, edit_counts


def test_a_sentence_is_held_against_the_human_whose_edits_it_fits_best():
    proposed = {(0, 1, "A"), (3, 4, "B")}
    assert compare(proposed, [{(0, 1, "A")}, {(0, 1, "A"), (3, 4, "B"), (5, 6, "C")}]) == Counts(2, 0, 1)
    assert compare(set(), [{(0, 1, "A")}, set()]) == Counts(0, 0, 0)


def test_wrong_edits_cost_more_than_missed_ones():
    assert Counts(5, 1, 5).f_half > Counts(5, 5, 1).f_half
    assert Counts().f_half == 0.0


def test_edits_are_found_in_whole_sentences():
    pytest.importorskip("errant", reason="ERRANT is not installed: specialist/requirements.txt has it")
    source = "She go to school every days .".split()
    output = "She goes to school every days .".split()
    reference = "She goes to school every day .".split()
    assert edit_counts([source], [output], [[reference]]) == Counts(1, 0, 1)
    assert edit_counts([source], [source], [[reference]]) == Counts(0, 0, 2)
