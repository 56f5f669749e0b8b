#include "pipelines/processor_config.h"

#include <algorithm>

#include "engine/control/tokens.h"
#include "pipelines/webhook_config.h"

namespace assent {
namespace {

constexpr std::string_view kPlaces = "secret_file = \"stt.secret\" or secret_env = \"ASSENT_STT_SECRET\"";
constexpr std::string_view kUrls = "\"https://HOST/PATH\", or http to 127.0.0.1, [::1] or localhost";

bool is_this_machine(std::string_view host) {
  const bool is_number =
      std::all_of(host.begin(), host.end(), [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
  return host == "localhost" || host == "[::1]" || (is_number && host.starts_with("127."));
}

void read_limits(SectionReader& section, DeliveryLimits& limits) {
  section.take("timeout", limits.timeout, {limits::kProcessorTimeoutMin, limits::kProcessorTimeoutMax});
  section.take("retry_first", limits.retry_first, {limits::kProcessorRetryMin, limits::kProcessorRetryMax});
  section.take("retry_longest", limits.retry_longest, {limits::kProcessorRetryMin, limits::kProcessorRetryMax});
  section.take("attempts", limits.attempts, {1, limits::kProcessorAttemptsMax});
  section.take("give_up", limits.give_up, {limits::kProcessorPatienceMin, limits::kProcessorPatienceMax});
  section.take("confirm_within", limits.confirm, {limits::kProcessorPatienceMin, limits::kProcessorPatienceMax});
  if (limits.retry_first > limits.retry_longest) {
    section.refuse(section.place_of("retry_first"), "retry_first", "is longer than retry_longest", "at most that");
  }
}

void read_purposes_of(SectionReader& section, pipeline::Processor& processor, const PurposeRegistry& purposes) {
  section.require("purposes", "what it is fed by, such as [\"transcription\"]");
  processor.purposes = section.take_texts("purposes").value_or(std::vector<std::string>());
  if (section.has("purposes") && processor.purposes.empty()) {
    section.refuse(section.place_of("purposes"), "purposes", "is empty", "one of [[purposes]] or more");
  }
  for (const std::string& purpose : processor.purposes) {
    if (purposes.find(purpose)) continue;
    section.refuse(section.place_of("purposes"), "purposes", in_quotes(purpose) + " is not a purpose of this file",
                   "those of [[purposes]]");
  }
  std::sort(processor.purposes.begin(), processor.purposes.end());
  processor.purposes.erase(std::unique(processor.purposes.begin(), processor.purposes.end()), processor.purposes.end());
}

std::optional<pipeline::Processor> read_processor(SectionReader&& section, const PurposeRegistry& purposes) {
  pipeline::Processor processor;
  section.require("name", "a name such as \"stt\", which stands in its paths and on record");
  processor.name = section.take_text("name", limits::kNameBytes).value_or("");
  section.require("url", kUrls);
  processor.url = section.take_text("url", limits::kProcessorUrlBytes).value_or("");
  read_purposes_of(section, processor, purposes);
  section.take("window", processor.window, {limits::kWebhookWindowMin, limits::kWebhookWindowMax});
  read_limits(section, processor.limits);
  const auto secret = take_secret_place(section, "secret_file", "secret_env");
  processor.previous = take_secret_place(section, "previous_secret_file", "previous_secret_env");
  section.finish();
  if (!section.has("secret_file") && !section.has("secret_env")) {
    section.refuse(section.place_of("secret_file"), "secret_file", "is missing", std::string(kPlaces));
  }
  if (!processor.name.empty() && !is_token_id(processor.name)) {
    section.refuse(section.place_of("name"), "name", in_quotes(processor.name) + " is not a processor's name",
                   "1 to 64 of a-z, 0-9, '.', '_' and '-'");
    return std::nullopt;
  }
  const auto host = processor_host(processor.url);
  if (!processor.url.empty() && !host) {
    section.refuse(section.place_of("url"), "url", in_quotes(processor.url) + " is no address to send this to",
                   std::string(kUrls));
  }
  if (processor.name.empty() || !secret || !host) return std::nullopt;
  processor.host = *host;
  processor.secret = *secret;
  return processor;
}

}  // namespace

std::optional<std::string> processor_host(std::string_view url) {
  const bool is_plain = std::all_of(url.begin(), url.end(), [](char c) { return c > 0x20 && c < 0x7F; });
  if (!is_plain || url.find_first_of("#@\\\"<>") != std::string_view::npos) return std::nullopt;
  const bool is_https = url.starts_with("https://");
  if (!is_https && !url.starts_with("http://")) return std::nullopt;
  url.remove_prefix(is_https ? 8 : 7);
  const std::string_view authority = url.substr(0, url.find_first_of("/?"));
  const std::size_t bracket = authority.find(']');
  const std::size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  const std::string_view host = authority.substr(0, colon);
  if (colon != std::string_view::npos) {
    const std::string_view port = authority.substr(colon + 1);
    const bool is_port = !port.empty() && port.size() <= 5 &&
                         std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!is_port) return std::nullopt;
  }
  if (host.empty() || (!is_https && !is_this_machine(host))) return std::nullopt;
  return std::string(host);
}

std::vector<pipeline::Processor> read_processors(SectionReader& document, const PurposeRegistry& purposes,
                                                 ConfigErrors& errors) {
  std::vector<pipeline::Processor> processors;
  for (const TomlValue* table : document.take_tables("processors")) {
    auto processor = read_processor(SectionReader(*table, "processors", errors), purposes);
    if (!processor) continue;
    const bool twice = std::any_of(processors.begin(), processors.end(),
                                   [&](const pipeline::Processor& other) { return other.name == processor->name; });
    if (twice) {
      errors.push_back({table->place, "processors.name: " + in_quotes(processor->name) + " stands there twice",
                        "each name once; a second secret is previous_secret_file"});
    } else if (processors.size() == limits::kToldProcessors) {
      errors.push_back(
          {table->place, "processors: this is one too many", "at most " + std::to_string(limits::kToldProcessors)});
    } else {
      processors.push_back(std::move(*processor));
    }
  }
  return processors;
}

}  // namespace assent
