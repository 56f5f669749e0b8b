#include "pipelines/controller_config.h"

namespace assent {

std::optional<pipeline::Controller> read_controller(SectionReader&& section) {
  pipeline::Controller controller;
  const auto take = [&](std::string_view key, std::string& value) {
    section.require(key, "text; a controller needs id, name, address, contact and jurisdiction");
    if (auto text = section.take_text(key, limits::kNoteBytes)) value = std::move(*text);
  };
  take("id", controller.party.id);
  take("name", controller.party.name);
  take("address", controller.party.address);
  take("contact", controller.party.contact);
  take("jurisdiction", controller.jurisdiction);
  controller.party.authority = section.take_text("authority", limits::kNoteBytes);
  const auto take_optional = [&](std::string_view key, std::string& value) {
    if (auto text = section.take_text(key, limits::kNoteBytes)) value = std::move(*text);
  };
  take_optional("storage_location", controller.storage_location);
  take_optional("withdrawal", controller.withdrawal);
  take_optional("rights", controller.rights);
  section.finish();
  return controller;
}

std::optional<ReceiptTerms> receipt_terms(const PipelineSettings& settings) {
  if (!settings.controller) return std::nullopt;
  const pipeline::Controller& said = *settings.controller;
  return ReceiptTerms{said.party, said.jurisdiction, said.storage_location, said.withdrawal, said.rights};
}

}  // namespace assent
