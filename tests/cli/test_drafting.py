"""Drafting from the source: fewer passes, the same bytes, on a real model."""
import json

import pytest

from conftest import SMOLLM2

SENTENCES = ["The train to the coast leaves at nine.", "She go to the market every days and buy two apple .",
             "I has never saw such a beautiful garden before; it was full of red roses.", "Short.",
             "Er hat gestern 3 Briefe geschrieben, aber keinen abgeschickt."]


@pytest.mark.parametrize("instruction", ["Repeat the sentence exactly.", "Correct the grammar of the sentence."])
def test_an_answer_has_the_same_bytes_with_and_without_drafts(even_riposte, instruction):
    answers = []
    for options in ([], ["--no-drafting"]):
        done = even_riposte("rewrite", "--model", SMOLLM2, "--json", "--instruction", instruction, *options, *SENTENCES)
        answers.append([json.loads(line) for line in done.stdout.splitlines()])
        assert len(answers[-1]) == len(SENTENCES), done.stderr
    drafted, plain = answers
    assert [answer["text"] for answer in drafted] == [answer["text"] for answer in plain]
    assert sum(answer["accepted_tokens"] for answer in drafted) > 10
    assert sum(answer["passes"] for answer in drafted) < sum(answer["passes"] for answer in plain)
    assert all(answer["drafted_tokens"] == 0 for answer in plain)


def test_a_sentence_that_comes_again_takes_fewer_passes_and_gives_the_same_bytes(even_riposte):
    answers = {}
    for option in ("--no-history", "--no-drafting", None):
        done = even_riposte("rewrite", "--model", SMOLLM2, "--json", "--preset", "simplify", *filter(None, [option]),
                            *SENTENCES, *SENTENCES)
        answers[option] = [json.loads(line) for line in done.stdout.splitlines()]
        assert len(answers[option]) == 2 * len(SENTENCES), done.stderr
    texts = [[answer["text"] for answer in each] for each in answers.values()]
    assert texts[0] == texts[1] == texts[2]

    def passes_the_second_time(option):
        return sum(answer["passes"] for answer in answers[option][len(SENTENCES):])

    assert passes_the_second_time(None) < passes_the_second_time("--no-history")
    assert passes_the_second_time("--no-history") <= passes_the_second_time("--no-drafting")
