#include "pipelines/gst/element_chain.h"

#include <gst/gst.h>

#include "pipelines/gst/objects.h"
#include "pipelines/gst/start.h"

namespace assent::gst {
namespace {

class RunningChain final : public ElementChain {
 public:
  RunningChain(const RunningChain&) = delete;
  RunningChain& operator=(const RunningChain&) = delete;

  static Result<std::unique_ptr<ElementChain>> open(const ChainSpec& spec) {
    std::unique_ptr<RunningChain> chain(new RunningChain);
    if (auto built = chain->build(spec); !built) return built.error();
    return std::unique_ptr<ElementChain>(std::move(chain));
  }

  ~RunningChain() override {
    if (bin_) gst_element_set_state(bin_.get(), GST_STATE_NULL);
    if (feed_) gst_pad_set_active(feed_.get(), FALSE);
    if (collect_) gst_pad_set_active(collect_.get(), FALSE);
  }

  Result<void> push(ByteView bytes, Bytes& out) override {
    if (bytes.empty()) return {};
    out_ = &out;
    GstBuffer* buffer = gst_buffer_new_memdup(bytes.data(), bytes.size());
    const auto flow = gst_pad_push(feed_.get(), buffer);
    out_ = nullptr;
    if (flow != GST_FLOW_OK) return bus_failure(gst_flow_get_name(flow));
    return {};
  }

  Result<void> drain(Bytes& out) override {
    out_ = &out;
    const bool passed = gst_pad_push_event(feed_.get(), gst_event_new_eos()) != FALSE;
    out_ = nullptr;
    if (!passed) return bus_failure("the end was refused");
    return {};
  }

 private:
  RunningChain() = default;

  Result<void> build(const ChainSpec& spec) {
    if (auto started = start_gstreamer(); !started) return started.error();
    name_ = spec.elements;
    const auto text = spec.elements + " ! capsfilter caps=\"" + spec.output_caps + "\"";
    GError* failure = nullptr;
    GstElement* parsed =
        gst_parse_bin_from_description_full(text.c_str(), TRUE, nullptr, GST_PARSE_FLAG_FATAL_ERRORS, &failure);
    if (parsed != nullptr) bin_.reset(static_cast<GstElement*>(gst_object_ref_sink(parsed)));
    if (failure != nullptr) return take_failure(spec.elements, failure);
    bus_.reset(gst_bus_new());
    gst_element_set_bus(bin_.get(), bus_.get());

    feed_.reset(static_cast<GstPad*>(gst_object_ref_sink(gst_pad_new("feed", GST_PAD_SRC))));
    collect_.reset(static_cast<GstPad*>(gst_object_ref_sink(gst_pad_new("collect", GST_PAD_SINK))));
    gst_pad_set_element_private(collect_.get(), this);
    gst_pad_set_chain_function(collect_.get(), collect);
    gst_pad_set_event_function(collect_.get(), swallow_event);
    gst_pad_set_active(feed_.get(), TRUE);
    gst_pad_set_active(collect_.get(), TRUE);
    return run(spec);
  }

  Result<void> run(const ChainSpec& spec) {
    const ObjectRef<GstPad> in(gst_element_get_static_pad(bin_.get(), "sink"));
    const ObjectRef<GstPad> out(gst_element_get_static_pad(bin_.get(), "src"));
    const CapsRef caps(gst_caps_from_string(spec.input_caps.c_str()));
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    const bool runs = in && out && caps && gst_pad_link(feed_.get(), in.get()) == GST_PAD_LINK_OK &&
                      gst_pad_link(out.get(), collect_.get()) == GST_PAD_LINK_OK &&
                      gst_element_set_state(bin_.get(), GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE &&
                      gst_pad_query_accept_caps(in.get(), caps.get()) != FALSE &&
                      gst_pad_push_event(feed_.get(), gst_event_new_stream_start("leg")) != FALSE &&
                      gst_pad_push_event(feed_.get(), gst_event_new_caps(caps.get())) != FALSE &&
                      gst_pad_push_event(feed_.get(), gst_event_new_segment(&segment)) != FALSE;
    if (!runs) return error(Errc::unavailable, "GStreamer cannot run \"" + name_ + "\" on " + spec.input_caps);
    return {};
  }

  Error bus_failure(const char* otherwise) {
    if (auto posted = take_bus_error(*bus_, name_)) return *posted;
    return error(Errc::corrupt, "GStreamer \"" + name_ + "\": " + otherwise);
  }

  static GstFlowReturn collect(GstPad* pad, GstObject* /*parent*/, GstBuffer* buffer) {
    auto* self = static_cast<RunningChain*>(gst_pad_get_element_private(pad));
    if (self->out_ != nullptr) append_buffer(*buffer, *self->out_);
    gst_buffer_unref(buffer);
    return GST_FLOW_OK;
  }

  static gboolean swallow_event(GstPad* /*pad*/, GstObject* /*parent*/, GstEvent* event) {
    gst_event_unref(event);
    return TRUE;
  }

  std::string name_;
  ObjectRef<GstElement> bin_;
  ObjectRef<GstBus> bus_;
  ObjectRef<GstPad> feed_;     // what we push into
  ObjectRef<GstPad> collect_;  // what the row pushes into
  Bytes* out_ = nullptr;       // set for the time of one push
};

}  // namespace

Result<std::unique_ptr<ElementChain>> ElementChain::open(const ChainSpec& spec) { return RunningChain::open(spec); }

}  // namespace assent::gst
