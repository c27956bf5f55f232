#include "app/line_reader.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "app/exit_status.hpp"
#include "app/text.hpp"

namespace warren::app {

std::optional<std::string> LineReader::next() {
  ++number_;
  std::size_t looked_at = begin_;
  while (true) {
    const std::size_t end = buffer_.find('\n', looked_at);
    if (std::min(end, buffer_.size()) - begin_ > line_max_) {
      throw Failure(ExitStatus::kFailed,
                    fmt::format("line {} has more than {}; send it in parts", number_, size_text(line_max_)));
    }
    if (end != std::string::npos) {
      std::string line = buffer_.substr(begin_, end - begin_);
      begin_ = end + 1;
      return line;
    }
    looked_at = buffer_.size() - begin_;
    buffer_.erase(0, begin_);
    begin_ = 0;
    if (at_end_ || !read_more()) break;
  }
  if (buffer_.empty()) return std::nullopt;
  return std::exchange(buffer_, {});
}

bool LineReader::read_more() {
  std::array<char, 65536> bytes;
  while (true) {
    std::array<pollfd, 2> events = {pollfd{STDIN_FILENO, POLLIN, 0}, pollfd{stop_, POLLIN, 0}};
    if (poll(events.data(), events.size(), -1) < 0) continue;
    if (events[1].revents != 0) {
      buffer_.clear();  // half a line is none
      return false;
    }
    const ssize_t size = read(STDIN_FILENO, bytes.data(), bytes.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) {
      throw Failure(ExitStatus::kFailed,
                    fmt::format("standard input cannot be read: {}; check it", std::strerror(errno)));
    }
    at_end_ = size == 0;
    buffer_.append(bytes.data(), static_cast<std::size_t>(size));
    return size > 0;
  }
}

}  // namespace warren::app
