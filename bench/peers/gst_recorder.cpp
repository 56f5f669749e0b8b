// gst_recorder: records RTP with one GStreamer pipeline a leg, all in one process, as one would write it with
// GStreamer.
//
//   gst_recorder wavenc|matroskamux
//
// Standard input names the legs, ADDRESS PORT FILE a line, and ends them with an empty line. When all sockets are bound
// it prints "ready"; when standard input ends, every pipeline is ended and its file finished, and it prints "done". It
// stays until it is killed, so that what it used can still be read.
#include <gst/gst.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <vector>

namespace {

struct Leg {
  std::string address;
  std::uint16_t port = 0;
  std::string file;
};

struct Unref {
  void operator()(GstElement* element) const { gst_object_unref(element); }
};
using Element = std::unique_ptr<GstElement, Unref>;

// What the pipelines' threads say: how many have ended. An error ends the program, because what it measures is spoiled.
class Ends {
 public:
  void watch(GstElement* pipeline) {
    GstBus* bus = gst_element_get_bus(pipeline);
    gst_bus_set_sync_handler(bus, &Ends::take, this, nullptr);
    gst_object_unref(bus);
  }
  void await(std::size_t pipelines) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return ended_ == pipelines; });
  }

 private:
  // Nobody reads the buses, so nothing may stay on them.
  static GstBusSyncReply take(GstBus*, GstMessage* message, gpointer self) {
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
      GError* error = nullptr;
      gst_message_parse_error(message, &error, nullptr);
      std::cerr << "gst_recorder: " << error->message << std::endl;
      std::_Exit(EXIT_FAILURE);
    }
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS) static_cast<Ends*>(self)->count();
    gst_message_unref(message);
    return GST_BUS_DROP;
  }
  void count() {
    const std::lock_guard lock(mutex_);
    ++ended_;
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t ended_ = 0;
};

std::vector<Leg> read_legs() {
  std::vector<Leg> legs;
  for (std::string line; std::getline(std::cin, line) && !line.empty();) {
    std::istringstream words(line);
    Leg leg;
    if (!(words >> leg.address >> leg.port >> leg.file)) {
      std::cerr << "gst_recorder: \"" << line << "\" is not ADDRESS PORT FILE" << std::endl;
      std::exit(EXIT_FAILURE);
    }
    legs.push_back(leg);
  }
  return legs;
}

template <typename... Value>
void set(GstElement* pipeline, const char* element, const char* property, Value... value) {
  const Element found(gst_bin_get_by_name(GST_BIN(pipeline), element));
  g_object_set(found.get(), property, value..., nullptr);
}

Element make_pipeline(const Leg& leg, const std::string& container) {
  const std::string description =
      "udpsrc name=from caps=application/x-rtp,media=audio,clock-rate=8000,encoding-name=PCMU,payload=0"
      " ! rtpjitterbuffer ! rtppcmudepay ! " +
      container + " ! filesink name=to";
  GError* error = nullptr;
  Element pipeline(gst_parse_launch(description.c_str(), &error));
  if (error != nullptr || pipeline == nullptr) {
    std::cerr << "gst_recorder: " << (error != nullptr ? error->message : "no pipeline") << std::endl;
    std::exit(EXIT_FAILURE);
  }
  set(pipeline.get(), "from", "address", leg.address.c_str());
  set(pipeline.get(), "from", "port", static_cast<gint>(leg.port));
  set(pipeline.get(), "to", "location", leg.file.c_str());
  return pipeline;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string container = argc == 2 ? argv[1] : "";
  if (container != "wavenc" && container != "matroskamux") {
    std::cerr << "usage: gst_recorder wavenc|matroskamux < legs" << std::endl;
    return 2;
  }
  gst_init(nullptr, nullptr);
  Ends ends;
  std::vector<Element> pipelines;
  for (const Leg& leg : read_legs()) {
    pipelines.push_back(make_pipeline(leg, container));
    ends.watch(pipelines.back().get());
    if (gst_element_set_state(pipelines.back().get(), GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE) {
      std::cerr << "gst_recorder: a pipeline does not start" << std::endl;
      return EXIT_FAILURE;
    }
  }
  std::cout << "ready" << std::endl;

  for (std::string line; std::getline(std::cin, line);) {
  }
  for (const Element& pipeline : pipelines) gst_element_send_event(pipeline.get(), gst_event_new_eos());
  ends.await(pipelines.size());
  std::cout << "done" << std::endl;

  for (;;) pause();
}
