#include "test/interop/line_reader.hpp"

#include <unistd.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

namespace warren::interop {

namespace asio = boost::asio;

LineReader::LineReader(const Executor& executor, int descriptor) : input_(executor, ::dup(descriptor)) {}

Task<std::optional<std::string>> LineReader::next() {
  std::array<char, 1024> piece;
  std::size_t end = buffer_.find('\n');
  while (end == std::string::npos && !ended_) {
    const auto done =
        co_await input_.async_read_some(asio::buffer(piece), asio::as_tuple(asio::use_awaitable));
    const auto& [error, size] = done;
    if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
    ended_ = static_cast<bool>(error);
    buffer_.append(piece.data(), size);
    end = buffer_.find('\n');
  }
  if (end == std::string::npos) co_return std::nullopt;
  std::string line = buffer_.substr(0, end);
  buffer_.erase(0, end + 1);
  co_return line;
}

}  // namespace warren::interop
