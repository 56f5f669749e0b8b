#include "pipelines/processor_wiring.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "pipelines/webhook_secrets.h"

namespace assent {
namespace {

pipeline::Webhook secrets_of(const pipeline::Processor& processor) {
  return {processor.name, processor.secret, processor.previous, std::nullopt, processor.window};
}

}  // namespace

ProcessorWiring::ProcessorWiring(Parts parts)
    : parts_(std::move(parts)),
      desk_(ProcessorDesk::Parts{parts_.catalog, parts_.writer, keys_, [this] {
                                   return deliveries_ ? deliveries_->counts() : std::vector<DeliveryCounts>();
                                 }}) {}

Result<std::unique_ptr<ProcessorWiring>> ProcessorWiring::create(Parts parts,
                                                                 const std::vector<pipeline::Processor>& processors) {
  std::unique_ptr<ProcessorWiring> wiring(new ProcessorWiring(std::move(parts)));
  if (auto taken = wiring->take(processors); !taken) return taken.error();
  return wiring;
}

void ProcessorWiring::start() {
  deliveries_.emplace(
      Deliveries::Parts{parts_.catalog, parts_.writer, [this] { return parts_.catalog.outbox_version(); },
                        [this](const std::string& processor, std::string_view body, WallTime now) {
                          return keys_.sign(processor, body, now);
                        },
                        parts_.report},
      targets_);
}

Result<void> ProcessorWiring::replace(const std::vector<pipeline::Processor>& processors) {
  if (auto taken = take(processors); !taken) return taken;
  if (deliveries_) deliveries_->set_targets(targets_);
  return {};
}

Result<void> ProcessorWiring::take(const std::vector<pipeline::Processor>& processors) {
  std::vector<pipeline::Webhook> secrets;
  std::vector<DeliveryTarget> targets;
  booking::SetProcessors set{{}, read_clocks().wall};
  for (const pipeline::Processor& one : processors) {
    secrets.push_back(secrets_of(one));
    targets.push_back({one.name, one.url, one.limits});
    set.rows.push_back({one.name, nlohmann::json(one.purposes).dump(), one.host, set.at});
  }
  auto opened = open_webhooks(secrets, parts_.state, "processor");
  if (!opened) return opened.error();
  if (auto booked = parts_.writer.book_and_wait({std::move(set)}); !booked) return booked;
  keys_.replace(*std::move(opened));
  targets_ = std::move(targets);
  return {};
}

}  // namespace assent
