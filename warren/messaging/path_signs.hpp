// Tells whoever watches paths (ping::Heartbeats) on which connections conversations wait, and when bytes
// arrive there: a path that dies under a conversation must be found soon, and one that is full of its bytes
// must not be taken for dead.
#pragma once

#include <map>
#include <memory>

#include "warren/async/event.hpp"
#include "warren/core/connection.hpp"
#include "warren/core/signal.hpp"
#include "warren/env/env.hpp"

namespace warren {

enum class PathSign {
  kUsed,   // a conversation waits for something; told again each second
  kHeard,  // bytes came in, or the peer took bytes
};

class PathSigns {
 public:
  explicit PathSigns(Env& env) : env_(env) {}

  // As long as it lives, the connection is in use. Outlived by the PathSigns.
  class Use {
   public:
    Use(PathSigns& signs, ConnectionPtr connection);
    Use(Use&& other) noexcept = default;
    Use& operator=(Use&&) = delete;
    ~Use();

   private:
    PathSigns* signs_;
    ConnectionPtr connection_;
  };
  Use use(ConnectionPtr connection) { return {*this, std::move(connection)}; }
  void hear(const Connection& connection) const { told_.emit(connection, PathSign::kHeard); }

  // The stream of a conversation: in use as long as it lives, and heard of with each part that is read, or
  // written while the peer must make room.
  StreamPtr watch(ConnectionPtr connection, StreamPtr stream);

  // Repeats itself until canceled.
  Task<void> keep_telling();

  Signal<const Connection&, PathSign>& told() { return told_; }

 private:
  Env& env_;
  Signal<const Connection&, PathSign> told_;
  struct Uses {
    ConnectionPtr connection;
    std::size_t count = 0;
  };
  std::map<const Connection*, Uses> uses_;
  Event begun_;
};

}  // namespace warren
