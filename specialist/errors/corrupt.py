"""How many errors of which kinds a sentence gets."""

import copy
import dataclasses
import math
import pathlib
import re
import tomllib

from . import choice, grammar, punctuation, spelling

_MODULES = {
    grammar: "article_drop article_add article_swap preposition_swap preposition_drop preposition_add agreement verb_tense "
             "verb_form_wrong verb_regularised gerund_or_infinitive auxiliary noun_number pronoun comparison "
             "adjective_or_adverb word_order missing_word superfluous_word doubled_word doubled_subject",
    spelling: "spelling",
    choice: "confusion word_choice derivation informal joined_or_split",
    punctuation: "comma_drop all_commas_drop comma_add end_mark run_on fragment capital apostrophe spacing hyphen",
}
KINDS = {name: getattr(module, name) for module, names in _MODULES.items() for name in names.split()}


@dataclasses.dataclass(frozen=True)
class Rates:
    unchanged: float
    errors_per_word: float
    spread: float
    most: int
    clustered: float
    tokenised: float
    kinds: dict

    @classmethod
    def read(cls, path=None):
        path = pathlib.Path(path) if path else pathlib.Path(__file__).with_name("rates.toml")
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        unknown = sorted(set(table["kinds"]) - set(KINDS))
        if unknown:
            raise ValueError(f"{path}: no such kinds of errors: {', '.join(unknown)}; known are {', '.join(sorted(KINDS))}")
        return cls(kinds=table["kinds"], **table["sentence"])


def _poisson(mean, rng):
    limit, product, count = math.exp(-mean), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count


CLUSTER = 3  # words to each side of an error, where the next one of a cluster is made


def _focus(sentence, rng, rates):
    touched = [i for i, word in enumerate(sentence.words) if word.touched]
    if not touched or rng.random() >= rates.clustered:
        return None
    centre = rng.choice(touched)
    return centre - CLUSTER, centre + CLUSTER


def corrupt(sentence, rng, rates):
    """A copy of the sentence with errors in it, as text, and the kinds made, in their order."""
    sentence, made = copy.deepcopy(sentence), []
    if rng.random() >= rates.unchanged:
        per_word = rng.gammavariate(rates.spread, rates.errors_per_word / rates.spread)
        wanted = min(max(1, _poisson(per_word * len(sentence), rng)), rates.most)
        kinds, weights = list(rates.kinds), list(rates.kinds.values())
        for kind in rng.choices(kinds, weights, k=6 * wanted):
            if len(made) == wanted:
                break
            sentence.focus = _focus(sentence, rng, rates)
            if KINDS[kind](sentence, rng):
                made.append(kind)
    text = sentence.text()
    if rng.random() < rates.tokenised:
        text = tokenised_spacing(text)
    return text, made


def tokenised_spacing(text):
    """Marks and clitics apart from words, as corpora write them: "do n't", "word ."."""
    text = re.sub(r"([.,!?;:()\"%$])", r" \1 ", text)
    text = re.sub(r"\b(\w+)n't\b", r"\1 n't", text)
    text = re.sub(r"('s|'re|'ve|'m|'ll|'d)\b", r" \1", text)
    text = re.sub(r"(\d) ([.,]) (\d)", r"\1\2\3", text)
    return " ".join(text.split())
