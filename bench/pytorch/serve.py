"""Runs one PyTorch implementation for the benchmark: the specification comes as the first argument, every line of
standard input is a number of runs, and every answer a line with their milliseconds."""

import json
import sys
import time


def serve(prepare):
    run = prepare(json.loads(sys.argv[1]))
    answer({"ready": True})
    for line in sys.stdin:
        ms, value = [], None
        for _ in range(int(line)):
            began = time.perf_counter()
            value = run()
            ms.append(1000 * (time.perf_counter() - began))
        answer({"ms": ms, "value": value})


def answer(value):
    print("@" + json.dumps(value), flush=True)
