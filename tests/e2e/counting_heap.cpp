// Preloaded into the engine by the test of the packet path: counts, for each thread, how often it asks the heap for
// memory.
//
// The counts stand in the file that ASSENT_HEAP_COUNTS names, mapped, so that the test reads them while the engine
// runs: a slot a thread, {thread id, requests}, both 64 bits; a thread takes the next slot with its first request.
// Without the file nothing is counted. The memory itself comes from glibc.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" {
void* __libc_malloc(std::size_t bytes);
void* __libc_calloc(std::size_t count, std::size_t bytes);
void* __libc_realloc(void* memory, std::size_t bytes);
void* __libc_memalign(std::size_t alignment, std::size_t bytes);
}

namespace {

struct Slot {
  std::atomic<std::uint64_t> thread;
  std::atomic<std::uint64_t> requests;
};
constexpr std::size_t kSlots = 1024;
constexpr std::size_t kFileBytes = kSlots * sizeof(Slot);

Slot* map_slots() {
  const char* path = std::getenv("ASSENT_HEAP_COUNTS");
  if (path == nullptr) return nullptr;
  const int file = open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) return nullptr;
  void* slots = mmap(nullptr, kFileBytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  return slots == MAP_FAILED ? nullptr : static_cast<Slot*>(slots);
}

// Found at the first request of the process, which comes before any second thread.
Slot* slots() {
  static std::atomic<Slot*> mapped{nullptr};
  static std::atomic<bool> looked{false};
  if (!looked.exchange(true)) mapped = map_slots();
  return mapped;
}

// Initial-exec: the first use of another kind of thread-local variable asks the heap for memory.
__attribute__((tls_model("initial-exec"))) thread_local Slot* own_slot = nullptr;

void count() {
  static std::atomic<std::size_t> taken{0};
  if (own_slot == nullptr) {
    Slot* const all = slots();
    const std::size_t place = all == nullptr ? kSlots : taken.fetch_add(1);
    if (place >= kSlots) return;
    own_slot = all + place;
    own_slot->thread = static_cast<std::uint64_t>(syscall(SYS_gettid));
  }
  own_slot->requests.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

extern "C" {

void* malloc(std::size_t bytes) {
  count();
  return __libc_malloc(bytes);
}

void* calloc(std::size_t number, std::size_t bytes) {
  count();
  return __libc_calloc(number, bytes);
}

void* realloc(void* memory, std::size_t bytes) {
  count();
  return __libc_realloc(memory, bytes);
}

void* memalign(std::size_t alignment, std::size_t bytes) {
  count();
  return __libc_memalign(alignment, bytes);
}

void* aligned_alloc(std::size_t alignment, std::size_t bytes) { return memalign(alignment, bytes); }

int posix_memalign(void** memory, std::size_t alignment, std::size_t bytes) {
  *memory = memalign(alignment, bytes);
  return *memory == nullptr ? ENOMEM : 0;
}
}
