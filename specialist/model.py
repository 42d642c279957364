"""A llama of a GGUF file in PyTorch: frozen base weights, trainable LoRA beside every linear layer.

The base has the values that Riposte serves (dequantised), and query and key rows stay in the order that GGUF gives them
(rotary pairs side by side), so that what is learnt here fits the file without any permutation.
"""

import dataclasses

import gguf
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

# The linear layers of a block, by their names in GGUF.
LINEARS = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")


@dataclasses.dataclass(frozen=True)
class Config:
    layers: int
    hidden: int
    heads: int
    kv_heads: int
    epsilon: float
    rope_base: float

    @classmethod
    def of(cls, reader):
        def field(key, otherwise=None):
            found = reader.get_field(f"llama.{key}")
            if found is None and otherwise is None:
                raise ValueError(f"the file has no llama.{key}: only models of architecture llama can be taught")
            return otherwise if found is None else found.contents()

        return cls(
            layers=field("block_count"),
            hidden=field("embedding_length"),
            heads=field("attention.head_count"),
            kv_heads=field("attention.head_count_kv"),
            epsilon=field("attention.layer_norm_rms_epsilon"),
            rope_base=field("rope.freq_base", 10000.0),
        )

    @property
    def head_size(self):
        return self.hidden // self.heads


def rounded_q4_1(weight):
    """The values that Q4_1 makes of a matrix: for 32 inputs at a time 16 steps from the least to the greatest (quant/encode.h)."""
    blocks = weight.float().view(-1, 32)
    low = blocks.amin(dim=1, keepdim=True)
    step = (blocks.amax(dim=1, keepdim=True) - low).div_(15).clamp_(min=1e-8)
    return (blocks - low).div_(step).round_().mul_(step.half().float()).add_(low.half().float()).view_as(weight)


class LoraLinear(nn.Module):
    """y = x W^T + scale (x A^T) B^T; W frozen [out, in], A [rank, in], B [out, rank]; starts as the base (B = 0).

    After round(): y = x R^T, where R is W + scale B A as Q4_1 rounds it, and A and B learn as if it were the sum itself (a
    straight-through estimator): so they get used to being merged.
    """

    def __init__(self, weight, rank, scale):
        super().__init__()
        self.register_buffer("weight", weight, persistent=False)
        self.scale = scale
        self.lora_a = nn.Parameter(torch.empty(rank, weight.shape[1], dtype=torch.float32))
        self.lora_b = nn.Parameter(torch.zeros(weight.shape[0], rank, dtype=torch.float32))
        nn.init.normal_(self.lora_a, std=weight.shape[1] ** -0.5)
        self.rounded = None

    def round(self):
        with torch.no_grad():
            self.rounded = rounded_q4_1(self.weight + self.scale * (self.lora_b @ self.lora_a)).to(self.weight.dtype)

    def forward(self, x):
        if self.rounded is not None:
            low = F.linear(x.detach(), self.lora_a.to(x.dtype)) * self.scale
            beside = F.linear(low, self.lora_b.to(x.dtype))
            return F.linear(x, self.rounded) + beside - beside.detach()
        low = F.linear(x, self.lora_a.to(x.dtype)) * self.scale
        return F.linear(x, self.weight) + F.linear(low, self.lora_b.to(x.dtype))


def rms_norm(x, weight, epsilon):
    return F.rms_norm(x, (x.shape[-1],), weight, epsilon)


def rotate(x, cosine, sine):
    """x: [batch, heads, tokens, head_size]; cosine, sine: [tokens, head_size / 2]; pairs stand side by side."""
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((even * cosine - odd * sine, even * sine + odd * cosine), dim=-1).flatten(-2)


