// What a connection knows of one stream. Shared with the stream's owner, who may keep it longer than the
// connection does.
#pragma once

#include <memory>
#include <system_error>

#include "warren/async/event.hpp"
#include "warren/core/receive_buffer.hpp"
#include "warren/transport/quic/engine.hpp"
#include "warren/transport/quic/send_buffer.hpp"

namespace warren::quic {

struct StreamState {
  StreamId id = -1;
  bool inbound = false;  // the peer opened it
  bool known = true;     // to the connection, until both halves have ended on the wire
  bool owned = false;    // a handle exists
  bool waiting = false;  // to be accepted

  // --- sending ---
  SendBuffer outgoing;
  bool fin_queued = false;  // nothing comes after what is in `outgoing`
  bool fin_sent = false;
  bool queued = false;   // in the connection's queue of senders
  bool blocked = false;  // the peer's window is used up
  std::error_code write_error;
  Event writable;  // room has come, or an error

  // --- receiving ---
  ReceiveBuffer received;
  bool fin_received = false;
  bool stopped = false;                     // we don't want the rest
  bool overfull = false;                    // there was no room for it
  std::uint64_t credit = 0;                 // read by the owner, and the peer does not know
  std::error_code read_error;               // what reads throw once `received` is empty
  std::optional<std::uint64_t> reset_code;  // with which the peer ended its half at once
  Event readable;                           // bytes, the end, or an error have come
};

using StreamStatePtr = std::shared_ptr<StreamState>;

}  // namespace warren::quic
