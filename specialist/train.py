#!/usr/bin/env python3
"""Teaches a LoRA to correct what errors/ breaks. Stops and goes on at any time: a checkpoint every few minutes.

usage: train.py --model BASE.gguf --data FOLDER --run FOLDER [--steps N] [--decay N] ...
  --data  a folder that data.py (and perhaps teacher.py) has filled
  --run   gets checkpoint.pt, step-*.pt and log.jsonl; if it has a checkpoint, training goes on from there
The learning rate warms up, stays, and falls over the last --decay steps: a longer training is the same command with more
--steps. Pairs depend on --seed and their number alone. An average of the weights over steps is kept beside them; it is
what export.py exports.
"""

import argparse
import concurrent.futures
import json
import math
import os
import pathlib
import random
import signal
import sys
import time

import torch
from model import Llama
from pairs import Encoder, Pairs, batches, read_lines, tensors


def rate_at(step, arguments):
    """The learning rate's factor: up over --warmup, 1, down to 5 % over the last --decay steps."""
    if step < arguments.warmup:
        return (step + 1) / arguments.warmup
    left = (arguments.steps - step) / max(1, arguments.decay)
    return 1.0 if left >= 1 else 0.05 + 0.95 * 0.5 * (1 - math.cos(math.pi * max(0.0, left)))


def write(state, path):
    """Whole or not at all: written beside, then renamed."""
    beside = path.with_suffix(".part")
    torch.save(state, beside)
    os.replace(beside, path)


