// The commands' end of the control socket. Every call throws Failure, with the exit status that fits.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/data_dir.hpp"
#include "app/exit_status.hpp"
#include "app/proto/control.pb.h"
#include "app/stop_flag.hpp"
#include "warren/base/time.hpp"

namespace warren::app {

namespace v1 = control::v1;

// A service in the making: calls come in, answers go out.
class ServeStream {
 public:
  virtual ~ServeStream() = default;

  // The next message of the daemon; false when there will be none. One thread at a time.
  virtual bool read(v1::ServeOutput& output) = 0;
  // One thread at a time; what the daemon can no longer take is dropped.
  virtual void write(const v1::ServeInput& input) = 0;
  // From any thread: read() returns false soon.
  virtual void cancel() = 0;
  // After read() returned false, and once: throws the reason if there was one; cancel() is none.
  virtual void finish() = 0;
};

// A measurement under way.
class BenchStream {
 public:
  virtual ~BenchStream() = default;

  // What has been measured by now; false when there will be no more.
  virtual bool read(v1::BenchReply& reply) = 0;
  // From any thread: read() returns false soon.
  virtual void cancel() = 0;
  // After read() returned false, and once: throws the reason if there was one; cancel() is none.
  virtual void finish() = 0;
};

// What became of a dial's addresses, and then the peer or the reason why there is none.
struct DialResult {
  std::vector<v1::DialAttempt> attempts;
  v1::Peer peer;
  std::optional<Failure> failure;
};

// A round trip, or the reason why there was none.
struct PingResult {
  std::optional<v1::PingReply> reply;
  std::optional<Failure> failure;
};

class ControlClient {
 public:
  // Connects; kNoDaemon when nothing answers.
  explicit ControlClient(const DataDir& dir);
  // The same; null when nothing answers.
  static std::unique_ptr<ControlClient> if_running(const DataDir& dir);
  ~ControlClient();

  v1::Status status();
  v1::Addresses addresses();
  v1::Peers peers();
  v1::Peer connect(const v1::ConnectRequest& request, Duration timeout);
  DialResult dial(const v1::ConnectRequest& request, Duration timeout);
  std::unique_ptr<BenchStream> bench(const v1::BenchRequest& request);
  // Calls `reply` for each; count 0 means without end. Ctrl-C ends this call in good order, as inbox and
  // events.
  void ping(const v1::PingRequest& request, const StopFlag& stop,
            const std::function<void(const v1::PingReply&)>& reply);
  // The same for one of them.
  PingResult ping_once(const v1::PingRequest& request, Duration timeout);
  void send(const v1::SendRequest& request, Duration timeout);
  void inbox(const v1::InboxRequest& request, const StopFlag& stop,
             const std::function<void(const v1::InboxMessage&)>& message);
  void acknowledge(std::uint64_t through);
  std::string request(const v1::ServiceRequest& request, Duration timeout);
  // Calls `event` for each kept event and, with `follow`, for new ones.
  void events(bool follow, const StopFlag& stop, const std::function<void(const v1::Event&)>& event);
  v1::Limits limits();
  std::string metrics();
  v1::SetAccessReply set_access(const v1::SetAccessRequest& request);
  v1::AccessList access();
  // Returns when the daemon has taken the name.
  std::unique_ptr<ServeStream> serve(const std::string& service);

 private:
  struct State;
  explicit ControlClient(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace warren::app
