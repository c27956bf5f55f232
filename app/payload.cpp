#include "app/payload.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "app/text.hpp"
#include "warren/broadcast/topic.hpp"
#include "warren/messaging/bodies.hpp"

namespace warren::app {
namespace {

void require_size(std::size_t size, std::size_t max, const std::string& name) {
  if (size <= max) return;
  throw Failure(ExitStatus::kFailed,
                fmt::format("{} is larger than {}, the most that is sent at once; send it in parts", name,
                            size_text(max)));
}

std::string read_all(int descriptor, const std::string& name, std::size_t max) {
  std::string content;
  std::array<char, 65536> buffer;
  while (true) {
    const ssize_t size = read(descriptor, buffer.data(), buffer.size());
    if (size == 0) return content;
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) {
      throw Failure(ExitStatus::kFailed,
                    fmt::format("{} cannot be read: {}; check its name", name, std::strerror(errno)));
    }
    content.append(buffer.data(), static_cast<std::size_t>(size));
    require_size(content.size(), max, name);
  }
}

}  // namespace

void tell_of_terminal() {
  if (isatty(STDIN_FILENO) != 0) fmt::print(stderr, "Reading from the terminal; Ctrl-D ends it.\n");
}

std::string read_payload(const PayloadOptions& options, std::size_t max) {
  if (options.text) {
    require_size(options.text->size(), max, "the text");
    return *options.text;
  }
  if (options.file.empty()) {
    tell_of_terminal();
    return read_all(STDIN_FILENO, "standard input", max);
  }
  const int file = open(options.file.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    throw Failure(ExitStatus::kFailed,
                  fmt::format("{} cannot be opened: {}; check its name", options.file, std::strerror(errno)));
  }
  std::string content = read_all(file, options.file, max);
  close(file);
  return content;
}

void require_service_name(const std::string& name) {
  if (is_service_name(name)) return;
  throw Failure(ExitStatus::kUsage,
                "a service's name has 1 to 128 printable ASCII characters without spaces; choose another");
}

void require_topic_name(const std::string& name, bool plain) {
  if (is_topic_name(plain ? TopicKind::kPlain : TopicKind::kWarren, name)) return;
  if (is_topic_name(name)) {
    throw Failure(ExitStatus::kUsage,
                  "a plain topic's name does not begin with /warren/, as the others do on the wire; choose "
                  "another, or leave out --plain");
  }
  throw Failure(ExitStatus::kUsage, make_error_code(Errc::kBadTopic).message() + "; choose another");
}

}  // namespace warren::app
