#include "engine/disclosure/export_job.h"

#include <array>
#include <nlohmann/json.hpp>

#include "crypto/age_encryptor.h"

namespace assent {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<ExportState, 3> kStates = {ExportState::running, ExportState::ready, ExportState::failed};

Error no_job() { return error(Errc::corrupt, "an export's state is none that this version writes"); }

// Members as they are read; `ok` says whether all were as they should be.
struct Reader {
  const Json& json;
  bool ok = true;

  std::optional<std::string> text_if(const char* name) {
    const auto found = json.find(name);
    if (found == json.end() || found->is_null()) return std::nullopt;
    if (found->is_string()) return found->get<std::string>();
    ok = false;
    return std::nullopt;
  }
  std::string text(const char* name) {
    auto value = text_if(name);
    ok = ok && value.has_value();
    return value.value_or("");
  }
  std::uint64_t number(const char* name) {
    const auto found = json.find(name);
    const bool is_one = found != json.end() && found->is_number_unsigned();
    ok = ok && is_one;
    return is_one ? found->get<std::uint64_t>() : 0;
  }
  template <typename IdType>
  IdType id(const char* name) {
    const auto value = parse_id<IdType>(text(name));
    ok = ok && value.has_value();
    return value.value_or(IdType{});
  }
  WallTime time(const char* name) {
    const auto value = parse_rfc3339(text(name));
    ok = ok && value.has_value();
    return value.value_or(WallTime());
  }
};

}  // namespace

std::string_view name_of(ExportState state) {
  switch (state) {
    case ExportState::running: return "running";
    case ExportState::ready: return "ready";
    case ExportState::failed: return "failed";
  }
  return "unknown";
}

std::string to_json(const ExportJob& job) {
  const auto or_null = [](const std::optional<std::string>& text) { return text ? Json(*text) : Json(nullptr); };
  return Json{{"id", to_text(job.id)},
              {"subject", to_text(job.subject)},
              {"key", to_text(job.key)},
              {"by", job.by},
              {"recipient", or_null(job.recipient)},
              {"state", name_of(job.state)},
              {"requested", to_rfc3339(job.requested)},
              {"done", job.done ? Json(to_rfc3339(*job.done)) : Json(nullptr)},
              {"ledger_after", job.ledger_after},
              {"calls", job.calls},
              {"calls_done", job.calls_done},
              {"bytes", job.bytes},
              {"sha256", or_null(job.sha256)},
              {"trouble", or_null(job.trouble)}}
             .dump(2, ' ', false, Json::error_handler_t::replace) +
         "\n";
}

Result<ExportJob> export_job_from(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return no_job();
  Reader read{json};
  ExportJob job;
  job.id = read.id<ExportId>("id");
  job.subject = read.id<SubjectId>("subject");
  job.key = read.id<KeyId>("key");
  job.by = read.text("by");
  job.recipient = read.text_if("recipient");
  job.requested = read.time("requested");
  if (read.text_if("done")) job.done = read.time("done");
  job.ledger_after = read.number("ledger_after");
  job.calls = read.number("calls");
  job.calls_done = read.number("calls_done");
  job.bytes = read.number("bytes");
  job.sha256 = read.text_if("sha256");
  job.trouble = read.text_if("trouble");
  const std::string state = read.text("state");
  bool is_state = false;
  for (const ExportState one : kStates) {
    if (name_of(one) != state) continue;
    job.state = one;
    is_state = true;
  }
  const bool has_recipient = !job.recipient || AgeRecipient::parse(*job.recipient);
  if (!read.ok || !is_state || !has_recipient) return no_job();
  if (job.state == ExportState::ready && (!job.sha256 || !job.done)) return no_job();
  return job;
}

}  // namespace assent
