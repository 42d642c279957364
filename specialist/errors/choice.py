"""Words taken for others: pairs that sound or look alike, words of one meaning, informal spellings, words split and joined."""

import functools
import pathlib
import tomllib


@functools.lru_cache(maxsize=1)
def _raw():
    return tomllib.loads(pathlib.Path(__file__).with_name("confusions.toml").read_text(encoding="utf-8"))


@functools.lru_cache(maxsize=1)
def _joined():
    return {tuple(pair.split()) for pair in _raw()["joined"]["pairs_of_words"]}


@functools.lru_cache(maxsize=1)
def tables():
    """confusions.toml: kind -> {word -> tuple of words that come in its place}."""
    result = {}
    for kind, entries in _raw().items():
        table = {}
        for group in entries.get("sets", []):  # each may come for each other
            words = group.split()
            for word in words:
                table.setdefault(word, []).extend(other for other in words if other != word)
        for right, wrong in entries.get("pairs", {}).items():  # right = "wrong wrong"; _ stands for a space
            table.setdefault(right, []).extend(other.replace("_", " ") for other in wrong.split())
        result[kind] = {word: tuple(others) for word, others in table.items()}
    return result


def from_table(kind):
    def swap(sentence, rng):
        table = tables()[kind]
        places = sentence.where(lambda i, w: w.lower in table)
        if not places:
            return False
        index = rng.choice(places)
        other = rng.choice(table[sentence[index].lower])
        if sentence[index].text.isupper() and len(sentence[index].text) > 1:
            return False
        return sentence.replace(index, other)

    return swap


confusion = from_table("sound")
word_choice = from_table("meaning")
derivation = from_table("derivation")
informal = from_table("informal")


def joined_or_split(sentence, rng):
    """alot, infact, everyday for every day; some one, with out."""
    split, joined = tables()["split"], _joined()

    def joinable(i, word):
        return i + 1 < len(sentence) and word.space and (word.lower, sentence.lower(i + 1)) in joined

    places = sentence.where(lambda i, w: joinable(i, w) or w.lower in split)
    if not places:
        return False
    index = rng.choice(places)
    if joinable(index, sentence[index]):
        second = sentence.words.pop(index + 1)
        sentence[index].space = second.space
        return sentence.replace(index, sentence[index].text + second.text)
    return sentence.replace(index, rng.choice(split[sentence[index].lower]))
