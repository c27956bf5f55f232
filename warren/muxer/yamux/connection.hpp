// The pump around a session: one task reads the pipe, and one writes while there is something to write.
#pragma once

#include <memory>

#include "warren/async/task_group.hpp"
#include "warren/core/muxer.hpp"
#include "warren/muxer/yamux/heartbeat.hpp"
#include "warren/muxer/yamux/stream.hpp"

namespace warren::yamux {

class YamuxConnection final : public MuxedConnection, private Heartbeat::Watched {
 public:
  // Its tasks will run on `executor`. `clock` outlives the connection and its streams. `heartbeat` is that of
  // the muxer's connections.
  YamuxConnection(const Executor& executor, Clock& clock, std::shared_ptr<Heartbeat> heartbeat,
                  StreamPtr channel, Side side, const Limits& limits, UnreadLimits unread);

  void start() override;
  Task<StreamPtr> open_stream() override;
  Task<StreamPtr> accept_stream() override;
  void go_away() override;
  Task<void> close() override;
  std::size_t stream_count() const override { return shared_->session.stream_count(); }
  Duration round_trip_time() const override { return shared_->session.round_trip(); }

 private:
  Task<void> read_loop();
  Task<void> receive_all();
  void resize_buffer(std::size_t size);
  void wake_writer();
  Task<void> write_waiting();
  Task<void> send_all();
  std::optional<Instant> beat(Instant now) override;
  Task<void> linger();
  void pump_ended(bool& pump);
  void linger_if_ended();
  void trim_output();
  void trim();
  Task<void> shrink_buffer();

  const Limits limits_;
  std::shared_ptr<Shared> shared_;
  std::shared_ptr<Heartbeat> heartbeat_;
  StreamPtr channel_;
  TaskGroup tasks_;
  TaskGroup reading_;   // apart, so that shrink_buffer() can stop it
  bool reads_ = false;  // from start() until the pipe's end or failure
  bool writes_ = false;
  bool writing_ = false;  // there is a writer now
  Event pump_ended_;
  bool lingering_ = false;

  std::unique_ptr<std::uint8_t[]> buffer_;  // what the reader reads into
  std::size_t buffer_size_ = 0;
  std::size_t drained_ = 0;  // read after the session's end
  Bytes batch_;              // on its way out
  bool busy_ = false;        // something large moved since the last trim()
};

}  // namespace warren::yamux
