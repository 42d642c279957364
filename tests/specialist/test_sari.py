"""SARI by hand, and what it must prefer."""

import pytest
from sari import sari, sari_of_sentence

SOURCE = "about 95 species are currently accepted .".split()
REFERENCES = [line.split() for line in ("about 95 species are currently known .", "about 95 species are now accepted .",
                                        "95 species are now accepted .")]


def test_the_scores_of_a_sentence_are_those_of_the_papers_formulas():
    # One word each, one reference that keeps a, drops b and adds x; the answer keeps both and adds x and y.
    # n = 1: keep F1(1/2, 1), nothing deleted: 0, add F1(1/2, 1); n = 2: nothing kept; (a, x) is not what it adds.
    score = sari_of_sentence("a b".split(), "a b x y".split(), ["a x".split()])
    keep, add = 2 / 3, 2 / 3
    assert score == pytest.approx(100 * (keep + add) / 3 / 4)
    # Everything as the only reference has it; of three and four words in a row nothing was to keep.
    words = "we saw an old red house there".split()
    answer = "we saw a big house".split()
    assert sari_of_sentence(words, answer, [answer]) == pytest.approx(100 * (3 + 3 + 2 + 2) / 12)


@pytest.mark.parametrize("answer, published", [("about 95 you now get in .", 26.83), ("about 95 species are now agreed .", 58.90),
                                               ("about 95 species are currently agreed .", 50.72)])
def test_the_authors_example_has_its_score(answer, published):
    assert sari_of_sentence(SOURCE, answer.split(), REFERENCES) == pytest.approx(published, abs=0.005)


def test_a_text_has_the_mean_of_its_sentences():
    one, other = sari_of_sentence(SOURCE, REFERENCES[0], REFERENCES), sari_of_sentence(SOURCE, SOURCE, REFERENCES)
    both = sari([SOURCE, SOURCE], [REFERENCES[0], SOURCE], [[reference] * 2 for reference in REFERENCES])
    assert both == pytest.approx((one + other) / 2)
