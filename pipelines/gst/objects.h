// Ownership of GStreamer's reference-counted things, and its failures as our Errors. Included by .cpp files here only,
// so that GStreamer's headers reach nobody else.
//
// An ObjectRef owns one reference. Any thread.
#pragma once

#include <gst/gst.h>

#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace assent::gst {

struct ObjectUnref {
  void operator()(gpointer object) const { gst_object_unref(object); }
};
template <typename Object>
using ObjectRef = std::unique_ptr<Object, ObjectUnref>;

struct MiniUnref {
  void operator()(GstCaps* caps) const { gst_caps_unref(caps); }
  void operator()(GstSample* sample) const { gst_sample_unref(sample); }
  void operator()(GstMessage* message) const { gst_message_unref(message); }
};
using CapsRef = std::unique_ptr<GstCaps, MiniUnref>;
using SampleRef = std::unique_ptr<GstSample, MiniUnref>;
using MessageRef = std::unique_ptr<GstMessage, MiniUnref>;

// Frees `failure`.
inline Error take_failure(const std::string& what, GError* failure) {
  auto made = error(Errc::unavailable, "GStreamer \"" + what + "\": " + failure->message);
  g_error_free(failure);
  return made;
}

// The first error that waits on the bus, if one does.
inline std::optional<Error> take_bus_error(GstBus& bus, const std::string& what) {
  const MessageRef message(gst_bus_pop_filtered(&bus, GST_MESSAGE_ERROR));
  if (!message) return std::nullopt;
  GError* failure = nullptr;
  gst_message_parse_error(message.get(), &failure, nullptr);
  auto made = take_failure(what, failure);
  made.code = Errc::corrupt;
  return made;
}

inline void append_buffer(GstBuffer& buffer, Bytes& out) {
  const auto at = out.size();
  out.resize(at + gst_buffer_get_size(&buffer));
  out.resize(at + gst_buffer_extract(&buffer, 0, out.data() + at, out.size() - at));
}

}  // namespace assent::gst
