"""The error generator: every kind does what it is for, the same seed gives the same errors, rates are kept."""

import random

import pytest

pytest.importorskip("lemminflect", reason="lemminflect is not installed: tests/requirements.txt has it")
from errors import KINDS, Rates, Sentence, corrupt, tokenised_spacing  # noqa: E402


def sentence_of(line):
    return Sentence.of(line["words"], line["tags"], line["spaces"])


def of(text):
    """From "She/PRP goes/VBZ home/NN ./." (a mark stands at the word before it)."""
    pairs = [pair.rsplit("/", 1) for pair in text.split()]
    spaces = [following[0].isalnum() for following, _ in pairs[1:]] + [False]
    return Sentence.of([word for word, _ in pairs], [tag for _, tag in pairs], spaces)


def outcomes(kind, text, tries=200):
    """All that a kind of error makes of a sentence."""
    found = set()
    for seed in range(tries):
        sentence = of(text)
        if KINDS[kind](sentence, random.Random(seed)):
            found.add(sentence.text())
    return found


def test_every_kind_has_a_rate_and_every_rate_a_kind():
    assert set(Rates.read().kinds) == set(KINDS)


def test_an_unknown_kind_in_the_table_is_refused_by_name(tmp_path):
    table = tmp_path / "rates.toml"
    table.write_text("[sentence]\n[kinds]\nteleportation = 1\n")
    with pytest.raises(ValueError, match="teleportation"):
        Rates.read(table)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_each_kind_finds_a_place_in_ordinary_sentences_and_changes_the_text(kind, lines):
    changed = 0
    for line in lines:
        for seed in range(4):
            sentence = sentence_of(line)
            before = sentence.text()
            made = KINDS[kind](sentence, random.Random(seed))
            assert made in (True, False)
            if made:
                assert sentence.text() != before, f"{kind} says that it changed: {before}"
                changed += 1
            else:
                assert sentence.text() == before, f"{kind} says that it found no place in: {before}"
    assert changed > 0


@pytest.mark.parametrize("kind, text, expected", [
    ("article_drop", "The/DT dog/NN sleeps/VBZ ./.", "Dog sleeps."),
    ("article_swap", "He/PRP ate/VBD an/DT apple/NN ./.", "He ate a apple."),
    ("agreement", "She/PRP goes/VBZ home/NN ./.", "She go home."),
    ("verb_form_wrong", "I/PRP have/VBP gone/VBN ./.", "I have went."),
    ("verb_regularised", "He/PRP taught/VBD me/PRP ./.", "He teached me."),
    ("gerund_or_infinitive", "We/PRP enjoy/VBP swimming/VBG ./.", "We enjoy to swim."),
    ("noun_number", "Two/CD children/NNS came/VBD ./.", "Two childrens came."),
    ("comparison", "It/PRP is/VBZ easier/JJR ./.", "It is more easier."),
    ("adjective_or_adverb", "He/PRP drives/VBZ happily/RB ./.", "He drives happy."),
    ("doubled_word", "It/PRP is/VBZ the/DT end/NN ./.", "It is the the end."),
    ("doubled_subject", "My/PRP$ friend/NN said/VBD no/UH ./.", "My friend he said no."),
    ("confusion", "They/PRP lost/VBD their/PRP$ way/NN ./.", "They lost there way."),
    ("joined_or_split", "I/PRP read/VBP a/DT lot/NN ./.", "I read alot."),
    ("joined_or_split", "He/PRP left/VBD without/IN me/PRP ./.", "He left with out me."),
    ("informal", "Thanks/NNS ,/, you/PRP won/VBD ./.", "Thanks, u won."),
    ("end_mark", "He/PRP is/VBZ here/RB ./.", "He is here"),
    ("run_on", "He/PRP left/VBD ./. She/PRP stayed/VBD ./.", "He left, she stayed."),
    ("all_commas_drop", "Red/JJ ,/, green/JJ ,/, blue/JJ ./.", "Red green blue."),
    ("capital", "I/PRP met/VBD Anna/NNP ./.", "I met anna."),
    ("apostrophe", "The/DT dogs/NNS bark/VBP ./.", "The dog's bark."),
    ("word_order", "He/PRP often/RB sings/VBZ ./.", "He sings often."),
    ("spacing", "Red/JJ ,/, green/JJ ./.", "Red,green."),
])
def test_a_kind_makes_the_error_that_it_is_named_after(kind, text, expected):
    assert expected in outcomes(kind, text)


def test_the_same_seed_gives_the_same_errors_and_another_one_others(lines):
    rates = Rates.read()

    def round_of(seed):
        rng = random.Random(seed)
        return [corrupt(sentence_of(line), rng, rates) for line in lines]

    assert round_of(5) == round_of(5)
    assert round_of(5) != round_of(6)


def test_the_sentence_itself_is_left_alone(lines):
    sentence = sentence_of(lines[0])
    before = sentence.text()
    for seed in range(50):
        corrupt(sentence, random.Random(seed), Rates.read())
    assert sentence.text() == before


def test_as_many_sentences_stay_correct_as_the_table_says(lines):
    rates, rng = Rates.read(), random.Random(1)
    rounds = [corrupt(sentence_of(line), rng, rates) for _ in range(120) for line in lines]
    unchanged = sum(not kinds for _, kinds in rounds) / len(rounds)
    assert abs(unchanged - rates.unchanged) < 0.03


def test_the_number_of_errors_varies_widely_and_is_bounded(lines):
    rates, rng = Rates.read(), random.Random(1)
    counts = [len(corrupt(sentence_of(line), rng, rates)[1]) for _ in range(40) for line in lines]
    assert max(counts) <= rates.most
    assert {0, 1, 2, 3, 4, 5, 6} <= set(counts)


def test_words_are_set_apart_from_marks_and_clitics_as_corpora_write_them():
    assert tokenised_spacing("I don't know, it's 3.5 km.") == "I do n't know , it 's 3.5 km ."
