"""SARI for simplification (Xu et al. 2016): how well an answer keeps, deletes and adds the n-grams that people keep, delete and add.

Of a sentence: F1 of the n-grams of the source that are kept, precision of those that are deleted, F1 of those that are new; each the
mean over n = 1 to 4, with the references' counts as fractions. 100 is best. Of a text: the mean of its sentences.
"""

from collections import Counter

ORDERS = range(1, 5)


def _ngrams(words, order):
    return Counter(tuple(words[i:i + order]) for i in range(len(words) - order + 1))


def _share(part, whole):
    """Mean of part[g] / whole[g] over the n-grams of `whole`."""
    return sum(part[gram] / whole[gram] for gram in part) / len(whole) if whole else 0.0


def _f1(precision, recall):
    return 2 * precision * recall / (precision + recall) if precision + recall > 0 else 0.0


def _scores(source, answer, references, order):
    """(keep, delete, add) for one n. Source and answer count as often as there are references, so that counts compare."""
    times = len(references)
    of_source, of_answer = (Counter({gram: times * n for gram, n in _ngrams(words, order).items()}) for words in (source, answer))
    of_references = sum((_ngrams(words, order) for words in references), Counter())
    kept, keepable = of_source & of_answer, of_source & of_references
    well_kept = kept & of_references
    keep = _f1(_share(well_kept, kept), _share(well_kept, keepable))
    deleted = of_source - of_answer
    delete = _share(deleted - of_references, deleted)
    added, addable = set(of_answer) - set(of_source), set(of_references) - set(of_source)
    well_added = added & addable
    add = _f1(len(well_added) / len(added) if added else 0.0, len(well_added) / len(addable) if addable else 0.0)
    return keep, delete, add


def sari_of_sentence(source, answer, references):
    """Lists of words (lower case), and a list of such lists."""
    scores = [_scores(source, answer, references, order) for order in ORDERS]
    return 100 * sum(sum(score) / 3 for score in scores) / len(scores)


def sari(sources, answers, references):
    """references: [sets of references][sentences]"""
    each = [sari_of_sentence(*sentence[:2], list(sentence[2:])) for sentence in zip(sources, answers, *references)]
    return sum(each) / len(each)
