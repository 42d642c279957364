#!/usr/bin/env python3
"""Open-loop load on any server that speaks OpenAI's chat completions: what users see when they don't wait for each other.

    bench/load.py --url http://127.0.0.1:8080 --sentences texts.txt --of-capacity 50 80 120 --seconds 300 --pid 1234
    bench/load.py --url http://127.0.0.1:8080 --sentences texts.txt --rate 4 --seconds 60

First every sentence is asked alone, one after the other (twice; the second time gives the answer to expect and the time that it
takes alone). Then requests arrive by chance (exponential gaps, a fixed seed) at the given rate, whether or not earlier ones are
answered; a request's time counts from when it was due. Each answer is compared byte for byte with the one computed alone.
One line of JSON for each rate:

    p50_ms, p95_ms, p99_ms    of those that were answered
    good_per_second           goodput: answered within the deadline; good_share: of all that were sent
    refused, lost             429, 503, 504; anything else but an answer: broken, late by more than --timeout
    other_than_alone          answers that differ from the one alone; mixed_up: those that belong to another sentence
    memory_mib                of the process --pid: before, at most, after
    capacity_per_second       what so many --clients get that never pause (only with --of-capacity)

Works with Riposte, llama-server (-np 8) and Ollama (--model NAME). Nothing is taken from a cache of answers.
"""
import argparse
import asyncio
import dataclasses
import http.client
import io
import json
import random
import time
import urllib.parse

INSTRUCTION = "Correct the grammar of the sentence. Reply with the corrected sentence only."
REFUSED = (429, 503, 504)


@dataclasses.dataclass
class Load:
    """What came of the requests of one rate."""

    sent: int = 0
    times: list = dataclasses.field(default_factory=list)  # seconds, of those that were answered
    refused: int = 0
    lost: int = 0
    other_than_alone: int = 0
    mixed_up: int = 0
    memory: list = dataclasses.field(default_factory=list)

    def report(self, options, rate):
        good = sum(seconds * 1000 <= options.deadline_ms for seconds in self.times)
        return {
            "rate": round(rate, 3), "seconds": options.seconds, "sent": self.sent, "answered": len(self.times),
            "refused": self.refused, "lost": self.lost, "other_than_alone": self.other_than_alone,
            "mixed_up": self.mixed_up, "p50_ms": quantile(self.times, 0.5), "p95_ms": quantile(self.times, 0.95),
            "p99_ms": quantile(self.times, 0.99), "deadline_ms": options.deadline_ms,
            "good_per_second": round(good / options.seconds, 2), "good_share": round(good / max(1, self.sent), 3),
            "memory_mib": [self.memory[0], max(self.memory), self.memory[-1]] if self.memory else None,
        }


