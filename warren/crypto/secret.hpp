// Bytes that must not stay in memory after use.
#pragma once

#include "warren/base/bytes.hpp"

namespace warren {

// Overwrites with zeros in a way the compiler may not leave out.
void wipe(MutableBytes bytes);

// Equal, in time that depends on the sizes only.
bool equal_secret(BytesView a, BytesView b);

// An owned byte string of fixed size that is wiped when it goes. Movable only.
class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(std::size_t size) : bytes_(size) {}
  explicit SecretBytes(BytesView bytes) : bytes_(bytes.begin(), bytes.end()) {}
  ~SecretBytes() { wipe(bytes_); }

  SecretBytes(SecretBytes&& other) noexcept : bytes_(std::move(other.bytes_)) {}
  SecretBytes& operator=(SecretBytes&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    return *this;
  }

  BytesView view() const { return bytes_; }
  MutableBytes writable() { return bytes_; }
  std::size_t size() const { return bytes_.size(); }

 private:
  Bytes bytes_;
};

}  // namespace warren
