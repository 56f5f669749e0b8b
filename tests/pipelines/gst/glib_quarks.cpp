// GLib's table of quarks grows by a new one, and the old one stays for readers that take no lock ("this leaks the old
// quarks array" in its gquark.c). The elements of libav are many enough to make it grow; the leak checker then finds
// the first table, which was made before anybody ran.
extern "C" const char*
__lsan_default_suppressions();  // NOLINT(bugprone-reserved-identifier): its name is the checker's
extern "C" const char* __lsan_default_suppressions() {
  return "leak:libglib-2.0.so";
}  // NOLINT(bugprone-reserved-identifier)