def request_for(options, sentence, with_deadline):
    body = json.dumps({
        "model": options.model, "temperature": 0, "max_tokens": options.max_tokens, "stream": False,
        "messages": [{"role": "system", "content": INSTRUCTION}, {"role": "user", "content": sentence}]}).encode()
    lines = ["POST /v1/chat/completions HTTP/1.1", f"Host: {urllib.parse.urlsplit(options.url).netloc}",
             "Content-Type: application/json", f"Content-Length: {len(body)}", "Connection: close",
             "Cache-Control: no-store"]
    if options.key:
        lines.append(f"Authorization: Bearer {options.key}")
    if with_deadline:
        lines.append(f"x-deadline-ms: {options.deadline_ms}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Received:
    """Bytes that http.client reads as if they were a socket."""

    def __init__(self, data):
        self.data = data

    def makefile(self, *_):
        return io.BytesIO(self.data)


async def exchange(options, request):
    address = urllib.parse.urlsplit(options.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port or 80)
    try:
        writer.write(request)
        await writer.drain()
        return await reader.read()
    finally:
        writer.close()


async def ask(options, sentence, with_deadline=False):
    """Status and text of the answer; status 0 if there was none."""
    try:
        data = await asyncio.wait_for(exchange(options, request_for(options, sentence, with_deadline)), options.timeout)
        response = http.client.HTTPResponse(Received(data))
        response.begin()
        body = response.read()
        if response.status != 200:
            return response.status, None
        return 200, json.loads(body)["choices"][0]["message"]["content"]
    except (OSError, asyncio.TimeoutError, http.client.HTTPException, LookupError, TypeError, ValueError):
        return 0, None


def memory_mib(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as status:
        return next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmRSS"))


def quantile(seconds, share):
    """In milliseconds: the least value that so large a share is not above."""
    if not seconds:
        return None
    rank = max(1, -(-int(share * 1000) * len(seconds) // 1000))
    return round(sorted(seconds)[rank - 1] * 1000, 1)


async def alone(options, sentences):
    """What each sentence is answered when nobody else asks, and how long that takes."""
    expected, times = {}, []
    for turn in range(2):
        for sentence in sentences:
            begin = time.monotonic()
            status, text = await ask(options, sentence)
            if status != 200:
                raise SystemExit(f"'{sentence}' alone is answered with status {status}")
            expected[sentence] = text
            if turn == 1:
                times.append(time.monotonic() - begin)
    return expected, times


async def capacity(options, sentences):
    """Answers a second with clients that never pause."""
    begin = time.monotonic()
    end, answered = begin + options.capacity_seconds, 0

    async def client(at):
        nonlocal answered
        while time.monotonic() < end:
            status, _ = await ask(options, sentences[at % len(sentences)])
            answered += status == 200
            at += options.clients

    await asyncio.gather(*(client(i) for i in range(options.clients)))
    return answered / (time.monotonic() - begin)


async def watch(pid, memory):
    while True:
        memory.append(memory_mib(pid))
        await asyncio.sleep(0.5)


async def load(options, sentences, expected, rate):
    chance = random.Random(options.seed)
    result = Load()

    async def one(sentence, due):
        status, text = await ask(options, sentence, options.send_deadline)
        if status == 200:
            result.times.append(time.monotonic() - due)
            if text != expected[sentence]:
                result.other_than_alone += 1
                result.mixed_up += text in expected.values()
        elif status in REFUSED:
            result.refused += 1
        else:
            result.lost += 1

    watcher = asyncio.create_task(watch(options.pid, result.memory)) if options.pid else None
    tasks, begin, due = [], time.monotonic(), 0.0
    while due < options.seconds:
        await asyncio.sleep(max(0.0, begin + due - time.monotonic()))
        tasks.append(asyncio.create_task(one(chance.choice(sentences), begin + due)))
        due += chance.expovariate(rate)
    await asyncio.gather(*tasks)
    if watcher:
        watcher.cancel()
        result.memory.append(memory_mib(options.pid))
    result.sent = len(tasks)
    return result.report(options, rate)


async def run(options, sentences):
    expected, times = await alone(options, sentences)
    told = {"url": options.url, "alone_p50_ms": quantile(times, 0.5)}
    rates = [options.rate]
    if options.of_capacity:
        most = await capacity(options, sentences)
        told["capacity_per_second"] = round(most, 3)
        if most == 0:
            raise SystemExit("nothing was answered while the capacity was measured")
        rates = [most * percent / 100 for percent in options.of_capacity]
    for rate in rates:
        print(json.dumps({**told, **await load(options, sentences, expected, rate)}), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True)
    parser.add_argument("--key", default="", help="API key")
    parser.add_argument("--sentences", required=True, help="a file with a sentence in each line")
    parser.add_argument("--most", type=int, default=40, help="sentences to take")
    parser.add_argument("--model", default="", help="the server's name for it, if it needs one")
    parser.add_argument("--max-tokens", type=int, default=64)
    parser.add_argument("--rate", type=float, default=1.0, help="requests a second")
    parser.add_argument("--of-capacity", type=float, nargs="+", help="measure the capacity, then so many percent of it")
    parser.add_argument("--clients", type=int, default=8, help="that measure the capacity")
    parser.add_argument("--capacity-seconds", type=float, default=60)
    parser.add_argument("--seconds", type=float, default=60, help="of each rate")
    parser.add_argument("--deadline-ms", type=int, default=500)
    parser.add_argument("--send-deadline", action="store_true", help="tell the server the deadline (x-deadline-ms)")
    parser.add_argument("--timeout", type=float, default=120, help="seconds after which a request is lost")
    parser.add_argument("--pid", type=int, default=0, help="whose memory to watch")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with open(options.sentences, encoding="utf-8") as file:
        sentences = list(dict.fromkeys(line.strip() for line in file if line.strip()))[:options.most]
    asyncio.run(run(options, sentences))


if __name__ == "__main__":
    main()
