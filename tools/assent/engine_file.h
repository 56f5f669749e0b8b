// EngineFile: how the command line finds the engine that runs on a state folder: "engine.json", mode 0600, written once
// the API listens and removed at the end.
//
//   {"api": "127.0.0.1:8090", "pid": 4711}
//
// A crash leaves it behind, so it is a hint: that an engine runs is what the catalog's lock says. One thread.
// Errors: Errc::not_found (no engine has run here, or it has ended), Errc::corrupt, and the disk's own.
#pragma once

#include <filesystem>

#include "base/disk.h"
#include "base/endpoint.h"
#include "base/result.h"
#include "pipelines/state_folder.h"

namespace assent {

struct EngineFile {
  Endpoint api;
  std::int64_t pid = 0;
};

Result<void> write_engine_file(Disk& disk, const StateFolder& state, const EngineFile& content);
Result<EngineFile> read_engine_file(const StateFolder& state);
void remove_engine_file(Disk& disk, const StateFolder& state);  // best effort: the file is a hint

}  // namespace assent
