// RecordingService: what was recorded: finding it, showing it, hearing it.
//
// It decides who may hear what for which purpose (purpose_right.h, on what stands on record at that moment), and puts
// every access and every refusal on the ledger before anything is answered. It owns no audio: a stream it returns holds
// one frame of plaintext at a time, and stops when the recording is erased (`cut_streams`) or the right to hear it
// ends: that is asked again once a second while it is read, and at once when a withdrawal says so (`review_streams`).
// Erasing is erasures.h. It need not know HTTP, nor how audio is decoded (AudioRenderer).
//
// Any thread; a stream: one thread at a time. Errors: Errc::not_found (no such recording, leg or call; or it has been
// erased), Errc::denied (nobody consented to the purpose; on the ledger by then), Errc::corrupt (a segment that is
// damaged, and where), Errc::conflict, Errc::invalid, and those of catalog, key ring, store and renderer.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "engine/catalog/catalog.h"
#include "engine/catalog/catalog_writer.h"
#include "engine/catalog/key_ring.h"
#include "engine/catalog/leg_metrics.h"
#include "engine/catalog/person_fields.h"
#include "engine/catalog/said.h"
#include "engine/control/audio_renderer.h"
#include "engine/control/call_service.h"
#include "engine/control/listeners.h"
#include "engine/control/purpose_right.h"
#include "engine/store/segment_store.h"

namespace assent {

// What a listing asks for, in the words of the caller.
struct RecordingQuery {
  std::optional<std::string> subject;  // a subject's id, or the caller's own reference of the person
  std::optional<std::string> tenant;   // name; the default one also decides where `subject` is looked up
  std::optional<WallTime> from;
  std::optional<WallTime> to;
  std::optional<RecordingState> state;
  std::optional<RecordingId> cursor;
  std::size_t limit = limits::kPageRows;
};

struct RecordingSummary {
  RecordingRow row;
  std::string tenant;
};

struct RecordingPage {
  std::vector<RecordingSummary> recordings;  // newest first
  std::optional<RecordingId> cursor;         // when there may be more
};

// Sealed texts are empty when their key or they themselves are gone.
struct RecordedParticipant {
  ParticipantRow row;
  std::optional<ParticipantFields> fields;
  std::optional<std::string> subject;  // the caller's reference of the person
};
struct RecordedLeg {
  LegRow row;
  std::optional<std::string> label;
  std::optional<LegMetrics> metrics;  // once the call is over, of a leg of which something was kept
};
struct RecordedNote {
  NoteRow row;
  std::optional<std::string> text;
};

// What the call was like, beside what its legs tell (RecordedLeg::metrics).
struct CallMetrics {
  std::optional<milliseconds> duration;                        // once it is over
  std::vector<std::pair<ParticipantId, milliseconds>> opt_in;  // from joining to the first yes, of who said it
};

struct RecordingView {
  RecordingSummary summary;
  CallRow call;
  std::optional<std::string> ref;
  std::vector<RecordedParticipant> participants;
  std::vector<RecordedLeg> legs;
  std::vector<ConsentRow> consents;
  Said said;
  std::vector<SegmentRow> segments;
  std::vector<RecordedNote> notes;
  std::optional<CallMetrics> metrics;  // of show_details
  std::vector<HoldRow> holds;          // that stand and cover it
};

enum class AudioFormat { wav, ogg, mka };

struct AudioQuery {
  RecordingId recording;
  std::string purpose;
  std::vector<std::string> legs;  // labels or ids; none: all that hold audio
};

struct LegPeaks {
  LegRow leg;
  std::optional<std::string> label;
  std::vector<SamplePeak> peaks;
};
struct PeaksView {
  WallTime start;
  WallTime end;
  std::vector<LegPeaks> legs;
};

struct RecordingParts {  // outlive the service
  Catalog& catalog;
  CatalogWriter& writer;
  KeyRing& keys;
  SegmentStore& store;
  AudioRenderer& renderer;
  std::function<Now()> clock = read_clocks;
};

class RecordingService {
 public:
  explicit RecordingService(RecordingParts parts) : parts_(std::move(parts)), began_(parts_.clock()) {}

