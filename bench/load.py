#!/usr/bin/env python3
"""Open-loop load on any server that speaks OpenAI's chat completions: what users see when they don't wait for each other.

    bench/load.py --url http://127.0.0.1:8080 --sentences texts.txt --rate 4 --seconds 60 --deadline-ms 500 --pid 1234

First every sentence is asked alone, one after the other (twice; the second time gives the answer to expect and the time that it
takes alone). Then requests arrive by chance (exponential gaps, a fixed seed) at the given rate, whether or not earlier ones are
answered. Each answer is compared byte for byte with the one computed alone. Prints one line of JSON.

--capacity measures the rate instead: as many clients as --clients, each asking again as soon as it is answered.
"""
import argparse
import asyncio
import json
import random
import time
import urllib.parse

INSTRUCTION = "Correct the grammar of the sentence. Reply with the corrected sentence only."


def body_of(options, sentence):
    return json.dumps({
        "model": options.model, "temperature": 0, "max_tokens": options.max_tokens, "cache_prompt": True,
        "messages": [{"role": "system", "content": INSTRUCTION}, {"role": "user", "content": sentence}]}).encode()


async def ask(options, sentence):
    """Status and text of the answer; status 0 if the connection broke."""
    address = urllib.parse.urlsplit(options.url)
    body = body_of(options, sentence)
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Type: application/json\r\n" \
           f"Content-Length: {len(body)}\r\nConnection: close\r\nCache-Control: no-store\r\n"
    if options.send_deadline:
        head += f"x-deadline-ms: {options.deadline_ms}\r\n"
    try:
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        writer.write(head.encode() + b"\r\n" + body)
        await writer.drain()
        answer = await reader.read()
        writer.close()
    except OSError:
        return 0, None
    top, _, rest = answer.partition(b"\r\n\r\n")
    try:
        status = int(top.split(b" ", 2)[1])
        if b"chunked" in top.lower():
            rest = rest[rest.index(b"\r\n") + 2:]
        start, end = rest.index(b"{"), rest.rindex(b"}") + 1
        return status, json.loads(rest[start:end])["choices"][0]["message"]["content"] if status == 200 else None
    except (IndexError, KeyError, ValueError):
        return 0, None


def memory_mib(pid):
    if not pid:
        return None
    with open(f"/proc/{pid}/status", encoding="utf-8") as status:
        return next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmRSS"))


def quantile(values, share):
    return round(sorted(values)[min(len(values) - 1, int(share * len(values)))] * 1000, 1) if values else None


async def alone(options, sentences):
    """What each sentence is answered when nobody else asks, and how long that takes."""
    expected, times = {}, []
    for turn in range(2):
        for sentence in sentences:
            begin = time.monotonic()
            status, text = await ask(argparse.Namespace(**{**vars(options), "send_deadline": False}), sentence)
            if status != 200:
                raise SystemExit(f"'{sentence}' alone is answered with status {status}")
            expected[sentence] = text
            if turn == 1:
                times.append(time.monotonic() - begin)
    return expected, times


async def capacity(options, sentences):
    """Answers a second with `clients` clients that never pause."""
    end, answered = time.monotonic() + options.seconds, 0

    async def client(first):
        nonlocal answered
        at = first
        while time.monotonic() < end:
            status, _ = await ask(options, sentences[at % len(sentences)])
            answered += status == 200
            at += options.clients
    begin = time.monotonic()
    await asyncio.gather(*(client(i) for i in range(options.clients)))
    return answered / (time.monotonic() - begin)


async def load(options, sentences, expected):
    chance = random.Random(options.seed)
    times, wrong, refused, lost, memory = [], 0, 0, 0, []

    async def one(sentence):
        nonlocal wrong, refused, lost
        begin = time.monotonic()
        status, text = await ask(options, sentence)
        if status == 200:
            times.append(time.monotonic() - begin)
            wrong += text != expected[sentence]
        elif status in (429, 503, 504):
            refused += 1
        else:
            lost += 1

    async def watch():
        while True:
            memory.append(memory_mib(options.pid))
            await asyncio.sleep(1)
    watcher = asyncio.create_task(watch())
    requests, begin, due = [], time.monotonic(), 0.0
    while due < options.seconds:
        await asyncio.sleep(max(0.0, begin + due - time.monotonic()))
        requests.append(asyncio.create_task(one(chance.choice(sentences))))
        due += chance.expovariate(options.rate)
    await asyncio.gather(*requests)
    watcher.cancel()
    good = sum(t * 1000 <= options.deadline_ms for t in times)
    return {"rate": options.rate, "sent": len(requests), "answered": len(times), "refused": refused, "lost": lost,
            "other_than_alone": wrong, "p50_ms": quantile(times, 0.5), "p95_ms": quantile(times, 0.95),
            "p99_ms": quantile(times, 0.99), "good_per_second": round(good / options.seconds, 2),
            "good_share": round(good / max(1, len(requests)), 3),
            "memory_mib": [memory[0], memory[len(memory) // 2], memory[-1]] if options.pid else None}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True)
    parser.add_argument("--sentences", required=True, help="a file with a sentence in each line")
    parser.add_argument("--most", type=int, default=40, help="sentences to take")
    parser.add_argument("--model", default="")
    parser.add_argument("--max-tokens", type=int, default=64)
    parser.add_argument("--rate", type=float, default=1.0, help="requests a second")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--deadline-ms", type=int, default=500)
    parser.add_argument("--send-deadline", action="store_true", help="tell the server the deadline (x-deadline-ms)")
    parser.add_argument("--pid", type=int, default=0, help="whose memory to watch")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--capacity", action="store_true")
    parser.add_argument("--clients", type=int, default=8)
    options = parser.parse_args()
    with open(options.sentences, encoding="utf-8") as file:
        sentences = [line.strip() for line in file if line.strip()][:options.most]
    if options.capacity:
        print(json.dumps({"capacity_per_second": round(asyncio.run(capacity(options, sentences)), 2)}))
        return
    expected, times = asyncio.run(alone(options, sentences))
    result = asyncio.run(load(options, sentences, expected))
    print(json.dumps({"alone_p50_ms": quantile(times, 0.5), **result}))


if __name__ == "__main__":
    main()
