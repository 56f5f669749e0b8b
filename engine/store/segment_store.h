// SegmentStore: where finished segments lie, one object each: local files now, S3 later.
//
// An object appears whole or not at all, is never changed, and is there after a power loss once `put` has returned
// success. A store need not know what is in an object. Any thread. Errors: Errc::not_found; Errc::conflict when another
// object has the name; Errc::exhausted when there is no room; Errc::invalid for a name that no store would take;
// Errc::io.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "engine/store/object_bytes.h"

namespace assent {

class SegmentStore {
 public:
  virtual ~SegmentStore() = default;

  // Durable on success. An object of that name with the same bytes is accepted: a crash came between storing and
  // booking.
  virtual Result<void> put(const std::string& name, ObjectBytes& content) = 0;
  // Several at once, which costs a store less than one after the other; what became of each, in order.
  struct NewObject {
    const std::string& name;
    ObjectBytes& content;
  };
  virtual std::vector<Result<void>> put_all(std::span<const NewObject> objects);

  virtual Result<std::unique_ptr<ObjectBytes>> open(const std::string& name) = 0;
  // On success nothing of that name is there, which was checked, and will not be after a power loss. Nothing there to
  // begin with is success, too.
  virtual Result<void> remove(const std::string& name) = 0;
  // Several at once, likewise; after an error some may be gone.
  virtual Result<void> remove_all(std::span<const std::string> names);
  virtual Result<std::vector<std::string>> list() = 0;  // by name
  // What lies in one folder, by full name; nothing when there is no such folder.
  virtual Result<std::vector<std::string>> list_folder(const std::string& folder) = 0;
};

// "2026-11-24/<call>/<leg>-0001.assent": the UTC day on which the segment started; numbers from 1 within the leg.
struct SegmentPlace {
  WallTime started;
  CallId call;
  LegId leg;
  std::uint32_t number = 0;
};
std::string object_name(const SegmentPlace& place);
std::string object_folder(WallTime day, CallId call);  // of a call's segments that started on that UTC day
// The name under which the bytes of a segment are kept of which some page did not verify.
std::string quarantine_name(const SegmentPlace& place);

// Parts between slashes of letters, digits, '-', '_' and '.', none beginning with a dot.
bool is_object_name(std::string_view name);

}  // namespace assent
