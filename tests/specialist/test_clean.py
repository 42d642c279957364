"""What may be taught as correct, and normal text from corpus spacing."""

import pytest

pytest.importorskip("wordfreq", reason="wordfreq is not installed: specialist/requirements.txt has it")
from clean import detokenise, looks_clean, reads_whole  # noqa: E402


def test_correct_sentences_pass(lines):
    for line in lines:
        text = "".join(word + " " * space for word, space in zip(line["words"], line["spaces"])).strip()
        assert looks_clean(text), text
        assert reads_whole(line["tags"]), text


@pytest.mark.parametrize("text", [
    "she goes to school every day.", "She goes to school every day", "Then i went home with a friend.",
    "She goes to to school every day.", "She goes to school , every day.", "She goes to school,every day.",
    "I recieved your letter last week.", "I dont know what to say about it.", "This is great!!! You should go there.",
    "See http://example.org for what we do.", "He said \"no and went home again.", "It was nice ... but too late.",
    "Thx for the nice evening with you.", "Go home.",
])
def test_sentences_with_slips_do_not(text):
    assert not looks_clean(text)


@pytest.mark.parametrize("corpus, normal", [
    ("He did n't go , did he ?", "He didn't go, did he?"),
    ("It 's a four - year contract .", "It's a four-year contract."),
    ("1 @,@ 200 people ( 3 @.@ 5 % ) came .", "1,200 people (3.5%) came."),
    ("He said '' yes '' to me .", 'He said "yes" to me.'),
    ("The players ' room is small .", "The players' room is small."),
])
def test_corpus_spacing_becomes_normal_text(corpus, normal):
    assert detokenise(corpus) == normal
