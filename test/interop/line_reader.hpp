// Lines from a file descriptor, such as stdin, in the loop.
#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <optional>
#include <string>

#include "warren/async/task.hpp"

namespace warren::interop {

class LineReader {
 public:
  // Duplicates the descriptor, so that closing it is the caller's affair.
  LineReader(const Executor& executor, int descriptor);

  // The next line, without its end; std::nullopt at the end of the file. Cancelable.
  Task<std::optional<std::string>> next();

 private:
  boost::asio::posix::stream_descriptor input_;
  std::string buffer_;
  bool ended_ = false;
};

}  // namespace warren::interop
