#include "warren/transport/quic/muxed.hpp"

namespace warren::quic {

namespace {

class QuicStream final : public ByteStream {
 public:
  QuicStream(std::shared_ptr<Line> line, StreamStatePtr state)
      : line_(std::move(line)), state_(std::move(state)) {}
  ~QuicStream() override { line_->connection.release(*state_); }

  Task<std::size_t> read_some(MutableBytes to) override {
    WARREN_ASSERT(!to.empty());
    while (true) {
      const std::size_t size = line_->connection.read(*state_, to);
      if (size > 0) co_return size;
      if (state_->read_error) throw_error(state_->read_error);
      if (state_->fin_received) co_return 0;
      co_await state_->readable.wait();
    }
  }

  Task<void> write(BytesView bytes) override {
    while (true) {
      check_writable();
      bytes = bytes.subspan(line_->connection.write(*state_, bytes));
      if (bytes.empty()) co_return;
      co_await state_->writable.wait();
    }
  }

  Task<void> close_write() override {
    if (state_->fin_queued) co_return;
    check_writable();
    line_->connection.close_write(*state_);
  }

  void reset() override { line_->connection.reset(*state_); }

 private:
  void check_writable() const {
    if (state_->write_error) throw_error(state_->write_error);
    if (line_->connection.leaving()) throw_error(Errc::kClosed);
    if (state_->fin_queued) throw_error(Errc::kClosed);
  }

  std::shared_ptr<Line> line_;
  StreamStatePtr state_;
};

}  // namespace

QuicConnection::~QuicConnection() {
  go_away();
}

void QuicConnection::go_away() {
  line_->connection.go_away({.by_application = true, .code = kNoError, .text = {}}, line_->clock.now(),
                            line_->close_max);
}

Task<StreamPtr> QuicConnection::open_stream() {
  auto state = value_or_throw(line_->connection.open());
  co_return std::make_unique<QuicStream>(line_, std::move(state));
}

Task<StreamPtr> QuicConnection::accept_stream() {
  const std::shared_ptr<Line> line = line_;  // close() may come while we wait, and the destructor after it
  Connection& connection = line->connection;
  while (true) {
    StreamStatePtr state = connection.accept();
    if (state) co_return std::make_unique<QuicStream>(line, std::move(state));
    if (connection.ended()) throw_error(connection.ended());
    if (connection.leaving()) throw_error(Errc::kClosed);
    co_await connection.inbound().wait();
  }
}

Task<void> QuicConnection::close() {
  const std::shared_ptr<Line> line = line_;
  go_away();
  while (!line->connection.ended()) co_await line->connection.changed().wait_uncanceled();
}

}  // namespace warren::quic
