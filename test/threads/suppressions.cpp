// What ThreadSanitizer reports and is no data race: one line each, in its own notation, with the reason.
// https://github.com/google/sanitizers/wiki/ThreadSanitizerSuppressions
#if defined(__SANITIZE_THREAD__)

extern "C" const char* __tsan_default_suppressions();

extern "C" const char* __tsan_default_suppressions() {
  return
      // An error travels from the node's thread to the caller's in a std::exception_ptr. Who lets go of it
      // last frees it, as an atomic counter tells; but that counter is inside libstdc++.so, which is not
      // instrumented, so that the freeing seems to race with the other thread's look at the error.
      "race:std::__exception_ptr::exception_ptr::_M_release\n";
}

#endif
