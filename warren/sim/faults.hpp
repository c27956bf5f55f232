// Failure injection: counts the operations on streams, and lets the n-th one fail. for_each_failure.hpp turns
// the number through.
#pragma once

#include <cstdint>
#include <memory>

#include "warren/env/byte_stream.hpp"

namespace warren::sim {

class Faults {
 public:
  // The operation, counted from 1, that fails; 0: none does, they are only counted.
  explicit Faults(std::uint64_t fail_at = 0) : fail_at_(fail_at) {}

  // Counts one more operation; true when it is the one that must fail.
  bool next() { return ++operations_ == fail_at_; }

  std::uint64_t operations() const { return operations_; }

 private:
  std::uint64_t fail_at_;
  std::uint64_t operations_ = 0;
};

// The same stream, of which each read_some, write and close_write is an operation. The one that fails resets
// the stream and throws kReset, before it has done anything. `faults` outlives the stream; several streams
// may share it.
std::unique_ptr<ByteStream> with_faults(std::unique_ptr<ByteStream> stream, Faults& faults);

}  // namespace warren::sim
