"""Which sentences are correct enough to be taught as answers: rules that rather refuse a good one than let a slip pass."""

import re

import lemminflect
import wordfreq

LEAST_WORDS, MOST_WORDS = 4, 45
COMMON_ZIPF = 3.6  # words this frequent need no dictionary
_SLIPS = frozenset(
    "dont cant im ive id wont didnt doesnt isnt wasnt couldnt wouldnt shouldnt alot u ur r thx thnx pls plz cuz coz thru tho ok lol btw gonna "
    "wanna gotta kinda sorta dunno yea yeah ya nite lil em thats whats hes shes theyre youre etc ie eg vs w hrs mins wks thanx gr8 teh "
    "thier recieve seperate definately untill".split()
)
_ODD = re.compile(r"\s[,.;:!?)]|[,;:!?](?=[A-Za-z])|\s{2}|\.{2}|[!?]{2}|--|[<>\[\]{}|\\*_=~^#@`]|https?:|www\.|&\w+;|\(\s|^\W*\d+[.)]\s|[a-z]\.[A-Za-z]|\d[a-z]{3}")
_DOUBLED = re.compile(r"\b(\w+) \1\b", re.IGNORECASE)
_FINITE = ("VBD", "VBP", "VBZ", "MD")


def looks_clean(text):
    """By its letters alone."""
    words = re.findall(r"[A-Za-z']+", text)
    return (
        LEAST_WORDS <= len(words) <= MOST_WORDS
        and bool(re.match(r"[\"“]?[A-Z]", text))
        and bool(re.search(r"[.?!][\"”)]?$", text))
        and not _ODD.search(text)
        and not any(m.group(1).lower() not in ("had", "that") for m in _DOUBLED.finditer(text))
        and text.count('"') % 2 == 0
        and text.count("(") == text.count(")")
        and not re.search(r"\bi\b", text)
        and text.isascii()
        and sum(word.isupper() and len(word) > 1 for word in words) <= 2
        and all(is_known(word) for word in words)
    )


def is_known(word):
    """Names pass; small words must be frequent or in the dictionary of inflections."""
    plain = word.strip("'")
    if plain.lower() in _SLIPS:
        return False
    if plain[:1].isupper() or len(plain) < 2:
        return True
    if "'" in plain or wordfreq.zipf_frequency(plain, "en") >= COMMON_ZIPF:
        return True
    return bool(lemminflect.getAllLemmas(plain)) and wordfreq.zipf_frequency(plain, "en") > 1.5


def reads_whole(tags):
    """A sentence with a finite verb (or an order: a base form first)."""
    return any(tag in _FINITE for tag in tags) or "VB" in tags[:2]


def detokenise(text):
    """Normal text of corpus spacing: "do n't", "word .", "four - year", " @-@ "."""
    text = re.sub(r" @([-,.])@ ", r"\1", text)
    text = text.replace("''", '"').replace("``", '"')
    text = re.sub(r" (n't|'s|'re|'ve|'m|'ll|'d)\b", r"\1", text)
    text = re.sub(r"(\w) - (\w)", r"\1-\2", text)
    text = re.sub(r" ([.,!?;:)%])", r"\1", text)
    text = re.sub(r"([($]) ", r"\1", text)
    text = re.sub(r"(\d) ?, ?(\d{3})\b", r"\1,\2", text)
    text = re.sub(r'" (.*?) "', r'"\1"', text)
    text = re.sub(r"(\w) ' (?=\w)", r"\1' ", text)
    text = re.sub(r"\b([Cc]an) not\b", r"\1not", text)
    return " ".join(text.split())
