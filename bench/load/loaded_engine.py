"""What the measurements of a whole engine share: an engine on one core, a generator on the other, in a network of their own;
and how they end."""
import argparse
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(ROOT, "bench", "peers"), os.path.join(ROOT, "tests", "e2e")]
import harness
import network
import process


class Late(Exception):
    """The generator fell behind, so nothing is known."""


def say(text):
    print(text, file=sys.stderr, flush=True)


def arguments(purpose):
    """The options that all of them have."""
    parser = argparse.ArgumentParser(description=purpose, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backing", choices=("secret", "locked"), default="secret", help="what the engine holds audio in "
                        "(default: %(default)s)")
    parser.add_argument("--json", action="store_true")
    return parser


def verdict(result):
    """The last line for people; `result` says of each bar whether it is met."""
    missed = [name for name, met in result["met"].items() if not met]
    return "missed: " + ", ".join(missed) if missed else "every bar is met"


def measure_and_tell(measure, text_of, as_json):
    """The exit status: 0 every bar is met, 1 one is not, 3 nothing is known."""
    try:
        result = measure()
    except Late:
        say("the generator fell behind: nothing is known")
        return 3
    except process.Failed as failure:
        say(str(failure))
        return 3
    print(json.dumps(result) if as_json else text_of(result))
    return 0 if all(result["met"].values()) else 1


def enter_network():
    """To be called once, first: what is started from now on is alone with itself."""
    if not os.path.exists(harness.LOAD):
        sys.exit("assent-load is not built: cmake --preset release && cmake --build --preset release")
    network.enter()


def pipeline_text(backing, settings):
    """load.toml, with some of its settings changed."""
    with open(os.path.join(HERE, "load.toml")) as source:
        text = source.read()
    for name, value in settings.items():
        text, found = re.subn(rf"(?m)^{name} = .*$", f"{name} = {json.dumps(value)}", text)
        if found != 1:
            raise ValueError(f"load.toml has no setting {name}")
    return text + f'\n[memory]\nbacking = "{backing}"\n'


def start_engine(folder, backing="secret", more="", before_others=(), **settings):
    """`more` is appended to the pipeline file, `before_others` put before the command (nice)."""
    wrapper = process.on_cpu(process.RECORDER_CPU) + list(before_others)
    engine = harness.Engine(folder, wrapper=wrapper, backing=backing)
    with open(engine.pipeline, "w") as file:
        file.write(pipeline_text(backing, settings) + more)
    return engine.start()


def politely_first():
    """What to put before the engine's command so that what else runs on its core gives way, where that is permitted. A latency is
    the engine's own only then."""
    command = ["nice", "-n", "-15"]
    return command if subprocess.run(command + ["true"], capture_output=True).stderr == b"" else []


def start_load(engine, calls, seconds, *options):
    """`assent-load run`; its report is read by report_of."""
    command = [harness.LOAD, "run", "--state", engine.state, "--calls", str(calls), "--seconds", str(seconds), "--json", *options]
    return subprocess.Popen(process.as_sender(command), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def wait_until_all_talk(engine):
    harness.wait_until("packets come", lambda: engine.total("assent_packets_total"), 120)


def report_of(load):
    text = load.communicate()[0]
    if not text.strip():
        raise process.Failed(f"the generator ended with {load.returncode} and no report")
    return json.loads(text)


def valid_report_of(load):
    report = report_of(load)
    if not report["valid"]:
        raise Late
    return report
