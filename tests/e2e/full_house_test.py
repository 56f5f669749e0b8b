#!/usr/bin/env python3
"""As many calls as there is room for, created by many requests at once on an engine that has seen no caller yet: each gets
its place, though all race to be the first of their tenant. One more is told that the house is full.
"""
import concurrent.futures

import harness
from harness import check

CALLS = 20
ROUNDS = 5


def create(engine, number):
    """The call, or why it was refused."""
    try:
        return engine.create_call(ref=f"call-{number}")
    except harness.Problem as refusal:
        return refusal


def test(folder):
    for round_number in range(ROUNDS):
        engine = harness.Engine(folder, name=f"house-{round_number}", calls=CALLS).start()
        with concurrent.futures.ThreadPoolExecutor(CALLS) as pool:
            answers = list(pool.map(lambda number: create(engine, number), range(CALLS)))
        refused = [answer for answer in answers if isinstance(answer, harness.Problem)]
        check(not refused, f"{len(refused)} of {CALLS} calls found no place: {refused[:1]}")
        check(len(engine.ask("GET", "/v1/calls")["calls"]) == CALLS, "not every call is listed")
        more = create(engine, CALLS)
        check(isinstance(more, harness.Problem) and more.status == 503, f"a call more than fit got {more}")
        check("calls are in use" in more.body["detail"], f"the refusal does not say why: {more}")
        for call in answers:
            engine.end(call)
        check("id" in create(engine, 0), "an empty house takes no call")
        engine.stop()
    print(f"{ROUNDS} times {CALLS} calls at once, each with a place")


harness.run(test)
