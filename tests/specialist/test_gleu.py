"""The measure itself: what must be 100, and cases small enough to be counted by hand."""

import math

import pytest
from gleu import gleu, tokenise


def test_the_reference_itself_has_the_full_mark():
    reference = "She goes to school every day .".split()
    assert gleu(["She go to school every day .".split()], [reference], [[reference]]) == pytest.approx(100.0)


def test_what_is_kept_from_the_source_against_the_reference_counts_against_the_answer():
    source, reference = "a b c d e".split(), "a b c d f".split()
    # Copied: 4 of 5 words hit and 1 is kept wrongly, 3 of 4 pairs and 1, 2 of 3 and 1, 1 of 2 and 1: the last gives 0.
    assert gleu([source], [source], [[reference]]) == 0.0
    # Longer: hits minus wrongly kept over all are (7-1)/8, (6-1)/7, (5-1)/6, (4-1)/5.
    source, reference = "a b c d e f g h".split(), "a b c d e f g x".split()
    expected = 100 * math.exp(sum(math.log(p) for p in (6 / 8, 5 / 7, 4 / 6, 3 / 5)) / 4)
    assert gleu([source], [source], [[reference]]) == pytest.approx(expected)


def test_a_short_answer_pays_for_what_it_leaves_out():
    reference = "a b c d e f g h".split()
    assert gleu([reference], [reference[:6]], [[reference]]) == pytest.approx(100 * math.exp(1 - 8 / 6))


def test_answers_are_split_as_the_published_sentences_are():
    assert tokenise("He doesn't know, it's (about) 3,5 km.") == "He does n't know , it 's ( about ) 3,5 km .".split()
