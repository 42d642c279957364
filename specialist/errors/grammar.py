"""Errors of grammar: articles, prepositions, verbs, nouns, pronouns, comparison, order, missing and superfluous words."""

from .inflections import VERB_TAGS, inflect, lemma, verb_form

ARTICLES = ("a", "an", "the")
PREPOSITIONS = ("in", "on", "at", "for", "to", "of", "with", "by", "from", "about", "into", "during", "since")
# What comes in the place of a preposition, the likeliest first.
PREPOSITION_SWAPS = {
    "in": "on at for of to into with", "on": "in at for of about to", "at": "in on to for", "for": "to of in about since",
    "to": "for in at of on", "of": "for in from about to", "with": "by to of for in", "by": "with from for in",
    "from": "of for in by", "about": "of on for", "into": "in to on", "during": "in on while", "since": "from for",
    "than": "then that", "as": "like", "like": "as", "through": "by in", "between": "among in", "among": "between",
    "over": "on above", "after": "since", "until": "by", "without": "with no",
}
BE_FORMS = {"is": "are be", "are": "is be was", "was": "were is", "were": "was are", "am": "is are", "has": "have had",
            "have": "has had", "do": "does", "does": "do", "'s": "is", "do n't": "does n't"}
MODALS = ("can", "could", "will", "would", "may", "might", "must", "should", "shall")
DROPPED = ("that", "is", "are", "to", "of", "it", "and", "be", "have", "there", "has", "was", "were", "will", "been", "they",
           "we", "their", "as", "not", "so", "who", "which", "he", "she", "do", "does", "can", "would")
ADDED = ("very", "also", "so", "that", "it", "of", "more", "most", "to", "for", "being", "as", "is", "are", "always", "just",
         "they", "have", "be", "in", "on", "will", "can", "do", "some", "all", "only", "really", "and", "then")
PRONOUNS = {"he": "him his", "him": "he his", "she": "her", "her": "she his hers", "they": "them their", "them": "they their it",
            "i": "me my", "me": "I my", "we": "us our", "us": "we our", "his": "her him he", "their": "they them there his",
            "our": "us we ours", "my": "me mine", "it": "they them its", "its": "it it's their", "who": "which whom that",
            "which": "who what that", "whom": "who", "this": "these that", "these": "this those", "that": "this which what",
            "those": "that these", "your": "you yours", "myself": "me my self", "themselves": "theirselves themself them",
            "himself": "hisself him", "what": "that which", "where": "that which", "whose": "who his"}
# Before these a noun already has what belongs before it.
_NO_ARTICLE_AFTER = ("DT", "PRP$", "JJ", "JJR", "JJS", "NN", "NNS", "NNP", "NNPS", "POS", "CD", "HYPH", "WP$", "PDT", "VBG", "VBN", "RB",
                     "", "FW", "ADD", "$", "SYM", "WDT", "NFP")


def an_or_a(following):
    return "an" if following[:1].lower() in "aeiou" else "a"


def article_drop(sentence, rng):
    places = sentence.where(lambda i, w: w.lower in ARTICLES and w.tag == "DT")
    return bool(places) and sentence.remove(rng.choice(places))


def article_add(sentence, rng):
    def bare_noun(i, word):
        before = sentence.tag(i - 1)
        return word.tag in ("NN", "NNS", "JJ") and (before not in _NO_ARTICLE_AFTER or (i == 0 and word.tag == "NNS"))

    places = sentence.where(bare_noun)
    if not places:
        return False
    index = rng.choice(places)
    the = rng.random() < (0.85 if sentence[index].tag == "NNS" else 0.55)
    return sentence.insert(index, "the" if the else an_or_a(sentence[index].text), "DT")


def article_swap(sentence, rng):
    places = sentence.where(lambda i, w: w.lower in ARTICLES and w.tag == "DT" and i + 1 < len(sentence))
    if not places:
        return False
    index = rng.choice(places)
    word = sentence[index].lower
    other = {"a": "an", "an": "a"}.get(word) if rng.random() < 0.4 else None
    return sentence.replace(index, other or ("the" if word != "the" else an_or_a(sentence[index + 1].text)))


