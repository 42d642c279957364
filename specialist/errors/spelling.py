"""Misspellings: of the ear (learners), of the hand (keyboard), of memory (doubled letters, silent ones, endings)."""

_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_NEIGHBOURS = {}
for _row, _letters in enumerate(_KEYS):
    for _column, _letter in enumerate(_letters):
        _near = [_letters[c] for c in (_column - 1, _column + 1) if 0 <= c < len(_letters)]
        _near += [_KEYS[r][_column] for r in (_row - 1, _row + 1) if 0 <= r < 3 and _column < len(_KEYS[r])]
        _NEIGHBOURS[_letter] = _near

# What sounds alike, both ways where both happen.
_SOUNDS = (
    ("ie", "ei"), ("ei", "ie"), ("ea", "ee"), ("ee", "ea"), ("ea", "e"), ("ou", "o"), ("ou", "u"), ("ai", "a"), ("ai", "ei"),
    ("tion", "sion"), ("tion", "tion s"), ("sion", "tion"), ("tion", "cion"), ("able", "ible"), ("ible", "able"), ("ence", "ance"),
    ("ance", "ence"), ("ent", "ant"), ("ant", "ent"), ("ph", "f"), ("gh", "g"), ("ght", "gth"), ("ght", "th"), ("wh", "w"), ("th", "t"),
    ("ck", "k"), ("ck", "c"), ("ce", "se"), ("se", "ce"), ("ci", "si"), ("sc", "s"), ("sc", "c"), ("c", "k"), ("c", "s"), ("s", "c"),
    ("z", "s"), ("s", "z"), ("x", "cs"), ("qu", "k"), ("er", "ar"), ("er", "or"), ("or", "er"), ("ar", "er"), ("er", "re"),
    ("le", "el"), ("el", "le"), ("al", "le"), ("ful", "full"), ("ally", "aly"), ("ly", "lly"), ("ely", "ly"), ("y", "i"), ("i", "y"),
    ("i", "e"), ("e", "i"), ("a", "e"), ("e", "a"), ("o", "a"), ("a", "o"), ("u", "o"), ("o", "u"), ("i", "a"), ("u", "a"), ("v", "b"),
    ("b", "v"), ("ure", "er"), ("ture", "cher"), ("ious", "ous"), ("ous", "us"), ("mn", "m"), ("kn", "n"), ("wr", "r"), ("dge", "ge"),
    ("tch", "ch"), ("ch", "tch"), ("sh", "ch"), ("ss", "s"), ("que", "k"), ("eo", "o"), ("ia", "a"), ("ua", "a"), ("ui", "i"), ("mp", "np"),
    ("n", "m"), ("m", "n"), ("pre", "per"), ("per", "pre"), ("pro", "per"), ("dis", "des"), ("in", "en"), ("en", "in"), ("im", "in"),
)
_VOWELS = "aeiou"


def _replaceable(word, part):
    """Places of a part of a word, its first letter spared."""
    places, start = [], word.find(part, 1)
    while start >= 0:
        places.append(start)
        start = word.find(part, start + 1)
    return places


def by_sound(word, rng):
    found = [(place, old, new) for old, new in _SOUNDS for place in _replaceable(word, old)]
    if not found:
        return word
    place, old, new = rng.choice(found)
    return word[:place] + new.replace(" ", "") + word[place + len(old):]


def by_key(word, rng):
    place = rng.randrange(1, len(word))
    near = _NEIGHBOURS.get(word[place].lower())
    return word[:place] + rng.choice(near) + word[place + 1:] if near else word


def by_omission(word, rng):
    """A letter left out; vowels and one of a pair above all."""
    weak = [i for i in range(1, len(word)) if word[i] in _VOWELS or word[i] == word[i - 1]]
    place = rng.choice(weak) if weak and rng.random() < 0.7 else rng.randrange(1, len(word))
    return word[:place] + word[place + 1:]


def by_insertion(word, rng):
    place = rng.randrange(1, len(word))
    return word[:place] + rng.choice(_VOWELS + word[place] + word[place - 1] + "e") + word[place:]


def by_transposition(word, rng):
    place = rng.randrange(1, len(word) - 1)
    return word[:place] + word[place + 1] + word[place] + word[place + 2:]


def by_doubling(word, rng):
    """A double letter made single, or a single consonant doubled."""
    doubles = [i for i in range(1, len(word)) if word[i] == word[i - 1]]
    if doubles and rng.random() < 0.7:
        place = rng.choice(doubles)
        return word[:place] + word[place + 1:]
    singles = [i for i in range(1, len(word) - 1) if word[i] in "bcdfglmnprst"]
    if not singles:
        return word
    place = rng.choice(singles)
    return word[:place] + word[place] + word[place:]


def by_silent_e(word, rng):
    """writeing, realy, hopeing; or an e too many or too few at the end."""
    if word.endswith("ing") and len(word) > 5:
        return word[:-3] + "e" + word[-3:]
    if word.endswith("e"):
        return word[:-1]
    if word.endswith("ies"):
        return word[:-3] + "ys"
    if word.endswith("ied"):
        return word[:-3] + "yed"
    return word + "e"


WAYS = ((by_sound, 34), (by_omission, 20), (by_insertion, 9), (by_transposition, 12), (by_doubling, 14), (by_key, 7), (by_silent_e, 6))


def misspell(word, rng):
    """A misspelling of a word of at least four letters; the word itself if the chosen way does not fit it."""
    way, = rng.choices([way for way, _ in WAYS], [weight for _, weight in WAYS])
    changed = way(word, rng)
    # One in eight is spelt badly twice.
    return misspell(changed, rng) if rng.random() < 0.12 and len(changed) > 5 else changed


def spelling(sentence, rng):
    places = sentence.where(lambda i, w: len(w.text) >= 4 and w.text.isalpha() and not w.text.isupper()
                            and w.tag not in ("NNP", "NNPS", "FW"))
    if not places:
        return False
    # Long words and rare ones invite more slips; length stands for both.
    index, = rng.choices(places, [len(sentence[i].text) - 2 for i in places])
    word = sentence[index].text
    changed = misspell(word, rng)
    return changed.isalpha() and sentence.replace(index, changed)
