// What ThreadSanitizer must not report: Boost.Lockfree's free list reads a node's link before its compare-and-swap
// tells whether the node was still there, and throws away what it read when not. Every other race is reported, and what
// passes through the queues is checked by content.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
// The name that the runtime looks for.
extern "C" const char* __tsan_default_suppressions();  // NOLINT(bugprone-reserved-identifier)
extern "C" const char* __tsan_default_suppressions() { return "race:boost::lockfree\nrace:boost/lockfree/\n"; }
#endif
#endif