def preposition_swap(sentence, rng):
    places = sentence.where(lambda i, w: w.lower in PREPOSITION_SWAPS and w.tag in ("IN", "RP", "TO"))
    places = [i for i in places if not (sentence.lower(i) == "to" and sentence.tag(i + 1) == "VB")]
    if not places:
        return False
    index = rng.choice(places)
    others = PREPOSITION_SWAPS[sentence[index].lower].split()
    return sentence.replace(index, others[min(int(rng.expovariate(0.7)), len(others) - 1)])


def preposition_drop(sentence, rng):
    places = sentence.where(lambda i, w: i > 0 and w.lower in PREPOSITIONS and w.tag in ("IN", "TO", "RP"))
    return bool(places) and sentence.remove(rng.choice(places))


def preposition_add(sentence, rng):
    places = sentence.where(
        lambda i, w: i > 0 and sentence.tag(i - 1) in VERB_TAGS and w.tag in ("DT", "PRP$", "NNS", "NN", "PRP", "RB", "JJ")
        and sentence.lower(i - 1) not in BE_FORMS
    )
    if not places:
        return False
    return sentence.insert(rng.choice(places), rng.choice(("to", "for", "about", "in", "of", "on", "with", "at")), "IN")


def agreement(sentence, rng):
    places = sentence.where(lambda i, w: w.tag in ("VBZ", "VBP") or w.lower in ("was", "were"))
    places = [i for i in places if sentence.lower(i) in BE_FORMS or sentence[i].text.isalpha()]
    if not places:
        return False
    index = rng.choice(places)
    word = sentence[index]
    if word.lower in BE_FORMS:
        if not word.text.isalpha():
            return False
        others = BE_FORMS[word.lower].split()
        return sentence.replace(index, others[0] if rng.random() < 0.75 else rng.choice(others))
    other = verb_form(word.text, "VB" if word.tag == "VBZ" else "VBZ")
    return bool(other) and sentence.replace(index, other)


def swap_verb_form(sentence, rng, swaps):
    """A verb with a tag of `swaps` gets the form of one of the tags there."""
    places = sentence.where(lambda i, w: w.tag in swaps and w.text.isalpha())
    if not places:
        return False
    index = rng.choice(places)
    other = verb_form(sentence[index].text, rng.choice(swaps[sentence[index].tag]))
    return bool(other) and sentence.replace(index, other)


def verb_tense(sentence, rng):
    """A finite verb in another time."""
    return swap_verb_form(sentence, rng, {"VBD": ("VB", "VBP", "VBZ", "VBN"), "VBZ": ("VBD", "VBG", "VB"), "VBP": ("VBD", "VBG", "VBZ")})


def verb_form_wrong(sentence, rng):
    """Infinitive, participle and gerund in each other's place."""
    return swap_verb_form(sentence, rng, {"VBN": ("VB", "VBD", "VBG", "VBZ"), "VBG": ("VB", "VB", "VBN", "VBZ"),
                                          "VB": ("VBG", "VBD", "VBZ", "VBN")})


def verb_regularised(sentence, rng):
    """goed, teached, catched."""
    def irregular(i, word):
        return word.tag in ("VBD", "VBN") and word.text.isalpha() and not word.lower.endswith("ed") and word.lower not in BE_FORMS

    places = sentence.where(irregular)
    if not places:
        return False
    index = rng.choice(places)
    base = lemma(sentence[index].text, "VERB")
    if base in ("be", "have", "do"):
        return False
    return sentence.replace(index, base + ("d" if base.endswith("e") else "ed"))


