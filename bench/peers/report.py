"""A set of results as text."""

HEAD = (f"{'calls':>6}  {'recorder':<25}{'CPU/packet':>11}{'CPU/call':>10}{'core':>7}{'others':>8}{'whole':>9}"
        f"{'RSS':>7}{'lost':>9}{'lag p99/max':>14}  {'held':>5}\n"
        f"{'':>6}  {'':<25}{'ns':>11}{'ms/s':>10}{'%':>7}{'%':>8}{'ns':>9}{'MiB':>7}{'%':>9}{'ms':>14}")


def line(row, titles):
    notes = [row["why"]] if row["why"] else []
    if row["disturbed"] and not row["why"]:
        notes.append("disturbed by others")
    lag = f"{row['sender_lag_p99_ms']:.2f}/{row['sender_lag_max_ms']:.1f}"
    return (f"{row['calls']:>6}  {titles[row['peer']]:<25}{row['cpu_ns_per_packet']:>11,.0f}"
            f"{row['cpu_ms_per_call_second']:>10.3f}{100 * row['core_share']:>7.1f}{100 * row['others_share_of_core']:>8.1f}"
            f"{row['whole_cpu_ns_per_packet']:>9,.0f}{row['resident_mib']:>7,.0f}{100 * row['worst_loss']:>9.4f}{lag:>14}"
            f"  {row['held']}/{row['measured']:<3}{', '.join(notes)}")


def _largest(found):
    if found["ended_at"] is None:
        spoiled = found["spoiled_at"] is not None and found["spoiled_at"] > found["held"]
        why = f"others spoiled {found['spoiled_at']:,}" if spoiled else "the most that were tried"
        return f"{found['held']:,} calls or more ({why})"
    once = f", {found['held_once']:,} at best" if found["held_once"] > found["held"] else ""
    return f"{found['held']:,} calls{once} (at {found['ended_at']:,}: {found['why']})"


def _comparison(each, titles):
    return (f"  {titles[each['peer']]:<25}{each['calls']:>6} calls: {each['ours_ns']:,.0f} to {each['theirs_ns']:,.0f} ns, "
            f"1/{1 / each['share']:.1f}" +
            (", disturbed by others" if each["disturbed"] else ""))


def text_of(results):
    titles, summary = results["titles"], results["summary"]
    lines = [f"{results['machine']['cpu']}, Linux {results['machine']['kernel']}; " +
             ", ".join(f"{name} {version}" for name, version in results["versions"].items()),
             f"Each on core 0, the generator on core 1, {results['seconds']} s a measurement, "
             f"{results['repeats']} of each, medians.", "", HEAD]
    last = None
    for row in summary["rows"]:
        if last not in (None, row["calls"]):
            lines.append("")
        last = row["calls"]
        lines.append(line(row, titles))
    lines += ["", "Largest number of calls, loss below 0.01 % and time left on the core"]
    lines += [f"  {titles[peer]:<25}{_largest(found)}" for peer, found in summary["largest"].items()]
    lines += ["", "CPU per call, assent's to theirs"]
    lines += [_comparison(each, titles) for each in summary["comparisons"]]
    for peer, each in summary["bars"].items():
        if peer not in titles:
            continue
        if each is None:
            lines.append(f"  {titles[peer]:<25}nothing to compare")
        else:
            met = "not valid, disturbed" if each["disturbed"] else "met" if each["met"] else "MISSED"
            lines.append(f"  {titles[peer]:<25}at most 1/{1 / each['bar']:.0f} at {each['calls']} calls: {met}")
    lines += [f"Left out: {left}" for left in results["left_out"]]
    lines += [f"Warning: {warning}" for warning in results["warnings"]]
    return "\n".join(lines) + "\n"
