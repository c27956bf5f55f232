// What the QUIC library calls. For engine.cpp only.
#pragma once

#include <ngtcp2/ngtcp2_crypto.h>

#include "warren/core/secure_channel.hpp"
#include "warren/transport/quic/frame_screen.hpp"

namespace warren::quic {

// For connections whose user data is their Engine.
ngtcp2_callbacks engine_callbacks(Side side);
void qlog_callback(void* engine, std::uint32_t flags, const void* data, std::size_t size);

// While it lives, packets that the library decrypts go through this screen. (The library's callback does not
// say which connection a packet is of.)
class ScreenScope {
 public:
  explicit ScreenScope(FrameScreen& screen);
  ~ScreenScope();
  ScreenScope(const ScreenScope&) = delete;
  ScreenScope& operator=(const ScreenScope&) = delete;

 private:
  FrameScreen* outer_;
};

// 16 bytes, which only who has the secret can make of a connection ID.
void make_reset_token(std::uint8_t* token, BytesView secret, const ngtcp2_cid& id);

}  // namespace warren::quic