class Trainer:
    def __init__(self, arguments):
        self.arguments, self.run = arguments, pathlib.Path(arguments.run)
        self.run.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(arguments.seed)
        dtype = {"bfloat16": torch.bfloat16, "float32": torch.float32}[arguments.dtype]
        self.device = torch.device(arguments.device)
        self.model = Llama(arguments.model, arguments.rank, arguments.alpha, dtype).to(self.device)
        self.adapter = self.model.adapter()
        # B starts at zero and needs longer steps than A (LoRA+, Hayou et al. 2024).
        sides = {side: [value for name, value in self.adapter.items() if name.endswith(side)] for side in ("lora_a", "lora_b")}
        self.base_rates = (arguments.rate, arguments.rate * arguments.b_ratio)
        self.optimizer = torch.optim.AdamW(
            [{"params": sides["lora_a"]}, {"params": sides["lora_b"]}], lr=arguments.rate, betas=(0.9, 0.98), weight_decay=0.0
        )
        self.average = {name: value.detach().clone() for name, value in self.adapter.items()}
        # Each worker computes a batch of its own with one thread: on a machine with other work, threads that share one
        # product mostly wait for each other (measured: 205 tokens a CPU second alone, 75 with two).
        self.workers = concurrent.futures.ThreadPoolExecutor(
            arguments.workers, initializer=torch.set_num_threads, initargs=(arguments.threads,)
        )
        self.step, self.chunk, self.batch, self.tokens, self.seconds = 0, 0, 0, 0, 0.0
        self.stop_at = arguments.steps
        self.resume()

    def stop(self):
        """After the step that is being made: a checkpoint, then the end."""
        self.stop_at = 0

    @property
    def checkpoint(self):
        return self.run / "checkpoint.pt"

    def resume(self):
        if not self.checkpoint.exists():
            return
        state = torch.load(self.checkpoint, map_location=self.device, weights_only=True)
        for name in ("rank", "alpha", "merged"):
            if state[name] != getattr(self.arguments, name):
                sys.exit(f"{self.checkpoint} has {name} {state[name]}, not what is asked for")
        with torch.no_grad():
            for name, value in self.adapter.items():
                value.copy_(state["adapter"][name])
        self.average, progress = state["average"], state["progress"]
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.chunk, self.batch = progress["step"], progress["chunk"], progress["batch"]
        self.tokens, self.seconds = progress["tokens"], progress["seconds"]
        print(f"going on from step {self.step}", flush=True)

    def save(self):
        state = {
            "adapter": {name: value.detach() for name, value in self.adapter.items()},
            "average": self.average,
            "optimizer": self.optimizer.state_dict(),
            "rank": self.arguments.rank,
            "alpha": self.arguments.alpha,
            "merged": self.arguments.merged,
            "progress": {"step": self.step, "chunk": self.chunk, "batch": self.batch, "tokens": self.tokens, "seconds": self.seconds},
        }
        write(state, self.checkpoint)

    def snapshot(self):
        """The average of this moment alone, for export.py to average over several."""
        state = {"average": self.average, "rank": self.arguments.rank, "alpha": self.arguments.alpha, "merged": self.arguments.merged,
                 "progress": {"step": self.step}}
        write(state, self.run / f"step-{self.step:06}.pt")

    def log(self, **values):
        line = json.dumps({"step": self.step, **{k: round(v, 5) for k, v in values.items()}})
        print(line, flush=True)
        with open(self.run / "log.jsonl", "a", encoding="utf-8") as file:
            file.write(line + "\n")

    def gradients(self, batch):
        """(weight of the targets, tokens, summed loss, gradients of the summed loss) of one batch."""
        ids, weights = (tensor.to(self.device) for tensor in tensors(batch, self.arguments.edit_weight))
        loss = self.model.loss(ids, weights)
        return weights.sum().item(), ids.numel(), loss.item(), torch.autograd.grad(loss, list(self.adapter.values()))

    def round(self):
        if self.arguments.merged:
            self.model.round()

    def train_on(self, work):
        """One step over some batches, one for each worker."""
        self.round()
        parts = list(self.workers.map(self.gradients, work))
        wanted = sum(part[0] for part in parts)
        for parameter, *grads in zip(self.adapter.values(), *(part[3] for part in parts)):
            parameter.grad = sum(grads[1:], grads[0]) / wanted
        torch.nn.utils.clip_grad_norm_(self.adapter.values(), 1.0)
        for group, base in zip(self.optimizer.param_groups, self.base_rates):
            group["lr"] = base * rate_at(self.step, self.arguments)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        # Young averages forget their start sooner.
        keep = min(self.arguments.average, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            torch._foreach_lerp_(list(self.average.values()), [v.detach() for v in self.adapter.values()], 1 - keep)
        self.tokens += sum(part[1] for part in parts)
        return sum(part[2] for part in parts) / wanted

    def held_out_loss(self, held_out):
        """Per token, over all held-out pairs (always the same errors)."""
        def loss_of(batch):
            with torch.no_grad():
                ids, weights = (tensor.to(self.device) for tensor in tensors(batch))
                return self.model.loss(ids, weights).item(), weights.sum().item()

        self.round()
        losses, counts = zip(*self.workers.map(loss_of, held_out))
        return sum(losses) / sum(counts)

    def shared(self, work, rng):
        """Steps of one batch for each worker; neighbours are of like length, so nobody waits long."""
        size = self.arguments.workers
        steps = [work[first:first + size] for first in range(0, len(work), size)]
        rng.shuffle(steps)
        return steps

    def loop(self, pairs, held_out):
        arguments, losses = self.arguments, []
        last_save = started = time.monotonic()
        for self.chunk, chunk in pairs.chunks(self.chunk):
            work = self.shared(batches(chunk, arguments.batch_tokens), random.Random(f"{arguments.seed} order {self.chunk}"))
            for batch in work[self.batch:]:
                if self.step >= min(arguments.steps, self.stop_at):
                    self.save()
                    return
                before = time.monotonic()
                losses.append(self.train_on(batch))
                self.step, self.batch = self.step + 1, self.batch + 1
                self.seconds += time.monotonic() - before
                if self.step % arguments.log_every == 0:
                    self.log(loss=sum(losses) / len(losses), rate=self.optimizer.param_groups[0]["lr"], tokens=self.tokens,
                             minutes=(time.monotonic() - started) / 60)
                    losses = []
                if self.step % arguments.evaluate_every == 0 and held_out:
                    self.log(held_out=self.held_out_loss(held_out))
                if self.step % arguments.snapshot_every == 0:
                    self.snapshot()
                if time.monotonic() - last_save > 60 * arguments.save_minutes:
                    self.save()
                    last_save = time.monotonic()
            self.batch = 0


def parse(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--run", required=True)
    parser.add_argument("--steps", type=int, default=440)
    parser.add_argument("--warmup", type=int, default=40)
    parser.add_argument("--decay", type=int, default=85)
    parser.add_argument("--rate", type=float, default=7e-4)
    parser.add_argument("--b-ratio", type=float, default=2.0, help="learning rate of B over that of A")
    parser.add_argument("--rank", type=int, default=32)
    parser.add_argument("--alpha", type=float, default=64.0)
    parser.add_argument("--merged", action=argparse.BooleanOptionalAction, default=True,
                        help="learn to be merged into weights of Q4_1 (the adapter can be used beside them all the same)")
    parser.add_argument("--average", type=float, default=0.99, help="what the average of the weights keeps at each step")
    parser.add_argument("--batch-tokens", type=int, default=400, help="of one worker's batch")
    parser.add_argument("--edit-weight", type=float, default=3.0, help="loss of an edited token over that of a copied one")
    parser.add_argument("--weights", default="", help="how often sources come, e.g. ewt=1.5,teacher=2")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--dtype", choices=("bfloat16", "float32"), default="bfloat16", help="of the products")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--workers", type=int, default=2, help="batches of a step, computed side by side")
    parser.add_argument("--threads", type=int, default=1, help="of each worker")
    parser.add_argument("--log-every", type=int, default=20)
    parser.add_argument("--evaluate-every", type=int, default=250)
    parser.add_argument("--snapshot-every", type=int, default=110, help="steps between averages that are kept for export.py")
    parser.add_argument("--save-minutes", type=float, default=3.0)
    return parser.parse_args(argv)


def pairs_of(arguments):
    """(what is trained on, batches that are held out) of the data folder."""
    data, encoder = pathlib.Path(arguments.data), Encoder(arguments.model)
    lines = read_lines(data / "targets.jsonl")
    if (data / "teacher.jsonl").exists():
        lines += read_lines(data / "teacher.jsonl")
    weights = {name: float(value) for name, value in (entry.split("=") for entry in arguments.weights.split(",") if entry)}
    held_out = []
    if (data / "heldout.jsonl").exists():
        same = Pairs(read_lines(data / "heldout.jsonl"), encoder, seed=0, size=1000)
        held_out = batches(next(same.chunks())[1], arguments.batch_tokens)
    return Pairs(lines, encoder, arguments.seed, weights=weights), held_out


def main(argv=None):
    arguments = parse(argv)
    trainer = Trainer(arguments)
    signal.signal(signal.SIGTERM, lambda *_: trainer.stop())
    pairs, held_out = pairs_of(arguments)
    trainer.loop(pairs, held_out)
    if held_out and trainer.step >= arguments.steps:
        trainer.log(held_out=trainer.held_out_loss(held_out))


if __name__ == "__main__":
    main()
