#include "bench/load/frame_pacer.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <net/if.h>
#include <sys/mman.h>

#include <cerrno>
#include <fstream>
#include <limits>
#include <string>

// The compiled program, which the build puts into this one.
extern "C" {
extern const char _binary_paced_frames_bpf_o_start[];
extern const char _binary_paced_frames_bpf_o_end[];
}

namespace assent::load {
namespace {

constexpr const char* kDevice = "lo";

Error refusal(const char* doing, int error_number) {
  if (error_number == EPERM || error_number == EACCES) {
    return error(Errc::denied,
                 std::string("live frames need CAP_NET_ADMIN and CAP_BPF: ") + doing + " is not permitted without");
  }
  if (error_number == EINVAL || error_number == ENOSYS || error_number == EOPNOTSUPP) {
    return error(Errc::unsupported,
                 std::string("live frames need Linux 5.18 with BPF: ") + doing + " is not possible here");
  }
  return os_error(doing, error_number);
}

bool is_set(const std::string& setting) {
  std::ifstream file("/proc/sys/net/ipv4/conf/" + setting);
  int value = 0;
  return file >> value && value != 0;
}

// Without these the stack drops every frame, and only a counter says so.
bool loopback_takes_frames() {
  const bool to_us = is_set("all/route_localnet") || is_set("lo/route_localnet");
  return to_us && !is_set("all/rp_filter") && !is_set("lo/rp_filter");
}

template <typename Value>
Result<Value*> share(bpf_object* object, const char* name, std::size_t count) {
  const bpf_map* map = bpf_object__find_map_by_name(object, name);
  void* memory = mmap(nullptr, count * sizeof(Value), PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);
  if (memory == MAP_FAILED) return refusal("sharing a table with the kernel", errno);
  return static_cast<Value*>(memory);
}

}  // namespace

struct FramePacer::Object {
  bpf_object* made;
  explicit Object(bpf_object* object) : made(object) {}
  ~Object() { bpf_object__close(made); }
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;
};

Result<std::unique_ptr<FramePacer>> FramePacer::create(Bytes frame) {
  if (!loopback_takes_frames()) {
    return error(Errc::invalid,
                 "live frames come up from lo, which does not take them here: enter a network namespace of their own "
                 "(ip netns, or unshare -n), and there set net.ipv4.conf.lo.route_localnet=1, and rp_filter=0 for all "
                 "and lo");
  }
  std::unique_ptr<FramePacer> pacer(new FramePacer(std::move(frame)));
  if (auto loaded = pacer->load(); !loaded) return loaded.error();
  return pacer;
}

FramePacer::FramePacer(Bytes frame) : frame_(std::move(frame)) {}

FramePacer::~FramePacer() {
  if (pace_ != nullptr) munmap(pace_, sizeof(Pace));
  if (legs_ != nullptr) munmap(legs_, kPlacesMax * sizeof(PacedLeg));
  if (lags_ != nullptr) munmap(lags_, kLagSteps * sizeof(std::uint64_t));
}

Result<void> FramePacer::load() {
  libbpf_set_print(nullptr);
  device_ = if_nametoindex(kDevice);
  if (device_ == 0) return os_error("finding the loopback device", errno);
  const auto bytes = static_cast<std::size_t>(_binary_paced_frames_bpf_o_end - _binary_paced_frames_bpf_o_start);
  bpf_object* object = bpf_object__open_mem(_binary_paced_frames_bpf_o_start, bytes, nullptr);
  if (object == nullptr) return refusal("reading a program for the kernel", errno);
  object_ = std::make_unique<Object>(object);
  if (const int status = bpf_object__load(object); status != 0) {
    return refusal("loading a program into the kernel", -status);
  }
  program_fd_ = bpf_program__fd(bpf_object__find_program_by_name(object, "send_when_due"));

  const auto pace = share<Pace>(object, "pace_map", 1);
  if (!pace) return pace.error();
  pace_ = *pace;
  const auto legs = share<PacedLeg>(object, "leg_map", kPlacesMax);
  if (!legs) return legs.error();
  legs_ = *legs;
  const auto lags = share<std::uint64_t>(object, "lag_map", kLagSteps);
  if (!lags) return lags.error();
  lags_ = *lags;
  return {};
}

Result<void> FramePacer::run() {
  pace_->taken = pace_->batch;  // the kernel begins a batch
  xdp_md from{};
  from.data_end = static_cast<std::uint32_t>(frame_.size());
  from.ingress_ifindex = device_;
  bpf_test_run_opts options{};
  options.sz = sizeof options;
  options.data_in = frame_.data();
  options.data_size_in = static_cast<std::uint32_t>(frame_.size());
  options.ctx_in = &from;
  options.ctx_size_in = sizeof from;
  options.repeat = -1;  // the kernel reads it without a sign
  options.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
  options.batch_size = pace_->batch;
  const int status = bpf_prog_test_run_opts(program_fd_, &options);
  if (status == 0) return {};
  if (status == -EINTR) return error(Errc::unavailable, "a signal ended the sending of frames");
  return refusal("sending frames", -status);
}

}  // namespace assent::load
