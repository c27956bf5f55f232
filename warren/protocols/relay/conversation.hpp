// A hop stream that is being served, as the service sees all of them: to end them, and to look after their
// buffers.
#pragma once

#include <set>

#include "warren/async/event.hpp"
#include "warren/env/byte_stream.hpp"
#include "warren/protocols/relay/splice.hpp"

namespace warren::relay {

class Conversation {
 public:
  using All = std::set<Conversation*>;

  // Is one of `all` as long as it lives; `ended` is notified at its end. All outlive this.
  Conversation(ByteStream& hop, All& all, Event& ended) : hop_(hop), all_(all), ended_(ended) {
    all_.insert(this);
  }
  ~Conversation() {
    all_.erase(this);
    ended_.notify_all();
  }
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;

  void reset() {
    hop_.reset();
    if (stop_ != nullptr) stop_->reset();
  }
  void sweep() {
    if (splice_ != nullptr) splice_->sweep();
  }

  // The stream to the peer who is reached belongs to the conversation as long as this lives.
  class Stop {
   public:
    Stop(Conversation& talk, ByteStream& stream) : talk_(talk) { talk_.stop_ = &stream; }
    ~Stop() { talk_.stop_ = nullptr; }
    Stop(const Stop&) = delete;
    Stop& operator=(const Stop&) = delete;

   private:
    Conversation& talk_;
  };

  // And so does the circuit.
  class Forwarding {
   public:
    Forwarding(Conversation& talk, Splice& splice) : talk_(talk) { talk_.splice_ = &splice; }
    ~Forwarding() { talk_.splice_ = nullptr; }
    Forwarding(const Forwarding&) = delete;
    Forwarding& operator=(const Forwarding&) = delete;

   private:
    Conversation& talk_;
  };

 private:
  ByteStream& hop_;
  ByteStream* stop_ = nullptr;
  Splice* splice_ = nullptr;
  All& all_;
  Event& ended_;
};

}  // namespace warren::relay
