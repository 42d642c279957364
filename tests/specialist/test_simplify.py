"""What counts as a simplification worth learning."""

import pytest

pytest.importorskip("wordfreq", reason="wordfreq is not installed: specialist/requirements.txt has it")
pytest.importorskip("lemminflect", reason="lemminflect is not installed: specialist/requirements.txt has it")
from simplify import is_simplification, long_sentences  # noqa: E402

SOURCE = ("The bridge in Leiden, which was built in 1742 by local masons, was demolished because it could no longer bear "
          "the heavy traffic of the growing town.")


def test_shorter_sentences_that_say_the_same_are_kept():
    assert is_simplification(SOURCE, "The bridge in Leiden was built in 1742 by local masons. It was torn down because it could not bear "
                                     "the heavy traffic of the growing town.")


@pytest.mark.parametrize("answer", [
    SOURCE,  # the same
    "The bridge in Leiden was built in 1750 by local masons. It was torn down because it could not bear the traffic.",  # another number
    "The bridge in Delft was built in 1742 by local masons. It was torn down because it could not bear the traffic.",  # another name
    "The bridge in Leiden is from 1742.",  # half of it left out
    "Here is a simplified version: the bridge in Leiden was built in 1742 by local masons and torn down because of the heavy traffic.",
    "the bridge in Leiden was build in 1742 by local masons it could not bear the heavy traffic of the growing town",  # slips
    "",
])
def test_other_answers_are_not(answer):
    assert not is_simplification(SOURCE, answer)


def test_long_clean_sentences_are_found_with_their_halves():
    line = ("The mill was built by two brothers in 1820 , and it was sold to a baker when the older one died .\t"
            "The mill was built by two brothers in 1820 . <::::> It was sold to a baker when the older one died .")
    too_short = "He came .\tHe came . <::::> So did she ."
    assert list(long_sentences([line, too_short])) == [
        ("The mill was built by two brothers in 1820, and it was sold to a baker when the older one died.",
         "The mill was built by two brothers in 1820. It was sold to a baker when the older one died.")]