def gerund_or_infinitive(sentence, rng):
    def infinitive(i, word):
        return word.lower == "to" and sentence.tag(i + 1) == "VB"

    def gerund(i, word):
        return word.tag == "VBG" and sentence.tag(i - 1) in (*VERB_TAGS, "IN") and word.text.isalpha()

    def after_modal(i, word):
        return word.tag == "VB" and sentence.tag(i - 1) == "MD"

    places = sentence.where(lambda i, w: infinitive(i, w) or gerund(i, w) or after_modal(i, w))
    if not places:
        return False
    index = rng.choice(places)
    word = sentence[index]
    if word.tag == "VBG":
        base = verb_form(word.text, "VB")
        return bool(base) and sentence.replace(index, base if rng.random() < 0.6 else "to " + base)
    if word.tag == "VB":
        return sentence.insert(index, "to", "TO")
    following = sentence[index + 1]
    choice = rng.random()
    if choice < 0.35:  # decided go
        return sentence.remove(index)
    form = verb_form(following.text, "VBG" if choice < 0.8 else "VBD")
    if not form:
        return False
    if choice < 0.55:  # decided going
        sentence.replace(index + 1, form)
        return sentence.remove(index)
    return sentence.replace(index + 1, form)  # decided to going


def auxiliary(sentence, rng):
    """A helping verb too many ("I am agree"), too few ("he going") or changed ("can" for "could")."""
    choice = rng.random()
    if choice < 0.35:
        places = sentence.where(lambda i, w: w.tag in ("VBP", "VBD", "VBZ") and sentence.tag(i - 1) in ("PRP", "NNS", "NN")
                                and w.lower not in BE_FORMS and w.text.isalpha())
        if not places:
            return False
        before = sentence.lower(rng.choice(places) - 1)
        index = next(i for i in places if sentence.lower(i - 1) == before)
        helper = "am" if before == "i" else "is" if before in ("he", "she", "it", "this") else "are"
        return sentence.insert(index, rng.choice((helper, helper, "have", "will", "do")), "VBP")
    if choice < 0.7:
        places = sentence.where(lambda i, w: (w.tag == "MD" or w.lower in BE_FORMS) and i > 0 and w.text.isalpha()
                                and sentence.tag(i + 1) in ("VB", "VBG", "VBN", "JJ", "RB"))
        return bool(places) and sentence.remove(rng.choice(places))
    places = sentence.where(lambda i, w: w.tag == "MD" and w.lower in MODALS)
    return bool(places) and sentence.replace(rng.choice(places), rng.choice(MODALS))


def noun_number(sentence, rng):
    places = sentence.where(lambda i, w: w.tag in ("NN", "NNS") and w.text.isalpha() and len(w.text) > 2)
    if not places:
        return False
    plural = [i for i in places if sentence[i].tag == "NNS"]
    index = rng.choice(plural if plural and rng.random() < 0.55 else places)
    word = sentence[index]
    if word.tag == "NN":
        base = word.lower
        irregular = rng.random() < 0.3 and not base.endswith(("s", "x", "ch", "sh", "y"))
        other = base + "s" if irregular else inflect(base, "NNS") or base + "s"
    else:
        base = lemma(word.text, "NOUN")
        other = base
        if not word.lower.endswith("s"):  # children: child, childs, childrens
            other = rng.choice((base, base + "s", word.lower + "s"))
    return sentence.replace(index, other)


def pronoun(sentence, rng):
    places = sentence.where(lambda i, w: w.lower in PRONOUNS and w.tag in ("PRP", "PRP$", "WP", "WDT", "DT", "WRB", "WP$"))
    return bool(places) and _one_of(sentence, rng, rng.choice(places), PRONOUNS)


def _one_of(sentence, rng, index, table):
    return sentence.replace(index, rng.choice(table[sentence[index].lower].split()))


def comparison(sentence, rng):
    """more easier, more good, most biggest, easyer."""
    places = sentence.where(lambda i, w: w.tag in ("JJR", "RBR", "JJS", "RBS") and w.lower not in ("more", "most", "less", "least"))
    if not places:
        marks = sentence.where(lambda i, w: w.lower in ("more", "most") and sentence.tag(i + 1) in ("JJ", "RB"))
        return bool(marks) and sentence.remove(rng.choice(marks))
    index = rng.choice(places)
    word = sentence[index]
    mark = "more" if word.tag in ("JJR", "RBR") else "most"
    choice = rng.random()
    base = lemma(word.text, "ADJ")
    if choice < 0.4:
        return sentence.replace(index, f"{mark} {word.lower}")
    if choice < 0.7:
        return sentence.replace(index, f"{mark} {base}")
    return sentence.replace(index, base)


