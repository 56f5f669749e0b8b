// assent disclose: all that is stored of a person as one file: asked for, waited for, downloaded, checked.
#include <chrono>
#include <thread>

#include "pipelines/quantity.h"
#include "tools/assent/commands.h"
#include "tools/assent/engine_reach.h"
#include "tools/assent/json_fields.h"
#include "tools/assent/part_file.h"
#include "tools/assent/text_table.h"

namespace assent {
namespace {

constexpr auto kPoll = std::chrono::milliseconds(300);
constexpr auto kRetry = std::chrono::seconds(1);
constexpr int kAttempts = 5;  // in a row that bring nothing

std::string path_of(const Json& job) { return "/v1/exports/" + path_part(text_at(job, "id")); }

// What a file that was cut off belongs to: the export, and who and for whom was asked for with it.
std::string name_of_job(const Json& job, const DiscloseArguments& arguments) {
  return text_at(job, "id") + " " + arguments.subject + " " + arguments.recipient.value_or("-");
}

Result<Json> ask(ApiClient& engine, const std::string& target) {
  const auto body = engine.get(target);
  if (!body) return body.error();
  return parse_reply(*body);
}

// The export that the file is a part of, if the engine still has it.
std::optional<Json> job_of(ApiClient& engine, const PartFile& file, const DiscloseArguments& arguments) {
  if (!file.job()) return std::nullopt;
  const std::string id = file.job()->substr(0, file.job()->find(' '));
  auto job = ask(engine, "/v1/exports/" + path_part(id));
  if (!job || text_at(*job, "state") == "failed") return std::nullopt;
  if (name_of_job(*job, arguments) != *file.job()) return std::nullopt;
  return *std::move(job);
}

Result<Json> begin(ApiClient& engine, const DiscloseArguments& arguments) {
  Json wanted = Json::object();
  if (arguments.tenant) wanted["tenant"] = *arguments.tenant;
  if (arguments.recipient) wanted["recipient"] = *arguments.recipient;
  const auto body = engine.post("/v1/subjects/" + path_part(arguments.subject) + "/export", wanted.dump());
  if (!body) return body.error();
  return parse_reply(*body);
}

Result<Json> when_ready(ApiClient& engine, Json job, Console& console) {
  ProgressLine line(console, "gathering");
  while (text_at(job, "state") == "running") {
    line.show(text_at(job, "calls_done") + " of " + text_at(job, "calls") + " calls");
    std::this_thread::sleep_for(kPoll);
    auto now = ask(engine, path_of(job));
    if (!now) return now;
    job = *std::move(now);
  }
  if (text_at(job, "state") == "ready") return job;
  return error(Errc::conflict, "the export " + text_at(job, "id") + " failed: " + printable(text_at(job, "trouble")));
}

// From where the file ends, and again after a cut.
Result<void> download(ApiClient& engine, const Json& job, PartFile& file, Console& console) {
  const std::uint64_t whole = job.value("bytes", std::uint64_t{0});
  const std::string etag = "\"" + text_at(job, "sha256") + "\"";
  ProgressLine line(console, "downloading");
  for (int attempts = 0; file.size_bytes() < whole;) {
    const std::uint64_t before = file.size_bytes();
    const auto done =
        engine.download(path_of(job) + "/archive", {[&](ByteView piece) { return file.write(piece); },
                                                    [&](std::uint64_t so_far, std::optional<std::uint64_t>) {
                                                      line.show(size_text(before + so_far) + " of " + size_text(whole));
                                                    },
                                                    before, etag});
    if (done && file.size_bytes() > before) continue;
    if (done) return error(Errc::io, "the engine gives no more of the archive than " + size_text(before));
    if (done.error().code != Errc::io && done.error().code != Errc::unavailable) return done.error();
    attempts = file.size_bytes() > before ? 0 : attempts + 1;
    if (attempts == kAttempts) {
      return error(done.error().code, done.error().what + "; " + size_text(file.size_bytes()) + " of " +
                                          size_text(whole) + " are there: ask again, and it goes on");
    }
    std::this_thread::sleep_for(kRetry);
  }
  return {};
}

Result<Json> disclose(const DiscloseArguments& arguments, ApiClient& engine, Console& console) {
  auto file = PartFile::open(arguments.out);
  if (!file) return file.error();
  auto job = job_of(engine, *file, arguments);
  if (!job) {
    auto begun = begin(engine, arguments);
    if (!begun) return begun;
    job = *std::move(begun);
    if (auto kept = file->begin(name_of_job(*job, arguments)); !kept) return kept.error();
  }
  auto ready = when_ready(engine, *std::move(job), console);
  if (!ready) return ready;
  if (auto done = download(engine, *ready, *file, console); !done) return done.error();
  const auto digest = file->sha256();
  if (!digest) return digest.error();
  if (*digest != text_at(*ready, "sha256")) {
    (void)file->forget();
    return error(Errc::corrupt, "what came is not what the engine has: its SHA-256 is " + *digest + "; ask again");
  }
  if (auto done = file->finish(); !done) return done.error();
  if (arguments.afterwards == DiscloseArguments::Afterwards::remove) {
    if (const auto removed = engine.remove(path_of(*ready)); !removed) {
      console.err << "the export stays with the engine: " << removed.error().what << "\n";
    }
  }
  return ready;
}

}  // namespace

ExitStatus perform(const DiscloseArguments& arguments, Console& console) {
  auto engine = reach_engine(arguments.engine);
  if (!engine) return fail(console, engine.error());
  auto job = disclose(arguments, *engine, console);
  if (!job) return fail(console, job.error());
  if (arguments.output == Output::json) {
    (*job)["file"] = arguments.out.string();
    console.out << job->dump(2) << "\n";
    return ExitStatus::ok;
  }
  console.out << text_at(*job, "calls_done") << " calls of the person " << printable(arguments.subject) << ", "
              << size_text(job->value("bytes", std::uint64_t{0})) << ", written to " << arguments.out.string()
              << (arguments.recipient ? ", encrypted with age" : "") << "\n";
  return ExitStatus::ok;
}

}  // namespace assent
