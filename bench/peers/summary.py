"""What a set of measurements says: medians, the largest number of calls each peer held, and how ours compares. Pure."""
import statistics

from verdict import OTHERS

BARS = {"rtpengine": 1 / 4, "gstreamer-wav": 1 / 20, "gstreamer-matroska": 1 / 20}
OURS = "assent"
MEDIANS = ("cpu_ns_per_packet", "cpu_ms_per_call_second", "core_share", "others_share_of_core", "resident_mib",
           "whole_cpu_ns_per_packet", "setup_seconds")


def rows(measurements):
    """One for each peer and number of calls: medians of the measurements that peers held, or else of all that there are."""
    groups = {}
    for each in measurements:
        groups.setdefault((each["calls"], each["peer"]), []).append(each)
    found = []
    for (calls, peer), group in groups.items():
        held = [each for each in group if each["held"]]
        said = [each for each in held if not each["disturbed"]] or held or [each for each in group if each["valid"]] or group
        row = {name: statistics.median(each[name] for each in said) for name in MEDIANS}
        reasons = [each["why"] for each in group if each["why"]]
        found.append({"peer": peer, "calls": calls, "measured": len(group), "held": len(held),
                      "valid": sum(each["valid"] for each in group), "sent": sum(each["sent"] for each in group),
                      "lost": sum(each["lost"] for each in group), "worst_loss": max(each["loss"] for each in group),
                      "sender_lag_p99_ms": max(each["sender"]["lag_ms"]["p99"] for each in group),
                      "sender_lag_max_ms": max(each["sender"]["lag_ms"]["max"] for each in group),
                      "disturbed": all(each["disturbed"] for each in said),
                      "why": reasons[-1] if reasons else None, **row})
    return sorted(found, key=lambda row: row["calls"])


def largest(rows_of_all):
    """For each peer: the largest number of calls held every time with all smaller ones held so, too; the largest held at
    least once; what ended it, None when nothing did (so that it is a lower bound); and what others spoiled."""
    found = {}
    for row in rows_of_all:
        peer = found.setdefault(row["peer"], {"held": 0, "held_once": 0, "ended_at": None, "why": None, "spoiled_at": None})
        if row["valid"] == 0 and row["why"] == OTHERS:  # says nothing
            peer["spoiled_at"] = row["calls"]
            continue
        if row["held"]:
            peer["held_once"] = row["calls"]
        if row["held"] == row["valid"] and row["held"] > 0 and peer["ended_at"] is None:
            peer["held"] = row["calls"]
        elif peer["ended_at"] is None:
            peer["ended_at"], peer["why"] = row["calls"], row["why"]
    return found


def comparisons(rows_of_all):
    """Our CPU per call as a share of each peer's, at every number of calls that both held. Both see the same packets, so a
    call's share is a packet's."""
    held = {(row["peer"], row["calls"]): row for row in rows_of_all if row["held"]}
    found = []
    for (peer, calls), theirs in sorted(held.items(), key=lambda item: item[0][1]):
        ours = held.get((OURS, calls))
        if peer in BARS and ours:
            share = ours["cpu_ns_per_packet"] / theirs["cpu_ns_per_packet"]
            found.append({"peer": peer, "calls": calls, "ours_ns": ours["cpu_ns_per_packet"],
                          "theirs_ns": theirs["cpu_ns_per_packet"], "share": share, "bar": BARS[peer],
                          "met": share <= BARS[peer], "disturbed": ours["disturbed"] or theirs["disturbed"]})
    return found


def bars(compared):
    """Whether each bar is met, where it counts: at the most calls that both held. None when nothing could be compared."""
    return {peer: next((each for each in reversed(compared) if each["peer"] == peer), None) for peer in BARS}


def summarise(measurements):
    table = rows(measurements)
    compared = comparisons(table)
    return {"rows": table, "largest": largest(table), "comparisons": compared, "bars": bars(compared)}
