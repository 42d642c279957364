"""Errors as people make them: a correct sentence in, the same one with slips out.

    from errors import Sentence, corrupt
    corrupt(Sentence.of(words, tags, spaces), random.Random(1))

rates.toml says how often each kind of error is made, confusions.toml which words are mixed up; a kind is a function of
(sentence, rng) that changes the sentence and says whether it found a place to.
"""

from .corrupt import KINDS, Rates, corrupt, tokenised_spacing
from .sentence import Sentence, Word

__all__ = ["KINDS", "Rates", "Sentence", "Word", "corrupt", "tokenised_spacing"]
