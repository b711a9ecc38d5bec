"""Runs one PyTorch implementation for the benchmark: the specification comes as the first argument, every line of
standard input is a number of runs, and every answer a line with their milliseconds."""

import json
import sys
import time


def serve(prepare):
    row = json.loads(sys.argv[1])
    run = prepare(row)
    now = time.process_time if row["benchmark"] == "sound" else time.perf_counter  # see serve.ts
    answer({"ready": True})
    for line in sys.stdin:
        ms, value = [], None
        for _ in range(int(line)):
            began = now()
            value = run()
            ms.append(1000 * (now() - began))
        answer({"ms": ms, "value": value})


def answer(value):
    print("@" + json.dumps(value), flush=True)
