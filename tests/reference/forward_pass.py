"""A forward pass in float64 with numpy, for models of a GGUF file read and dequantised by the `gguf` package.

It is written the way the models were published, not the way Riposte computes: whole sequences at once, attention by
masks, rotary embeddings over the halves of a head for every architecture (so llama's query and key rows, which GGUF
stores with rotary pairs side by side, are put back in their published order first).
"""

import gguf
import numpy as np


class Model:
    """Configuration and weights of a GGUF file."""

    def __init__(self, path):
        reader = gguf.GGUFReader(path)
        self.fields = {key: field.contents() for key, field in reader.fields.items()}
        self.architecture = self.fields["general.architecture"]
        self.tensors = {t.name: gguf.dequantize(t.data, t.tensor_type).astype(np.float64) for t in reader.tensors}
        self.layers = self.get("block_count")
        self.hidden = self.get("embedding_length")
        self.heads = self.get("attention.head_count")
        self.kv_heads = self.get("attention.head_count_kv", self.heads)
        self.head_size = self.get("attention.key_length", self.hidden // self.heads)
        self.epsilon = self.get("attention.layer_norm_rms_epsilon")
        self.window = self.get("attention.sliding_window", 0) if self.architecture == "gemma3" else 0

    def get(self, key, otherwise=None):
        value = self.fields.get(f"{self.architecture}.{key}", otherwise)
        if value is None:
            raise KeyError(key)
        return value

    def layer(self, index, role):
        return self.tensors.get(f"blk.{index}.{role}")

    def is_local(self, index):
        return self.window > 0 and (index + 1) % 6 != 0


def rms_norm(x, weight, epsilon):
    return x / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + epsilon) * weight


def published_order(weight, heads):
    """Rows of each head from (0, d/2, 1, d/2+1, ...), as GGUF stores llama, to (0, 1, ..., d-1)."""
    size = weight.shape[0] // heads
    return weight.reshape(heads, size // 2, 2, -1).swapaxes(1, 2).reshape(weight.shape)


def rotate(x, model, index):
    """x: [tokens, heads, head_size]"""
    half = model.head_size // 2
    local = model.is_local(index)
    base = 10000.0 if local else model.get("rope.freq_base", 10000.0)
    frequencies = base ** (-np.arange(half) / half)
    if "rope_freqs.weight" in model.tensors:
        frequencies = frequencies / model.tensors["rope_freqs.weight"]
    if not local and model.get("rope.scaling.type", "none") == "linear":
        frequencies = frequencies / model.get("rope.scaling.factor")
    angles = np.arange(x.shape[0])[:, None] * frequencies  # [tokens, half]
    angles = np.concatenate([angles, angles], axis=-1)[:, None, :]
    turned = np.concatenate([-x[..., half:], x[..., :half]], axis=-1)
    return x * np.cos(angles) + turned * np.sin(angles)


def attention(x, model, index):
    """x: [tokens, hidden]"""
    tokens = x.shape[0]

    def project(role, heads):
        weight = model.layer(index, f"{role}.weight")
        bias = model.layer(index, f"{role}.bias")
        if model.architecture == "llama" and role != "attn_v":
            weight = published_order(weight, heads)
            bias = None if bias is None else published_order(bias[:, None], heads)[:, 0]
        out = x @ weight.T + (0.0 if bias is None else bias)
        out = out.reshape(tokens, heads, model.head_size)
        norm = model.layer(index, f"{role}_norm.weight")
        return out if norm is None else rms_norm(out, norm, model.epsilon)

    query = rotate(project("attn_q", model.heads), model, index)
    key = rotate(project("attn_k", model.kv_heads), model, index)
    value = project("attn_v", model.kv_heads)
    group = model.heads // model.kv_heads
    key, value = np.repeat(key, group, axis=1), np.repeat(value, group, axis=1)

    scores = np.einsum("qhd,khd->hqk", query, key) / np.sqrt(model.head_size)
    distance = np.arange(tokens)[:, None] - np.arange(tokens)[None, :]
    hidden_from = (distance < 0) | ((distance >= model.window) if model.is_local(index) else False)
    scores = np.where(hidden_from, -np.inf, scores)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    mixed = np.einsum("hqk,khd->qhd", weights, value).reshape(tokens, -1)
    return mixed @ model.layer(index, "attn_output.weight").T


def feed_forward(x, model, index):
    gate = x @ model.layer(index, "ffn_gate.weight").T
    if model.architecture == "gemma3":
        gate = 0.5 * gate * (1.0 + np.tanh(np.sqrt(2.0 / np.pi) * (gate + 0.044715 * gate**3)))
    else:
        gate = gate / (1.0 + np.exp(-gate))
    return (gate * (x @ model.layer(index, "ffn_up.weight").T)) @ model.layer(index, "ffn_down.weight").T


def hidden_states(model, ids):
    """What stands behind the last norm, at every position: [tokens, hidden]"""
    x = model.tensors["token_embd.weight"][np.array(ids)]
    if model.architecture == "gemma3":
        x = x * np.sqrt(model.hidden)
    for index in range(model.layers):

        def post_norm(y, role):
            weight = model.layer(index, role)
            return y if weight is None else rms_norm(y, weight, model.epsilon)

        normed = rms_norm(x, model.layer(index, "attn_norm.weight"), model.epsilon)
        x = x + post_norm(attention(normed, model, index), "post_attention_norm.weight")
        normed = rms_norm(x, model.layer(index, "ffn_norm.weight"), model.epsilon)
        x = x + post_norm(feed_forward(normed, model, index), "post_ffw_norm.weight")
    return rms_norm(x, model.tensors["output_norm.weight"], model.epsilon)


def logits(model, ids):
    """The logits at every position: [tokens, vocabulary]"""
    return hidden_states(model, ids) @ model.tensors.get("output.weight", model.tensors["token_embd.weight"]).T
