// What the session knows of one stream. Shared with the stream's owner, who may keep it longer than the
// session does.
#pragma once

#include <memory>
#include <system_error>

#include "warren/async/event.hpp"
#include "warren/core/receive_buffer.hpp"
#include "warren/muxer/yamux/frame.hpp"
#include "warren/muxer/yamux/receive_window.hpp"

namespace warren::yamux {

struct StreamState {
  StreamState(StreamId stream_id, bool by_peer, const Limits& limits, WindowBudget& budget, Instant now)
      : id(stream_id), inbound(by_peer), window(limits, budget, now) {}

  const StreamId id;
  const bool inbound;  // the peer opened it

  // Its place: known to the session until both halves have ended on the wire, owned while a handle exists.
  bool known = true;
  bool owned = false;
  bool acknowledged = false;       // by the peer; outbound streams only
  std::uint16_t unsent_flags = 0;  // SYN or ACK, to go with the stream's next frame

  bool fin_sent = false;
  bool fin_received = false;
  std::error_code read_error;   // what reads throw once `received` is empty
  std::error_code write_error;  // what writes throw

  std::uint32_t send_window = kInitialWindow;
  bool waits_for_room = false;  // in the outbox's queue of writers
  Event writable;               // window or room has come, or an error

  ReceiveBuffer received;
  ReceiveWindow window;
  MutableBytes reader;        // where a waiting read wants its bytes: they are put there without a detour
  std::size_t delivered = 0;  // to it
  Event readable;             // bytes, the end, or an error have come
};

using StreamStatePtr = std::shared_ptr<StreamState>;

}  // namespace warren::yamux
