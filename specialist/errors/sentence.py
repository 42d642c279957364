"""A sentence as words with part-of-speech tags (Penn Treebank) and the spaces between them."""

import dataclasses


@dataclasses.dataclass
class Word:
    text: str
    tag: str
    space: bool = True  # a space follows
    touched: bool = False  # an error has been made here: no second one on top

    @property
    def lower(self):
        return self.text.lower()


class Sentence:
    """A list of words that errors change in place."""

    def __init__(self, words):
        self.words = words
        self.focus = None  # (first, last) index: errors are made between them where they can be
        for word, following in zip(words, words[1:]):
            # The stem of "don't" is no word of its own.
            word.touched = word.touched or following.lower in ("n't", "n’t", "not") and not word.space

    @classmethod
    def of(cls, words, tags, spaces):
        """spaces: for each word, whether a space follows it."""
        return cls([Word(text, tag, bool(space)) for text, tag, space in zip(words, tags, spaces, strict=True)])

    def __len__(self):
        return len(self.words)

    def __getitem__(self, index):
        return self.words[index]

    def text(self):
        return "".join(word.text + (" " if word.space else "") for word in self.words).strip()

    def tag(self, index):
        """The tag there, "" outside of the sentence."""
        return self.words[index].tag if 0 <= index < len(self.words) else ""

    def lower(self, index):
        return self.words[index].lower if 0 <= index < len(self.words) else ""

    def where(self, wanted):
        """Untouched places for which wanted(index, word) holds."""
        places = [i for i, word in enumerate(self.words) if not word.touched and wanted(i, word)]
        if self.focus:
            return [i for i in places if self.focus[0] <= i <= self.focus[1]] or places
        return places

    def replace(self, index, text):
        """Another text in the same place; keeps a capital at the start of the sentence."""
        word = self.words[index]
        if word.text[:1].isupper() and index == 0:
            text = text[:1].upper() + text[1:]
        if text == word.text:
            return False
        word.text, word.touched = text, True
        return True

    def remove(self, index):
        """Takes a word out; the first word of what is left keeps the capital."""
        if len(self.words) < 2:
            return False
        gone = self.words.pop(index)
        if index > 0 and not gone.space:
            self.words[index - 1].space = False
        if index < len(self.words):
            self.words[index].touched = True
            if index == 0 and gone.text[:1].isupper():
                first = self.words[0]
                first.text = first.text[:1].upper() + first.text[1:]
        return True

    def insert(self, index, text, tag=""):
        """A new word before `index`."""
        if index == 0 and self.words and self.words[0].tag not in ("NNP", "NNPS") and self.words[0].text != "I":
            first = self.words[0]
            first.text, text = first.text[:1].lower() + first.text[1:], text[:1].upper() + text[1:]
        self.words.insert(index, Word(text, tag, True, True))
        return True
