"""Commas, ends of sentences, capitals, apostrophes, spaces."""

CONJUNCTIONS = ("because", "although", "but", "and", "so", "while", "which", "when", "if", "or", "since", "though", "where", "for")


def comma_drop(sentence, rng):
    places = sentence.where(lambda i, w: w.text == "," and 0 < i < len(sentence) - 1)
    if not places:
        return False
    index = rng.choice(places)
    sentence[index - 1].space = True
    return _remove_mark(sentence, index)


def all_commas_drop(sentence, rng):
    dropped = False
    while comma_drop(sentence, rng):
        dropped = True
    return dropped


def _remove_mark(sentence, index):
    sentence.words.pop(index)
    if index < len(sentence):
        sentence[index].touched = True
    return True


def comma_add(sentence, rng):
    def plausible(i, word):
        return 0 < i < len(sentence) - 1 and word.text.isalnum() and sentence[i - 1].text.isalnum() and sentence[i - 1].space

    places = sentence.where(plausible)
    likely = [i for i in places if sentence.tag(i) in ("IN", "CC", "WDT", "WP", "TO", "VBZ", "VBP", "MD", "WRB")]
    if likely and rng.random() < 0.8:
        places = likely
    if not places:
        return False
    index = rng.choice(places)
    sentence.insert(index, ",", ",")
    sentence[index - 1].space = False
    return True


def end_mark(sentence, rng):
    """The mark at the end missing or another one."""
    last = len(sentence) - 1
    if last < 2 or sentence[last].text not in (".", "?", "!") or sentence[last].touched:
        return False
    if rng.random() < 0.7:
        return _remove_mark(sentence, last)
    other = rng.choice({".": (",", "..", "!"), "?": (".",), "!": (".", "!!")}[sentence[last].text])
    return sentence.replace(last, other)


def run_on(sentence, rng):
    """Two sentences in one: a full stop or semicolon becomes a comma or nothing; or a conjunction gets lost."""
    def joint(i, word):
        return word.text in (".", ";", ":") and 0 < i < len(sentence) - 1 and sentence[i + 1].text.isalpha()

    places = sentence.where(joint)
    if places:
        index = rng.choice(places)
        following = sentence[index + 1]
        if following.tag not in ("NNP", "NNPS") and following.text != "I" and sentence[index].text == "." and rng.random() < 0.8:
            following.text = following.text[:1].lower() + following.text[1:]
        following.touched = True
        choice = rng.random()
        if choice < 0.5:
            return sentence.replace(index, ",")
        if choice < 0.6:
            return sentence.replace(index, ", and")
        sentence[index - 1].space = True
        return _remove_mark(sentence, index)
    places = sentence.where(lambda i, w: w.lower in ("and", "but", "so", "because") and sentence.lower(i - 1) == ",")
    if not places:
        return False
    index = rng.choice(places)
    if rng.random() < 0.5:
        return sentence.remove(index)
    sentence[index - 2].space = True
    return _remove_mark(sentence, index - 1)


def fragment(sentence, rng):
    """A clause cut off: "I stayed. Because it rained." """
    places = sentence.where(lambda i, w: w.lower in CONJUNCTIONS and 2 < i < len(sentence) - 3 and sentence.tag(i) in ("IN", "CC", "WDT", "WRB"))
    if not places:
        return False
    index = rng.choice(places)
    sentence.replace(index, sentence[index].text.capitalize())
    if sentence[index - 1].text in (",", ";"):
        return sentence.replace(index - 1, ".")
    if not sentence[index - 1].text.isalpha():
        return False
    sentence[index - 1].space = False
    return sentence.insert(index, ".", ".")


def capital(sentence, rng):
    """A small letter where a capital belongs, now and then the reverse."""
    places = sentence.where(lambda i, w: w.text[:1].isupper() and w.text.isalpha() and (len(w.text) == 1 or not w.text.isupper()))
    if places and rng.random() < 0.8:
        index = rng.choice(places)
        word = sentence[index]
        word.text, word.touched = word.text.lower(), True
        return True
    places = sentence.where(lambda i, w: i > 0 and w.tag in ("NN", "NNS", "JJ") and w.text.isalpha() and w.text.islower())
    if not places:
        return False
    index = rng.choice(places)
    return sentence.replace(index, sentence[index].text.capitalize())


def apostrophe(sentence, rng):
    """dont, its for it's, the dogs bone, apple's."""
    places = sentence.where(lambda i, w: i > 0 and (("'" in w.text or "’" in w.text) and len(w.text) > 1))
    if places and rng.random() < 0.8:
        index = rng.choice(places)
        without = sentence[index].text.replace("'", "").replace("’", "")
        return sentence.replace(index, without)
    places = sentence.where(lambda i, w: w.tag == "NNS" and w.lower.endswith("s") and w.text.isalpha())
    if not places:
        return False
    index = rng.choice(places)
    return sentence.replace(index, sentence[index].text[:-1] + "'s")


def spacing(sentence, rng):
    """No space after a mark, or one before it."""
    places = sentence.where(lambda i, w: w.text in (",", ".", ";", ":", "?", "!", ")") and i > 0)
    if not places:
        return False
    index = rng.choice(places)
    word = sentence[index]
    word.touched = True
    if rng.random() < 0.5 and index < len(sentence) - 1 and word.space:
        word.space = False
    else:
        sentence[index - 1].space = True
    return True


def hyphen(sentence, rng):
    places = sentence.where(lambda i, w: w.text == "-" and 0 < i < len(sentence) - 1 and not w.space)
    if not places:
        return False
    index = rng.choice(places)
    sentence[index - 1].space = rng.random() < 0.75
    return _remove_mark(sentence, index)
