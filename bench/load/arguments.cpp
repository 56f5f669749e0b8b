#include "bench/load/arguments.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

namespace assent::load {
namespace {

constexpr const char* kDescription =
    "assent-load plays calls to assent, or RTP to anything, and says what became of every packet.";
constexpr const char* kFooter =
    "Exit status: 0 every packet arrived and every compared recording is what was sent; 1 something was lost or "
    "differs;\n"
    "2 the command line is wrong; 3 the sender fell behind, so the figures say nothing.\n";

template <typename Duration>
CLI::Option* add_duration(CLI::App& app, const std::string& name, Duration& target, const std::string& help) {
  const auto take = [&target, name](const std::string& text) {
    std::size_t digits = 0;
    const long value = std::isdigit(static_cast<unsigned char>(text[0])) != 0 ? std::stol(text, &digits) : -1;
    const std::string unit = text.substr(digits);
    const std::string own = std::is_same_v<Duration, seconds> ? "s" : "ms";
    if (value < 0 || value > 1'000'000 || (!unit.empty() && unit != own)) {
      throw CLI::ValidationError(name, "\"" + text + "\" is not a number of " + own);
    }
    target = Duration(value);
  };
  return app.add_option_function<std::string>(name, take, help)
      ->type_name(std::is_same_v<Duration, seconds> ? "SECONDS" : "MS");
}

// "A,B", each read by `take`.
template <typename Take>
void add_pair(CLI::App& app, const std::string& name, const std::string& form, const std::string& help, Take take) {
  app.add_option_function<std::vector<double>>(
         name, [take](const std::vector<double>& both) { take(both[0], both[1]); }, help)
      ->delimiter(',')
      ->expected(2)
      ->check(CLI::NonNegativeNumber)
      ->type_name(form);
}

void add_stream(CLI::App& app, PlayerSettings& player) {
  app.add_option_function<std::string>(
         "--via", [&player](const std::string& name) { player.via = name == "xdp" ? Via::xdp : Via::sendmmsg; },
         "sendmmsg (default), or xdp: several times as many calls, of plain streams alone, in a network made for it")
      ->check(CLI::IsMember({"sendmmsg", "xdp"}));
  StreamShape& shape = player.shape;
  app.add_option_function<std::string>(
         "--codec", [&shape](const std::string& name) { shape.codec = *parse_codec_name(name); },
         "of all legs (default: PCMU)")
      ->check(CLI::IsMember({"PCMU", "PCMA"}))
      ->type_name("PCMU|PCMA");
  add_duration(app, "--ptime", shape.packet_time, "audio of a packet (default: 20)")->check(CLI::Range(10, 60));
  add_pair(app, "--dtx", "TALK_MS,SILENCE_MS", "talk and silence in turn", [&shape](double talk, double silence) {
    shape.talk = milliseconds(static_cast<std::int64_t>(talk));
    shape.silence = milliseconds(static_cast<std::int64_t>(silence));
  });
  add_duration(app, "--ssrc-change", shape.source_change, "every leg goes on as another source, so often");
  app.add_option("--burst", shape.burst, "packets of a leg that are held back and sent together")
      ->check(CLI::Range(1, 1000))
      ->type_name("PACKETS");

  Impairments& path = player.impairments;
  add_pair(app, "--loss", "P,P", "loss in runs: probabilities that it begins, and ends, with a packet",
           [&path](double begins, double ends) {
             path.good_to_bad = begins;
             path.bad_to_good = ends;
           });
  add_duration(app, "--jitter", path.jitter, "delay of packets, evenly between 0 and this");
  app.add_option("--reorder", path.reorder, "probability that a packet comes after the next")
      ->check(CLI::Range(0.0, 1.0))
      ->type_name("P");
  app.add_option("--duplicate", path.duplicate, "probability that a packet comes twice")
      ->check(CLI::Range(0.0, 1.0))
      ->type_name("P");
  app.add_option("--seed", player.seed.value, "of everything that is drawn (default: 1)")->type_name("N");
}

std::string token_in(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string token;
  if (!(file >> token)) throw CLI::ValidationError("--token", "no token in " + path.string());
  return token;
}

struct EngineOptions {
  std::string api;
  std::string token;
  std::string state;
};

void add_engine(CLI::App& app, EngineOptions& engine, RunSettings& settings) {
  app.add_option("--api", engine.api, "of the engine")->type_name("ADDR:PORT");
  app.add_option("--token", engine.token, "file with its API token")->type_name("FILE");
  app.add_option("--state", engine.state, "the engine's state folder: its address, token and process are found there")
      ->type_name("DIR");
  app.add_option("--pid", settings.engine, "the engine's process, to say what it used")->type_name("PID");
}

// The state folder says what was not given.
void find_engine(const EngineOptions& engine, RunSettings& settings) {
  std::string api = engine.api;
  std::string token = engine.token;
  if (!engine.state.empty()) {
    const std::filesystem::path state(engine.state);
    std::ifstream file(state / "engine.json");
    const auto said = nlohmann::json::parse(file, nullptr, false);
    if (!said.is_object()) throw CLI::ValidationError("--state", "no running engine in " + engine.state);
    if (api.empty()) api = said.value("api", "");
    if (token.empty()) token = (state / "admin.token").string();
    if (!settings.engine) settings.engine = said.value("pid", 0);
  }
  const auto endpoint = parse_endpoint(api);
  if (!endpoint) throw CLI::ValidationError("--api", "\"" + api + "\" is not an IP address and a port");
  settings.calls.api = *endpoint;
  settings.calls.token = token_in(token);
}

std::vector<std::string> srtp_suites() {
  std::vector<std::string> names;
  for (const SrtpSuite suite : kSrtpSuites) names.emplace_back(name_of(suite));
  return names;
}

void add_load(CLI::App& app, RunSettings& settings) {
  add_duration(app, "--seconds", settings.duration, "how long to play (default: 10)");
  app.add_option("--opt-in-rate", settings.calls.opt_in_rate, "share of the calls that are consented to (default: 1)")
      ->check(CLI::Range(0.0, 1.0))
      ->type_name("SHARE");
  CLI::Option* delay =
      add_duration(app, "--opt-in-delay", settings.opt_in_delay, "consent so long after the beginning");
  app.add_option("--churn", settings.churn, "calls a second that are ended and replaced")
      ->check(CLI::NonNegativeNumber)
      ->excludes(delay)
      ->type_name("CALLS");
  app.add_option("--sample", settings.sample, "recordings to compare with what was sent, byte for byte")
      ->type_name("N");
  app.add_option_function<std::string>(
         "--srtp", [&settings](const std::string& name) { settings.player.srtp = srtp_suite_named(name); },
         "protect every leg's packets, with keys of its own (a suite as SDP names it)")
      ->check(CLI::IsMember(srtp_suites()))
      ->type_name("SUITE");
  add_stream(app, settings.player);
}

// What follows from the options once all are read.
void settle(const CLI::App& app, PlayerSettings& player) {
  player.impairments.overtaken = player.shape.packet_time * 3 / 2;
  if (player.via != Via::xdp) return;
  for (const char* option : {"--dtx", "--ssrc-change", "--burst", "--loss", "--jitter", "--reorder", "--duplicate"}) {
    if (app.count(option) != 0) {
      throw CLI::ValidationError(option, "not with --via xdp, which plays plain streams over a perfect network");
    }
  }
}
void settle(const CLI::App& app, const EngineOptions& engine, RunSettings& settings) {
  find_engine(engine, settings);
  settings.calls.srtp = settings.player.srtp;
  for (const char* option : {"--jitter", "--reorder", "--duplicate"}) {
    if (settings.player.srtp && app.count(option) != 0) {
      throw CLI::ValidationError(option, "not with --srtp: a packet is protected once, as it leaves");
    }
  }
  if (settings.player.srtp && settings.player.via == Via::xdp) {
    throw CLI::ValidationError("--srtp", "not with --via xdp, whose packets the kernel makes");
  }
  settings.calls.codec = settings.player.shape.codec;
  settle(app, settings.player);
}

void add_json(CLI::App& app, Output& output) {
  app.add_flag_callback(
      "--json", [&output] { output = Output::json; }, "print JSON instead of text");
}

}  // namespace

std::variant<Command, ExitStatus> parse_arguments(int argc, const char* const* argv) {
  CLI::App app(kDescription, "assent-load");
  app.require_subcommand(1)->footer(kFooter);
  std::optional<Command> chosen;
  EngineOptions engine;

  RunCommand run;
  CLI::App* run_app = app.add_subcommand("run", "Play calls to a running engine and check what it recorded");
  run_app->add_option("--calls", run.settings.calls.calls, "of two legs each")
      ->required()
      ->check(CLI::Range(1, 100'000))
      ->type_name("N");
  add_engine(*run_app, engine, run.settings);
  add_load(*run_app, run.settings);
  add_json(*run_app, run.output);
  run_app->callback([&] {
    settle(*run_app, engine, run.settings);
    chosen = run;
  });

  RampCommand ramp;
  CLI::App* ramp_app = app.add_subcommand("ramp", "Find how many calls an engine records without loss");
  ramp_app->add_option("--from", ramp.from, "calls to begin with (default: 100)")->check(CLI::PositiveNumber);
  ramp_app->add_option("--step", ramp.step, "how exact the answer is to be (default: 50)")->check(CLI::PositiveNumber);
  ramp_app->add_option("--max", ramp.max, "calls that the engine admits (default: 2000)")->check(CLI::PositiveNumber);
  add_engine(*ramp_app, engine, ramp.settings);
  add_load(*ramp_app, ramp.settings);
  add_json(*ramp_app, ramp.output);
  ramp_app->callback([&] {
    settle(*ramp_app, engine, ramp.settings);
    chosen = ramp;
  });

  SendCommand send;
  CLI::App* send_app = app.add_subcommand("send", "Send RTP to ports that standard input names: ADDRESS PORT a line");
  add_duration(*send_app, "--seconds", send.duration, "how long to play (default: 10)");
  add_stream(*send_app, send.player);
  send_app->callback([&] {
    settle(*send_app, send.player);
    chosen = send;
  });

  ReceiveCommand receive;
  CLI::App* receive_app = app.add_subcommand("receive", "Receive as the engine does, and drop everything: the floor");
  receive_app->add_option("--ports", receive.ports, "to open")->required()->check(CLI::Range(1, 20'000));
  receive_app
      ->add_option_function<std::string>(
          "--sockets",
          [&](const std::string& name) {
            receive.sockets = name == "steered" ? pipeline::Sockets::steered : pipeline::Sockets::per_leg;
          },
          "all ports steered to one socket (default), or a socket a port")
      ->check(CLI::IsMember({"steered", "per-leg"}));
  add_duration(*receive_app, "--sweep", receive.sweep, "how often the sockets are emptied (default: 5)");
  add_duration(*receive_app, "--seconds", receive.duration, "how long to listen (default: 10)");
  receive_app->callback([&] { chosen = receive; });

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& wrong) {
    const int code = app.exit(wrong, std::cout, std::cerr);
    return code == 0 ? ExitStatus::ok : ExitStatus::usage;
  }
  return *chosen;
}

}  // namespace assent::load
