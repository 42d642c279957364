"""Forms of English words, from lemminflect."""

import functools

import lemminflect

VERB_TAGS = ("VB", "VBD", "VBG", "VBN", "VBP", "VBZ")
NOUN_TAGS = ("NN", "NNS")
_FORMS_OF_BE = {"VB": "be", "VBD": "was", "VBG": "being", "VBN": "been", "VBP": "are", "VBZ": "is"}


@functools.lru_cache(maxsize=100_000)
def lemma(word, part):
    """part: "VERB", "NOUN", "ADJ" or "ADV"."""
    found = lemminflect.getLemma(word.lower(), upos=part)
    return found[0] if found else word.lower()


@functools.lru_cache(maxsize=100_000)
def inflect(base, tag):
    """The form of a lemma for a Penn tag, or "" if there is none."""
    if base == "be":
        return _FORMS_OF_BE.get(tag, "")
    found = lemminflect.getInflection(base, tag=tag)
    return found[0] if found else ""


def verb_form(word, tag):
    """Another form of a verb that stands in any form."""
    return inflect(lemma(word, "VERB"), tag)
