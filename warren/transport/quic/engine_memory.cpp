#include "warren/transport/quic/engine_memory.hpp"

#include <malloc.h>

#include <cstdlib>

namespace warren::quic {

EngineMemory::EngineMemory(std::size_t max)
    : functions_{.user_data = this,
                 .malloc = &allocate,
                 .free = &release,
                 .calloc = &allocate_zeroed,
                 .realloc = &reallocate},
      max_(max) {}

bool EngineMemory::admit(std::size_t size) {
  if (size <= max_ && used_ <= max_ - size) return true;
  exhausted_ = true;
  return false;
}

void* EngineMemory::allocate(std::size_t size, void* memory) {
  if (!self(memory).admit(size)) return nullptr;
  void* bytes = std::malloc(size);
  self(memory).used_ += malloc_usable_size(bytes);
  return bytes;
}

void* EngineMemory::allocate_zeroed(std::size_t count, std::size_t size, void* memory) {
  if (size > 0 && count > self(memory).max_ / size) return nullptr;
  if (!self(memory).admit(count * size)) return nullptr;
  void* bytes = std::calloc(count, size);
  self(memory).used_ += malloc_usable_size(bytes);
  return bytes;
}

void* EngineMemory::reallocate(void* old, std::size_t size, void* memory) {
  const std::size_t before = malloc_usable_size(old);
  if (size > before && !self(memory).admit(size - before)) return nullptr;
  void* bytes = std::realloc(old, size);
  if (bytes != nullptr) self(memory).used_ += malloc_usable_size(bytes) - before;
  return bytes;
}

void EngineMemory::release(void* bytes, void* memory) {
  self(memory).used_ -= malloc_usable_size(bytes);
  std::free(bytes);
}

}  // namespace warren::quic
