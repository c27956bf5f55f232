// The commands' end of the control API's part about topics. Every call throws Failure, with the exit status
// that fits.
#pragma once

#include <memory>

#include "app/data_dir.hpp"
#include "app/proto/topics.pb.h"

namespace warren::app {

namespace v1 = control::v1;

// Broadcasts, one after the other, and a reply for each.
class BroadcastStream {
 public:
  virtual ~BroadcastStream() = default;

  // One thread at a time, which may wait; false: the daemon takes no more, and finish() says why.
  virtual bool write(const v1::BroadcastRequest& request) = 0;
  // After the last of them, and after read() returned false.
  virtual void no_more() = 0;
  // The next reply; false when there will be none. One thread at a time.
  virtual bool read(v1::BroadcastReply& reply) = 0;
  // From any thread: read() returns false soon.
  virtual void cancel() = 0;
  // After read() returned false, and once: throws the reason if there was one; cancel() is none.
  virtual void finish() = 0;
};

// What comes on a topic.
class TopicStream {
 public:
  virtual ~TopicStream() = default;

  // Waits for the next; false when there will be none.
  virtual bool read(v1::SubscribeReply& reply) = 0;
  // From any thread: read() returns false soon.
  virtual void cancel() = 0;
  // As that of BroadcastStream.
  virtual void finish() = 0;
};

class TopicsClient {
 public:
  // Connects; kNoDaemon when nothing answers.
  explicit TopicsClient(const DataDir& dir);
  ~TopicsClient();

  v1::BroadcastReply broadcast(const v1::BroadcastRequest& request);
  std::unique_ptr<BroadcastStream> broadcast_all();
  // What the stream has first is `subscribed`.
  std::unique_ptr<TopicStream> subscribe(const v1::SubscribeRequest& request);
  v1::TopicList topics();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace warren::app
