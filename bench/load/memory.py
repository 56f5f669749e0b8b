#!/usr/bin/env python3
"""What a call takes of the memory, in two measurements on one engine each:

  pending   audio that nobody has consented to yet fills the rings: blocks of the arena in use, to the audio they hold
  open      every call consented to and talking, rings empty: resident memory with many calls and with few, per call

  bench/load/memory.py [--pending 500] [--few 200] [--many 2000] [--seconds 25] [--part pending|open] [--json]

Counted as held audio: calls x 2 legs x hold x 8,000 bytes a second (G.711), not a byte more, though a ring has to hold a
little more than `hold` and the block that is being filled. Counted as in use: all that the pool says is in use, less what it
said before the first call (the receive batch).

Counted as resident: everything that the process has in RAM (smaps): stacks, heap, caches and all. But of the memory whose size
the configuration says, for all calls that may come, what is in use now: of the arena the blocks, of the sealed pages those on
their way to the disk, and of the keys' memory what a call of two legs may need of it at once.

Exit status: 0 both bars are met, 1 one is not, 3 the generator fell behind.
"""
import statistics
import sys
import tempfile
import time

import loaded_engine  # first: it says where the next one is
import harness

PACKET_BYTES_PER_SECOND = 8000
PAGE_KIB = 4
PAGE_POOL_KIB = 32768 * PAGE_KIB  # journal.sealed_pages; a mapping by itself (engine/page_pool.cpp)
LEGS = 2
BARS = {"pending_to_audio": 1.10, "open_call_kib": 24}
# The call's, and of each leg the leg's, the subject's and two segments', twice (base/limits.h: kSecretBytesPerCall).
KEY_BYTES_PER_CALL = 2 * 32 * (1 + LEGS * 4)
# Blocks of different legs are full at different times, 480 ms apart at most: so many looks, spread over more than that.
LOOKS, LOOK_SECONDS = 25, 0.13


def mappings(pid):
    """Every mapping of a process: its sizes in KiB by name, and whether it is locked."""
    found = []
    with open(f"/proc/{pid}/smaps") as file:
        for line in file:
            name, _, value = line.partition(":")
            if "-" in name.split(" ")[0] and not name[0].isupper():
                found.append({"name": line.split(maxsplit=5)[5].strip() if len(line.split()) > 5 else ""})
            elif name == "VmFlags":
                found[-1]["locked"] = "lo" in value.split()
            elif value.endswith("kB\n"):
                found[-1][name] = int(value.split()[0])
    return found


def resident_kib(engine, calls):
    """By what it is; `calls` as many as there are now."""
    maps = mappings(engine.pid)
    ordinary = [each for each in maps if not each["locked"] and each["Size"] != PAGE_POOL_KIB]
    heap = sum(each["Rss"] for each in ordinary if each["name"] in ("", "[heap]") or each["name"].startswith("[anon"))
    return {"heap": heap,
            "program, libraries, stacks, files": sum(each["Rss"] for each in ordinary) - heap,
            "sealed pages in use": engine.total("assent_journal_queue_pages") * PAGE_KIB,
            "arena blocks in use": engine.total("assent_arena_used_bytes") / 1024,
            "keys": calls * KEY_BYTES_PER_CALL / 1024}


def median_of_looks(look):
    found = []
    for _ in range(LOOKS):
        found.append(look())
        time.sleep(LOOK_SECONDS)
    return statistics.median(found)


def measure_pending(options, folder):
    engine = loaded_engine.start_engine(folder, options.backing, hold=f"{options.hold}s")
    before = engine.total("assent_arena_used_bytes")
    # Full twice over the time of a block, before and while it is looked at.
    load = loaded_engine.start_load(engine, options.pending, options.hold + 10, "--opt-in-rate", "0")
    loaded_engine.wait_until_all_talk(engine)
    time.sleep(options.hold + 2)
    in_use = median_of_looks(lambda: engine.total("assent_arena_used_bytes")) - before
    ring = median_of_looks(lambda: engine.total("assent_ring_bytes"))
    report = loaded_engine.valid_report_of(load)
    engine.stop()
    audio = options.pending * LEGS * options.hold * PACKET_BYTES_PER_SECOND
    return {"calls": options.pending, "hold_s": options.hold, "audio_bytes_per_call": audio // options.pending,
            "arena_bytes_per_call": round(in_use / options.pending), "ring_bytes_per_call": round(ring / options.pending),
            "to_audio": round(in_use / audio, 3), "lost": report["lost"], "sent": report["sent"]}


