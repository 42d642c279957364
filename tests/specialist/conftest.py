"""What the tests of specialist/ share: sentences of our own, and a tiny llama that speaks the recipe's control tokens."""

import json
import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "specialist"), str(ROOT / "tests/reference")]

SENTENCES = pathlib.Path(__file__).with_name("sentences.jsonl")
NO_TORCH = "PyTorch is not installed: specialist/requirements.txt has what the recipe needs"
LAYERS, HIDDEN, HEADS, KV_HEADS, FEED_FORWARD = 2, 64, 4, 2, 96


@pytest.fixture(scope="session")
def lines():
    """Correct sentences with tags, as data.py writes them."""
    return [json.loads(line) for line in SENTENCES.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory):
    """A model file: random weights in Q8_0, the toy vocabulary of the tokeniser's tests (made of SmolLM2's kind)."""
    gguf = pytest.importorskip("gguf", reason=NO_TORCH)
    numpy = pytest.importorskip("numpy", reason=NO_TORCH)
    vocabulary = gguf.GGUFReader(next((ROOT / "tests/tokenizer").rglob("toy_smollm.gguf")))
    path = tmp_path_factory.mktemp("model") / "tiny.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    for key, field in vocabulary.fields.items():
        if key.startswith("tokenizer."):
            of_parts = field.types[1] if len(field.types) > 1 else None
            writer.add_key_value(key, field.contents(), field.types[0], sub_type=of_parts)
    writer.add_context_length(256)
    writer.add_block_count(LAYERS)
    writer.add_embedding_length(HIDDEN)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    rng = numpy.random.default_rng(7)

    def matrix(name, rows, columns):
        values = rng.normal(size=(rows, columns), scale=columns**-0.5).astype(numpy.float32)
        kind = gguf.GGMLQuantizationType.Q8_0
        writer.add_tensor(name, gguf.quantize(values, kind), raw_dtype=kind)

    def vector(name):
        writer.add_tensor(name, rng.uniform(0.5, 1.5, size=HIDDEN).astype(numpy.float32))

    matrix("token_embd.weight", len(vocabulary.get_field("tokenizer.ggml.tokens").contents()), HIDDEN)
    vector("output_norm.weight")
    for layer in range(LAYERS):
        block = f"blk.{layer}."
        vector(block + "attn_norm.weight")
        vector(block + "ffn_norm.weight")
        key_rows = HIDDEN // HEADS * KV_HEADS
        for role, rows, columns in (("attn_q", HIDDEN, HIDDEN), ("attn_k", key_rows, HIDDEN), ("attn_v", key_rows, HIDDEN),
                                    ("attn_output", HIDDEN, HIDDEN), ("ffn_gate", FEED_FORWARD, HIDDEN),
                                    ("ffn_up", FEED_FORWARD, HIDDEN), ("ffn_down", HIDDEN, FEED_FORWARD)):
            matrix(f"{block}{role}.weight", rows, columns)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