  Result<RecordingPage> list(const RecordingQuery& query);
  // Without what notes say.
  Result<RecordingView> show(RecordingId id);
  // With it, and what the call was like: a use, for a purpose that covers all that was kept of the call.
  Result<RecordingView> show_details(RecordingId id, const std::string& purpose, const Caller& caller);

  // Books the access, then reads.
  Result<BodyStream> audio(const AudioQuery& query, AudioFormat format, const Caller& caller);
  Result<PeaksView> peaks(const AudioQuery& query, std::size_t buckets, const Caller& caller);

  Result<NoteId> add_note(CallId call, const std::string& text, const Caller& caller);

  // Overwritten, and the catalog's files made to forget. Errc::not_found: nothing is there, or it is gone;
  // Errc::conflict: a legal hold covers the call, or it is live.
  Result<void> erase_note(CallId call, NoteId note, const Caller& caller);
  Result<void> erase_metrics(RecordingId id, const Caller& caller);

  // Puts on the ledger that the keys of the legs that may be heard for a purpose are given away, and says which they
  // are. Whoever opens them asks this first; the keys themselves are not opened here.
  struct KeyExport {
    CallId call;
    std::vector<KeyId> keys;  // of these legs, in their order
  };
  Result<KeyExport> record_key_export(RecordingId id, const std::string& purpose, const Caller& caller);

  // Every stream of the recording that is being read ends with an error at its next pull.
  void cut_streams(RecordingId id);
  // Those of them whose purpose nobody's consent covers any more.
  void review_streams(RecordingId id);
  void review_streams();  // of every recording

 private:
  // A recording's legs that may be heard and hold audio, and the time they span together.
  struct Audible {
    std::vector<RecordedLeg> legs;
    std::vector<std::vector<SegmentRow>> segments;  // of each
    WallTime start;
    WallTime end;
  };

  Result<RecordingFilter> filter_of(const RecordingQuery& query, bool& matches_nothing);
  Result<void> open_notes(RecordingView& view);
  Result<void> allow_details(const RecordingView& view, const std::string& purpose, const Caller& caller);
  Result<std::optional<LegMetrics>> metrics_of(const LegRow& leg);
  Result<RecordingSummary> summary_of(const RecordingRow& row);
  Result<RecordingRow> find(RecordingId id);
  Result<CallRow> find_call(CallId id);
  Result<std::vector<RecordedLeg>> legs_of(const CallRow& call);
  Result<std::vector<RecordedParticipant>> participants_of(const CallRow& call);
  Result<Audible> audible(const AudioQuery& query, std::string_view use, const Caller& caller);
  static void keep_for(const AudioQuery& query, Audible& audible);
  Result<WallTime> time_for_consents();
  Result<void> note_lapses(const HearingQuestion& question, const std::vector<ConsentRow>& consents);
  Result<void> check_whole(const Audible& audible);
  Result<std::vector<bool>> open_for(const std::string& purpose, const CallRow& call,
                                     const std::vector<RecordedLeg>& wanted);
  // Which of these hold audio that may not be read for the purpose, beside what may.
  Result<std::vector<bool>> legs_with_more(const RecordingRow& recording, const CallRow& call,
                                           const std::vector<RecordedLeg>& legs, const std::string& purpose);
  Result<void> check_right(const AudioQuery& query, const CallRow& call, const std::vector<RecordedLeg>& wanted,
                           std::string_view use, const Caller& caller);
  Result<void> book_use(LedgerKind kind, const AudioQuery& query, const CallRow& call,
                        const std::vector<RecordedLeg>& legs, std::string_view use, const Caller& caller);
  Result<std::set<ParticipantId>> erased_people(const CallRow& call, const std::vector<ParticipantRow>& participants);
  void review(const std::vector<std::shared_ptr<Listener>>& listeners);
  Result<void> may_still_hear(const Listener& listener);
  RenderSpec render_spec(const AudioQuery& query, const Audible& audible);
  std::unique_ptr<LegPackets> packets_of(const AudioQuery& query, LegId leg, const std::vector<SegmentRow>& segments);

  RecordingParts parts_;
  const Now began_;
  Listeners listeners_;
};

}  // namespace assent
