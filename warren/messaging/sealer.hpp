// Puts what we send into signed envelopes: fills the header, and signs on the offload pool.
#pragma once

#include <string>
#include <utility>

#include "warren/async/event.hpp"
#include "warren/core/stream.hpp"
#include "warren/env/env.hpp"
#include "warren/messaging/envelope.hpp"
#include "warren/messaging/sequence_book.hpp"

namespace warren {

class Sealer {
 public:
  // `env` and `key` outlive this object.
  Sealer(Env& env, const Sm2PrivateKey& key, std::string network);

  struct Draft {
    NodeId recipient;
    ProtocolId protocol;
    MessageKind kind = MessageKind::kMessage;
    WallTime timestamp{};
    std::optional<MessageId> reply_to;
    Bytes body;
  };

  // Given back when the envelope has arrived, or never will.
  class OnTheWay {
   public:
    OnTheWay(Sealer& sealer, SequenceBook::Ticket ticket) : sealer_(&sealer), ticket_(ticket) {}
    OnTheWay(OnTheWay&& other) noexcept
        : sealer_(std::exchange(other.sealer_, nullptr)), ticket_(other.ticket_) {}
    OnTheWay& operator=(OnTheWay&&) = delete;
    ~OnTheWay();

   private:
    Sealer* sealer_;
    SequenceBook::Ticket ticket_;
  };

  struct Sealed {
    MessageId id{};
    Bytes wire;  // the Envelope
    OnTheWay on_the_way;
  };

  // Waits while an earlier message to the same recipient is 1,024 messages late. Cancelable.
  Task<Sealed> seal(Draft draft);

 private:
  Env& env_;
  const Sm2PrivateKey& key_;
  std::string network_;
  SequenceBook book_;
  Event given_back_;
};

}  // namespace warren