def adjective_or_adverb(sentence, rng):
    places = sentence.where(lambda i, w: (w.tag == "RB" and w.lower.endswith("ly") and len(w.text) > 5)
                            or (w.tag == "JJ" and w.text.isalpha() and w.text.islower() and len(w.text) > 3))
    if not places:
        return False
    adverbs = [i for i in places if sentence[i].tag == "RB"]
    index = rng.choice(adverbs if adverbs and rng.random() < 0.7 else places)
    word = sentence[index].lower
    if sentence[index].tag == "RB":
        return sentence.replace(index, word[:-3] + "y" if word.endswith("ily") else word[:-2])
    return sentence.replace(index, word[:-1] + "ily" if word.endswith("y") else word + "ly")


def word_order(sentence, rng):
    """Neighbours that change places: adverb and verb, adjective and noun, subject and verb of a question, any two."""
    likely = {("RB", "VB"), ("RB", "VBD"), ("RB", "VBP"), ("RB", "VBZ"), ("RB", "JJ"), ("JJ", "NN"), ("JJ", "NNS"), ("MD", "RB"),
              ("PRP", "MD"), ("MD", "PRP"), ("VBZ", "RB"), ("VBP", "RB"), ("VB", "RB"), ("RB", "VBN"), ("JJ", "RB"),
              ("PRP", "VBP"), ("PRP", "VBZ"), ("VBP", "PRP"), ("VBZ", "PRP"), ("NN", "NN"), ("DT", "JJ"), ("VBD", "PRP")}

    def swappable(i, word):
        return (i + 1 < len(sentence) and word.text.isalpha() and sentence[i + 1].text.isalpha()
                and not sentence[i + 1].touched and word.space)

    places = sentence.where(swappable)
    chosen = [i for i in places if (sentence.tag(i), sentence.tag(i + 1)) in likely]
    if chosen and rng.random() < 0.85:
        places = chosen
    if not places:
        return False
    index = rng.choice(places)
    left, right = sentence[index], sentence[index + 1]
    if index == 0 and left.text != "I":
        left.text, right.text = left.text[:1].lower() + left.text[1:], right.text[:1].upper() + right.text[1:]
    left.space, right.space = right.space, left.space
    left.touched = right.touched = True
    sentence.words[index:index + 2] = [right, left]
    return True


def missing_word(sentence, rng):
    places = sentence.where(lambda i, w: w.lower in DROPPED and i > 0 and w.text.isalpha())
    return bool(places) and sentence.remove(rng.choice(places))


def superfluous_word(sentence, rng):
    places = sentence.where(lambda i, w: i > 0 and w.text.isalpha() and sentence[i - 1].space)
    return bool(places) and sentence.insert(rng.choice(places), rng.choice(ADDED))


def doubled_word(sentence, rng):
    places = sentence.where(lambda i, w: w.text.isalpha() and w.space)
    short = [i for i in places if len(sentence[i].text) <= 4]
    places = short if short and rng.random() < 0.8 else places
    if not places:
        return False
    index = rng.choice(places)
    return sentence.insert(index + 1, sentence[index].lower if sentence[index].text != "I" else "I", sentence.tag(index))


def doubled_subject(sentence, rng):
    """My friend he said."""
    places = sentence.where(lambda i, w: w.tag in ("VBD", "VBZ", "VBP", "MD") and sentence.tag(i - 1) in ("NN", "NNS", "NNP"))
    if not places:
        return False
    index = rng.choice(places)
    return sentence.insert(index, "they" if sentence.tag(index - 1) == "NNS" else rng.choice(("he", "it", "it", "she")), "PRP")
