// What the QUIC library holds for one connection, counted and bounded: whatever a peer makes it remember,
// such as a window full of single bytes with gaps between them, of which each costs fifty times its size.
#pragma once

#include <ngtcp2/ngtcp2.h>

#include <cstddef>

namespace warren::quic {

class EngineMemory {
 public:
  explicit EngineMemory(std::size_t max);
  EngineMemory(const EngineMemory&) = delete;
  EngineMemory& operator=(const EngineMemory&) = delete;

  // For the library, which may keep the pointer as long as this lives.
  const ngtcp2_mem* functions() const { return &functions_; }

  std::size_t used() const { return used_; }
  // Something was asked for beyond the bound: the library gives the connection up.
  bool exhausted() const { return exhausted_; }

 private:
  bool admit(std::size_t size);
  static EngineMemory& self(void* memory) { return *static_cast<EngineMemory*>(memory); }
  static void* allocate(std::size_t size, void* memory);
  static void* allocate_zeroed(std::size_t count, std::size_t size, void* memory);
  static void* reallocate(void* old, std::size_t size, void* memory);
  static void release(void* bytes, void* memory);

  ngtcp2_mem functions_;
  std::size_t max_;
  std::size_t used_ = 0;
  bool exhausted_ = false;
};

}  // namespace warren::quic
