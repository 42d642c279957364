"""Precision and recall of edits, as ERRANT (Bryant et al. 2017) extracts them from tokenised sentences."""

import dataclasses

from tagger import tagger_folder


@dataclasses.dataclass
class Counts:
    right: int = 0  # edits that the best fitting human made, too
    wrong: int = 0
    missed: int = 0

    @property
    def precision(self):
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self):
        return self.right / max(1, self.right + self.missed)

    @property
    def f_half(self):
        """Precision counts twice: what is corrected wrongly hurts more than what is missed."""
        p, r = self.precision, self.recall
        return 1.25 * p * r / (0.25 * p + r) if p + r else 0.0


def compare(proposed, references):
    """Counts of one sentence against the human whose edits it fits best; edits are hashable."""
    def against(reference):
        right = len(proposed & reference)
        return Counts(right, len(proposed) - right, len(reference) - right)

    return max(map(against, references), key=lambda counts: (counts.f_half, -counts.wrong - counts.missed))


def edit_counts(sources, outputs, references):
    """sources, outputs: [sentence][token]; references: [annotator][sentence][token]."""
    import errant
    import spacy

    annotator = errant.load("en", spacy.load(tagger_folder(), exclude=["ner"]))
    total = Counts()

    def edits(source, tokens):
        parsed = annotator.parse(" ".join(tokens))
        return {(edit.o_start, edit.o_end, edit.c_str) for edit in annotator.annotate(source, parsed)}

    for number, tokens in enumerate(sources):
        source = annotator.parse(" ".join(tokens))
        found = compare(edits(source, outputs[number]), [edits(source, texts[number]) for texts in references])
        total = Counts(total.right + found.right, total.wrong + found.wrong, total.missed + found.missed)
    return total
