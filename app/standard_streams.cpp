#include "app/standard_streams.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace warren::app {

// Not instrumented: it runs before AddressSanitizer has begun, too.
[[gnu::no_sanitize_address]] void open_standard_streams() {
  for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; ++stream) {
    if (::fcntl(stream, F_GETFD) == -1)
      ::open("/dev/null", O_RDONLY);  // takes the lowest number, which is this
  }
}

}  // namespace warren::app