def measure_open(options, folder, calls):
    """After so many seconds of talk, medians of some looks."""
    engine = loaded_engine.start_engine(folder, options.backing)
    load = loaded_engine.start_load(engine, calls, options.seconds + 5)
    loaded_engine.wait_until_all_talk(engine)
    time.sleep(options.seconds)
    found = [resident_kib(engine, calls) for _ in range(5)]
    ring = engine.total("assent_ring_bytes")
    report = loaded_engine.valid_report_of(load)
    engine.stop()
    harness.check(ring == 0, f"the rings are not empty: {ring} bytes")
    return {"calls": calls, "kib": {name: round(statistics.median(each[name] for each in found)) for name in found[0]},
            "lost": report["lost"], "sent": report["sent"]}


def run(options):
    def in_folder(measurement, *arguments):
        with tempfile.TemporaryDirectory(prefix="assent-memory-") as folder:
            return measurement(options, folder, *arguments)
    result = {"bars": BARS}
    if options.part in (None, "pending"):
        result["pending"] = in_folder(measure_pending)
        result["pending_to_audio"] = result["pending"]["to_audio"]
    if options.part in (None, "open"):
        few, many = (in_folder(measure_open, calls) for calls in (options.few, options.many))
        more = options.many - options.few
        result["open"] = {"few": few, "many": many,
                          "kib_per_call": {name: round((many["kib"][name] - few["kib"][name]) / more, 2) for name in many["kib"]}}
        result["open_call_kib"] = round(sum(result["open"]["kib_per_call"].values()), 2)
    result["met"] = {name: result[name] <= bar for name, bar in BARS.items() if name in result}
    return result


def text_of(result):
    lines = []
    if "pending" in result:
        pending = result["pending"]
        lines += [f"{pending['calls']} calls pending, {pending['hold_s']} s held of both legs, {pending['lost']} packets lost: "
                  f"{pending['arena_bytes_per_call']:,} bytes of the arena a call for {pending['audio_bytes_per_call']:,} of audio, "
                  f"{pending['to_audio']} x (bar {BARS['pending_to_audio']}); of these {pending['ring_bytes_per_call']:,} in rings"]
    if "open" in result:
        few, many = result["open"]["few"], result["open"]["many"]
        lines += [f"{few['calls']} and {many['calls']} calls open and talking, {few['lost'] + many['lost']} packets lost: "
                  f"{result['open_call_kib']} KiB a call (bar {BARS['open_call_kib']})"]
        lines += [f"  {name:<34}{few['kib'][name]:>10,} {many['kib'][name]:>10,} KiB, {each:>7} a call"
                  for name, each in result["open"]["kib_per_call"].items()]
    return "\n".join(lines + [loaded_engine.verdict(result)])


def main():
    parser = loaded_engine.arguments(__doc__)
    parser.add_argument("--pending", type=int, default=500, metavar="CALLS")
    parser.add_argument("--hold", type=int, default=30, metavar="SECONDS", help="of the pending calls (default: %(default)s)")
    parser.add_argument("--few", type=int, default=200, metavar="CALLS")
    parser.add_argument("--many", type=int, default=2000, metavar="CALLS")
    parser.add_argument("--seconds", type=int, default=25, help="of talk before open calls are looked at (default: %(default)s)")
    parser.add_argument("--part", choices=("pending", "open"), help="one of the two only")
    options = parser.parse_args()
    loaded_engine.enter_network()
    return loaded_engine.measure_and_tell(lambda: run(options), text_of, options.json)


if __name__ == "__main__":
    sys.exit(main())
