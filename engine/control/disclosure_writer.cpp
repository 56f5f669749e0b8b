#include "engine/control/disclosure_writer.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "crypto/jws.h"
#include "crypto/wipe.h"
#include "engine/disclosure/disclosed_json.h"
#include "engine/disclosure/html_page.h"
#include "engine/disclosure/readme.h"
#include "engine/disclosure/vcon.h"
#include "engine/store/segment_source.h"

namespace assent {
namespace {

constexpr std::size_t kPieceBytes = limits::kApiChunkBytes;

// A file's packets, for as long as it is rendered. What does not verify is a hole in it, and is counted by the source.
class StoredPackets final : public LegPackets {
 public:
  explicit StoredPackets(std::shared_ptr<SegmentSource> source) : source_(std::move(source)) {}
  Result<std::optional<LegPacket>> next() override { return source_->next(); }

 private:
  std::shared_ptr<SegmentSource> source_;
};

// Audio in clear, in ordinary memory: wiped when it has been passed on.
class Piece {
 public:
  Piece() : bytes_(kPieceBytes) {}
  ~Piece() { wipe(bytes_); }
  ByteSpan all() { return bytes_; }
  ByteView first(std::size_t count) const { return ByteView(bytes_).first(count); }

 private:
  Bytes bytes_;
};

}  // namespace

Result<std::unique_ptr<SealedFileWriter>> DisclosureWriter::make_file(const SecretKey& key, ExportPart part) {
  return SealedFileWriter::create(parts_.folder.disk(), parts_.folder.path(job_.id, part), key, job_.key,
                                  {{"assent:export", to_text(job_.id)}, {"assent:subject", to_text(job_.subject)}});
}

Result<Sha256Digest> DisclosureWriter::write() {
  auto person = reader_.person(job_);
  if (!person) return person.error();
  person_ = *std::move(person);
  const auto key = parts_.keys.open_copy(job_.key);
  if (!key) return key.error();
  std::optional<AgeRecipient> recipient;
  if (job_.recipient) {
    auto parsed = AgeRecipient::parse(*job_.recipient);
    if (!parsed) return parsed.error();
    recipient = *parsed;
  }
  for (auto& [file, part] : {std::pair{&file_, ExportPart::archive}, std::pair{&page_, ExportPart::page},
                             std::pair{&calls_, ExportPart::person}}) {
    auto made = make_file(*key, part);
    if (!made) return made.error();
    *file = *std::move(made);
  }
  auto archive = DisclosureArchive::create(recipient, person_.at, [this](ByteView bytes) -> Result<void> {
    if (auto going = parts_.goes_on(); !going) return going;
    return file_->append(bytes);
  });
  if (!archive) return archive.error();
  archive_ = *std::move(archive);

  if (auto done = archive_->add("README.txt", readme_of(person_)); !done) return done.error();
  if (auto done = write_calls(); !done) return done.error();
  if (auto done = write_person(*key); !done) return done.error();
  if (auto done = write_page(*key); !done) return done.error();
  const auto digest = archive_->finish();
  if (!digest) return digest.error();
  if (auto done = file_->finish(); !done) return done.error();
  progress_.bytes = file_->length_bytes();
  parts_.tell(progress_);
  if (auto done = parts_.folder.sync(); !done) return done.error();
  return *digest;
}

// ---- the calls ------------------------------------------------------------------------------------------------------

Result<void> DisclosureWriter::write_calls() {
  const auto rows = reader_.calls(job_.subject);
  if (!rows) return rows.error();
  progress_.calls = rows->size();
  person_.calls = rows->size();
  parts_.tell(progress_);
  for (const CallRow& row : *rows) {
    if (auto going = parts_.goes_on(); !going) return going;
    auto call = reader_.call(row, job_.subject);
    if (!call) return call.error();
    if (auto done = write_call(*std::move(call)); !done) return done;
    ++progress_.calls_done;
    progress_.bytes = file_->length_bytes();
    parts_.tell(progress_);
  }
  if (auto done = page_->finish(); !done) return done;
  return calls_->finish();
}

Result<void> DisclosureWriter::write_call(DisclosedCall call) {
  std::set<ParticipantId> own;
  for (const DisclosedParticipant& one : call.participants) {
    one.is_them ? void(own.insert(one.id)) : void(others_.insert(to_text(one.id)));
  }
  const auto legs = parts_.catalog.legs(call.row.id);
  if (!legs) return legs.error();
  for (const LegRow& leg : *legs) {
    if (!own.contains(leg.participant)) others_.insert(to_text(leg.id));
  }
  for (DisclosedLeg& leg : call.legs) {
    for (DisclosedAudio& audio : leg.audio) {
      if (auto done = write_wav(audio); !done) return done;
    }
  }
  if (auto done = write_vcon(call); !done) return done;
  if (auto done = page_->append(bytes_of(page_of_call(call))); !done) return done;
  const std::string separator = progress_.calls_done == 0 ? "" : ",";
  return calls_->append(bytes_of(separator + dump(json_of_call(call))));
}

RenderSpec DisclosureWriter::render_spec(const DisclosedAudio& audio, std::shared_ptr<SegmentSource>& source) {
  source = std::make_shared<SegmentSource>(parts_.store, audio.segments,
                                           [this](KeyId id) { return parts_.keys.open_copy(id); });
  RenderSpec spec{{}, audio.start, audio.end, audio.rate_hz};
  spec.legs.push_back(std::make_unique<StoredPackets>(source));
  return spec;
}

Result<void> DisclosureWriter::write_wav(DisclosedAudio& audio) {
  std::shared_ptr<SegmentSource> source;
  auto stream = parts_.renderer.wav(render_spec(audio, source));
  if (!stream) return stream.error();
  if (auto done = archive_->begin(audio.name, Packing::stored, stream->length_bytes); !done) return done;
  Piece piece;
  for (;;) {
    const auto pulled = stream->pull(piece.all());
    if (!pulled) return pulled.error();
    if (*pulled == 0) break;
    if (auto done = archive_->write(piece.first(*pulled)); !done) return done;
  }
  audio.damages = source->damages().size();
  return {};
}

Result<void> DisclosureWriter::write_vcon(const DisclosedCall& call) {
  const std::string uuid = to_text(new_id<ExportId>(person_.at));
  const std::string name = "calls/" + to_text(call.row.id) + "/vcon.json";
  if (auto done = archive_->begin(name, Packing::deflated); !done) return done;
  for (const VconPiece& piece : vcon_of(call, uuid, person_.at)) {
    if (auto done = archive_->write(piece.text); !done) return done;
    if (piece.audio == nullptr) continue;
    if (auto done = write_ogg(*piece.audio); !done) return done;
  }
  return {};
}

// Three bytes are four characters, so what is over waits for the next piece.
Result<void> DisclosureWriter::write_ogg(const DisclosedAudio& audio) {
  std::shared_ptr<SegmentSource> source;
  auto stream = parts_.renderer.ogg(render_spec(audio, source));
  if (!stream) return stream.error();
  Piece piece;
  std::size_t over = 0;
  for (;;) {
    const auto pulled = stream->pull(piece.all().subspan(over));
    if (!pulled) return pulled.error();
    const std::size_t there = over + *pulled;
    const std::size_t whole = *pulled == 0 ? there : there - there % 3;
    if (auto done = archive_->write(to_base64url(piece.first(whole))); !done) return done;
    if (*pulled == 0) return {};
    over = there - whole;
    std::copy_n(piece.all().begin() + static_cast<std::ptrdiff_t>(whole), over, piece.all().begin());
  }
}

// ---- what comes at the end ------------------------------------------------------------------------------------------

Result<void> DisclosureWriter::copy_part(const SecretKey& key, ExportPart part) {
  auto reader = SealedFileReader::open(parts_.folder.disk(), parts_.folder.path(job_.id, part), key, job_.key);
  if (!reader) return reader.error();
  Piece piece;
  for (std::uint64_t at = 0;;) {
    const auto got = (*reader)->read_at(at, piece.all());
    if (!got) return got.error();
    if (*got == 0) return {};
    if (auto done = archive_->write(piece.first(*got)); !done) return done;
    at += *got;
  }
}

Result<void> DisclosureWriter::write_person(const SecretKey& key) {
  if (auto done = archive_->begin("person.json", Packing::deflated); !done) return done;
  std::string head = dump(json_of_person(person_));
  head.pop_back();
  if (auto done = archive_->write(head + ",\"calls\":["); !done) return done;
  if (auto done = copy_part(key, ExportPart::person); !done) return done;
  if (auto done = archive_->write("],\"ledger\":["); !done) return done;
  if (auto done = write_ledger(); !done) return done;
  return archive_->write("]}\n");
}

Result<void> DisclosureWriter::write_ledger() {
  LedgerFilter filter{std::nullopt, job_.subject, 0, limits::kCatalogListRows};
  bool any = false;
  for (;;) {
    const auto rows = parts_.catalog.ledger(filter);
    if (!rows) return rows.error();
    for (const LedgerRow& row : *rows) {
      filter.after_seq = row.seq;
      if (!is_about(row, others_)) continue;
      const std::string separator = any ? "," : "";
      any = true;
      if (auto done = archive_->write(separator + dump(json_of_record(row))); !done) return done;
    }
    if (rows->size() < filter.limit) return {};
    if (auto going = parts_.goes_on(); !going) return going;
  }
}

Result<void> DisclosureWriter::write_page(const SecretKey& key) {
  if (auto done = archive_->begin("index.html", Packing::deflated); !done) return done;
  if (auto done = archive_->write(page_head(person_)); !done) return done;
  if (auto done = copy_part(key, ExportPart::page); !done) return done;
  return archive_->write(page_end());
}

}  // namespace assent
