"""GLEU for grammar correction (Napoles et al. 2015, 2016), as published with JFLEG.

N-gram precision up to 4 against one randomly chosen reference for each sentence; n-grams kept from the source that the
reference does not have count against it; brevity penalty; mean over draws of references (the published script draws 500
times).
"""

import math
import random
import re
from collections import Counter

ORDERS = range(1, 5)


def tokenise(text):
    """Words and marks as JFLEG writes them."""
    text = text.replace("“", '"').replace("”", '"').replace("’", "'")
    text = re.sub(r"([.,!?;:()\"%$])", r" \1 ", text)
    text = re.sub(r"\b(\w+)n't\b", r"\1 n't", text)
    text = re.sub(r"('s|'re|'ve|'m|'ll|'d)\b", r" \1", text)
    return re.sub(r"(\d) ([.,]) (\d)", r"\1\2\3", text).split()


def _ngrams(tokens):
    return [Counter(tuple(tokens[i:i + n]) for i in range(len(tokens) - n + 1)) for n in ORDERS]


def gleu(sources, outputs, references, draws=60, seed=1):
    """sources, outputs: [sentence][token]; references: [annotator][sentence][token]. Returns 0 to 100."""
    rng = random.Random(seed)
    source, output = ([_ngrams(tokens) for tokens in texts] for texts in (sources, outputs))
    reference = [[_ngrams(tokens) for tokens in texts] for texts in references]
    total = 0.0
    for _ in range(draws):
        hits, counts, output_length, reference_length = [0] * 4, [0] * 4, 0, 0
        for i in range(len(sources)):
            k = rng.randrange(len(references))
            output_length += len(outputs[i])
            reference_length += len(references[k][i])
            for n in range(4):
                o, r, s = output[i][n], reference[k][i][n], source[i][n]
                kept_wrongly = sum(min(o[g], s[g]) for g in o if g in s and g not in r)
                hits[n] += max(0, sum((o & r).values()) - kept_wrongly)
                counts[n] += max(0, len(outputs[i]) - n)
        if min(hits) > 0:
            precision = sum(math.log(h / c) for h, c in zip(hits, counts)) / 4
            total += math.exp(min(0.0, 1 - reference_length / output_length) + precision)
    return 100 * total / draws