def attention(query, key, value, hidden_from):
    """query: [batch, heads, new, head_size]; key, value: [batch, kv_heads, all, head_size]; hidden_from: [new, all].

    Plain products: for short sentences they are four times as fast on a CPU as the fused operation.
    """
    batch, heads, new, size = query.shape
    kv_heads = key.shape[1]
    grouped = query.reshape(batch, kv_heads, heads // kv_heads * new, size)
    scores = (grouped @ key.transpose(-1, -2)).view(batch, kv_heads, heads // kv_heads, new, -1)
    weights = torch.softmax(scores.float() * size**-0.5 + hidden_from, dim=-1).to(query.dtype)
    return (weights.view(batch, kv_heads, heads // kv_heads * new, -1) @ value).view(batch, heads, new, size)


class Block(nn.Module):
    def __init__(self, config, tensors, index, rank, scale, dtype):
        super().__init__()
        self.config = config
        for name in LINEARS:
            setattr(self, name, LoraLinear(tensors(f"blk.{index}.{name}.weight").to(dtype), rank, scale))
        for name in ("attn_norm", "ffn_norm"):
            self.register_buffer(name, tensors(f"blk.{index}.{name}.weight"), persistent=False)
        self.dtype = dtype

    def forward(self, x, cosine, sine, hidden_from, past=None):
        """x: [batch, tokens, hidden] float32. `past`: a list that gets this block's keys and values, for generation."""
        batch, tokens, _ = x.shape
        config = self.config
        normed = rms_norm(x, self.attn_norm, config.epsilon).to(self.dtype)
        query = self.attn_q(normed).view(batch, tokens, config.heads, -1).transpose(1, 2)
        key = self.attn_k(normed).view(batch, tokens, config.kv_heads, -1).transpose(1, 2)
        value = self.attn_v(normed).view(batch, tokens, config.kv_heads, -1).transpose(1, 2)
        query, key = rotate(query, cosine, sine), rotate(key, cosine, sine)
        if past is not None:
            past.append((key, value))
            if len(past) == 2:
                past[:] = [tuple(torch.cat(pair, dim=2) for pair in zip(*past))]
            key, value = past[0]
        mixed = attention(query, key, value, hidden_from)
        x = x + self.attn_output(mixed.transpose(1, 2).reshape(batch, tokens, -1))
        normed = rms_norm(x, self.ffn_norm, config.epsilon).to(self.dtype)
        return x + self.ffn_down(F.silu(self.ffn_gate(normed)) * self.ffn_up(normed))


class Llama(nn.Module):
    """The whole model. dtype is that of the products; the residual stream and the norms are float32."""

    def __init__(self, path, rank=32, alpha=64.0, dtype=torch.float32):
        super().__init__()
        reader = gguf.GGUFReader(path)
        found = {tensor.name: tensor for tensor in reader.tensors}

        def tensors(name):
            values = gguf.dequantize(found[name].data, found[name].tensor_type)
            return torch.from_numpy(np.array(values, dtype=np.float32))

        self.config, self.rank, self.alpha, self.dtype = Config.of(reader), rank, alpha, dtype
        embedding = tensors("token_embd.weight")
        self.register_buffer("embedding", embedding, persistent=False)
        head = tensors("output.weight") if "output.weight" in found else embedding
        self.register_buffer("head", head.to(dtype), persistent=False)
        self.register_buffer("output_norm", tensors("output_norm.weight"), persistent=False)
        self.blocks = nn.ModuleList(
            Block(self.config, tensors, index, rank, alpha / rank, dtype) for index in range(self.config.layers)
        )
        half = self.config.head_size // 2
        frequencies = self.config.rope_base ** (-torch.arange(half, dtype=torch.float64) / half)
        if "rope_freqs.weight" in found:
            frequencies = frequencies / tensors("rope_freqs.weight").double()
        self.register_buffer("frequencies", frequencies, persistent=False)

    def hidden(self, ids, past=None, start=0):
        """ids: [batch, tokens] -> normed last hidden state [batch, tokens, hidden].

        Rows shorter than the batch are padded at the right: causal attention never looks there.
        `past`: one list for each block, kept by the caller between calls; `start`: the first token's position.
        """
        angles = torch.arange(start, start + ids.shape[1], device=ids.device)[:, None] * self.frequencies
        cosine, sine = angles.cos().to(self.dtype), angles.sin().to(self.dtype)
        every = torch.arange(start + ids.shape[1], device=ids.device)
        hidden_from = torch.where(every[None, :] > every[start:, None], float("-inf"), 0.0)
        x = F.embedding(ids, self.embedding)
        for index, block in enumerate(self.blocks):
            x = block(x, cosine, sine, hidden_from, None if past is None else past[index])
        return rms_norm(x, self.output_norm, self.config.epsilon).to(self.dtype)

    def forward(self, ids):
        """Logits at every position: [batch, tokens, vocabulary]"""
        return F.linear(self.hidden(ids), self.head).float()

    def loss(self, ids, weights):
        """Cross-entropy of each token of weight > 0 from all tokens before it, times its weight, summed.

        weights: [batch, tokens] float32, 0 for prompts and padding.
        """
        weights = weights[:, 1:]
        wanted = weights > 0
        losses = F.cross_entropy(F.linear(self.hidden(ids[:, :-1])[wanted], self.head).float(), ids[:, 1:][wanted], reduction="none")
        return (losses * weights[wanted]).sum()

    def round(self):
        """From now on the adapter counts as merged into weights of Q4_1; again after every change of it."""
        for module in self.modules():
            if isinstance(module, LoraLinear):
                module.round()

    def adapter(self):
        """Name in GGUF -> parameter: blk.0.attn_q.weight.lora_a [rank, in], ...lora_b [out, rank]."""
        return {
            f"blk.{index}.{name}.weight.{side}": getattr(getattr(block, name), side)
            for index, block in enumerate(self.blocks)
            for name in LINEARS
            for side in ("lora_a", "lora_b")
        }
