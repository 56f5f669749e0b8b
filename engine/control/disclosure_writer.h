// DisclosureWriter: makes one export: reads a person call by call, and writes the archive into its sealed file.
//
//     DisclosureReader -> call -> audio (AudioRenderer), vCon -> DisclosureArchive -> SealedFileWriter
//                              -> its section of the page and of person.json, kept in sealed files until their turn
//
// So no more is held than one call's facts and a chunk of audio, and lists that are needed at the end (the calls' rows,
// the manifest, the ZIP's directory, whose ids are others'): a few KiB a call with the caches of what is read. What is
// said of a call in the several files is said from one reading of it.
//
// One thread. Errors: what `goes_on` says, and those of reader, renderer, store and disk. After an error the export's
// files are left as they are: the caller removes them.
#pragma once

#include <functional>
#include <set>
#include <string>

#include "base/result.h"
#include "engine/catalog/key_ring.h"
#include "engine/control/audio_renderer.h"
#include "engine/control/disclosure_reader.h"
#include "engine/disclosure/archive.h"
#include "engine/disclosure/export_folder.h"
#include "engine/disclosure/sealed_file.h"

namespace assent {

struct DisclosureProgress {
  std::uint64_t calls = 0;
  std::uint64_t calls_done = 0;
  std::uint64_t bytes = 0;
};

class DisclosureWriter {
 public:
  struct Parts {  // outlive the writer
    Catalog& catalog;
    KeyRing& keys;
    SegmentStore& store;
    AudioRenderer& renderer;
    ExportFolder& folder;
    std::function<Result<void>()> goes_on;  // asked with every piece that is written; an error ends it
    std::function<void(const DisclosureProgress&)> tell;
  };
  DisclosureWriter(Parts parts, DisclosureReader& reader, const ExportJob& job)
      : parts_(std::move(parts)), reader_(reader), job_(job) {}

  // The SHA-256 of the archive; its size is in the last progress that was told.
  Result<Sha256Digest> write();

 private:
  Result<std::unique_ptr<SealedFileWriter>> make_file(const SecretKey& key, ExportPart part);
  Result<void> write_calls();
  Result<void> write_call(DisclosedCall call);
  Result<void> write_wav(DisclosedAudio& audio);
  Result<void> write_vcon(const DisclosedCall& call);
  Result<void> write_ogg(const DisclosedAudio& audio);
  Result<void> write_person(const SecretKey& key);
  Result<void> write_ledger();
  Result<void> write_page(const SecretKey& key);
  Result<void> copy_part(const SecretKey& key, ExportPart part);
  RenderSpec render_spec(const DisclosedAudio& audio, std::shared_ptr<SegmentSource>& source);

  Parts parts_;
  DisclosureReader& reader_;
  const ExportJob& job_;
  DisclosedPerson person_;
  DisclosureProgress progress_;
  std::set<std::string> others_;  // participants and legs of everybody else
  std::unique_ptr<SealedFileWriter> file_;
  std::unique_ptr<SealedFileWriter> page_;
  std::unique_ptr<SealedFileWriter> calls_;
  std::unique_ptr<DisclosureArchive> archive_;
};

}  // namespace assent
