// ShardsRig: all of an engine but its API, as one pipeline text says: real shards with their threads and sockets on the
// loopback address, one catalog and store, on a folder of the test's own.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "../tools/temporary_folder.h"
#include "crypto/file_root_key.h"
#include "engine/calls/live_calls.h"
#include "engine/catalog/sqlite_catalog.h"
#include "engine/store/file_store.h"
#include "pipelines/journal_eraser.h"
#include "pipelines/shard_unit.h"

namespace assent {

class ShardsRig {
 public:
  explicit ShardsRig(const std::string& pipeline);
  ~ShardsRig();  // ends what is live
  ShardsRig(const ShardsRig&) = delete;
  ShardsRig& operator=(const ShardsRig&) = delete;

  static CallSpec call_of(std::size_t legs);  // of one participant, "customer"
  Result<CallView> create(std::size_t legs = 1) { return calls->create_call(call_of(legs), caller); }
  std::size_t shard_of(CallId call);  // which has it
  void grant(CallId call);
  void talk(const LegView& leg, int packets);  // 20 ms of PCMU each, as fast as it goes, until they have been received
  std::vector<std::string> objects() { return *store->list(); }

  const Caller caller{"a-token"};

  TemporaryFolder folder;
  RealDisk disk;
  const PipelineSettings settings;
  std::unique_ptr<SqliteCatalog> catalog;
  std::optional<FileRootKey> root;
  std::optional<KeyRing> keys;
  std::optional<CatalogWriter> writer;
  std::unique_ptr<FileStore> store;
  std::optional<DatagramSources> sources;
  PipelineDefaults defaults;
  OverloadState overload;
  std::optional<CallQuota> quota;
  DtlsDesk handshakes;
  std::vector<std::unique_ptr<ShardUnit>> units;
  std::optional<LegEraser> eraser;
  std::optional<LiveCalls> calls;
  std::optional<StepThread> handshake_thread;

 private:
  std::vector<ShardStorage> storages();
};

}  // namespace assent
