#include "tools/assent/receipt_file.h"

#include <utility>

#include "tools/assent/text_table.h"

namespace assent {
namespace {

std::string why_none(const Json& erasure) {
  const std::string why = printable(text_at(erasure, "no_receipt"));
  return why.empty() ? "the engine gives none" : why;
}

}  // namespace

Result<ReceiptFile> ReceiptFile::create(const std::optional<std::filesystem::path>& path) {
  if (!path) return ReceiptFile(std::nullopt);
  auto file = OutputFile::create_new(*path);
  if (!file) return file.error();
  return ReceiptFile(*std::move(file));
}

Result<void> ReceiptFile::keep(const Json& erasure) {
  if (!file_) return {};
  const std::string jws = text_at(object_at(erasure, "receipt"), "jws");
  if (jws.empty()) return error(Errc::not_found, "it is done, but there is no receipt: " + why_none(erasure));
  if (auto written = file_->write(bytes_of(jws + "\n")); !written) return written;
  return file_->finish();
}

std::string receipt_text(const Json& erasure) {
  const std::string id = text_at(object_at(erasure, "receipt"), "id");
  return id.empty() ? "no receipt: " + why_none(erasure) : "receipt " + printable(id);
}

}  // namespace assent
