"""What a teacher's answer must keep to be learnt."""

import json
import random

import pytest

pytest.importorskip("wordfreq", reason="wordfreq is not installed: specialist/requirements.txt has it")
from teacher import BLOCK, collect, kept, survives, worth_asking  # noqa: E402

SOURCE = "i met Anna and 3 of her friend in Paris, they was very nice"


def test_a_plain_correction_is_kept():
    assert survives(SOURCE, "I met Anna and 3 of her friends in Paris; they were very nice.")


@pytest.mark.parametrize("answer", [
    "I met Anna and 4 of her friends in Paris; they were very nice.",  # another number
    "I met Anna and three of her friends in Paris; they were very nice.",  # no number
    "I met her and 3 of her friends in Paris; they were very nice.",  # a name lost
    "I met Anna and 3 friends in Paris.",  # half of it left out
    "Anna introduced me to her 3 companions during a stay in Paris, and I liked all of them.",  # another sentence
    "Here is the corrected sentence: I met Anna and 3 of her friends in Paris, and they were very nice to me.",
    "I met Anna and 3 of her friends in Paris, they was very nice",  # not clean itself
])
def test_an_answer_that_says_something_else_or_has_slips_is_not(answer):
    assert not survives(SOURCE, answer)


def test_few_sentences_that_the_teacher_leaves_alone_are_kept():
    correct = "We met Anna and 3 of her friends in Paris last week."
    share = sum(kept(correct, correct, random.Random(seed)) for seed in range(400)) / 400
    assert 0.2 < share < 0.4


@pytest.mark.parametrize("text, worth", [
    ("they sometimes dont get along but its ok for them", True), ("Anna Smith/NA/Enron@Enron, Bob", False),
    ("see www.example.org for more about this topic", False), ("US STEEL HOT ROLLED PLATE NOW", False), ("too short", False),
])
def test_headers_addresses_and_lists_are_not_asked_about(text, worth):
    assert worth_asking(text) == worth


def test_a_teacher_goes_on_where_it_stopped(tmp_path):
    texts, asked = [f"text {number}" for number in range(3 * BLOCK)], []
    path = tmp_path / "teacher.jsonl"

    def ask(block):
        asked.extend(block)
        return [(text, text.upper()) for text in block]

    def ask_once(block):
        if asked:
            raise ConnectionError
        return ask(block)

    with pytest.raises(ConnectionError):
        collect(texts, ask_once, lambda *_: True, path)
    collect(texts, ask, lambda text, _: text != "text 150", path)
    assert asked == texts
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["source"] for line in lines] == [text for text in texts if text != "text 150"]
    assert lines[0] == {"source": "text 0", "target": "TEXT 0", "from": "teacher"}
