#include "app/standard_streams.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <initializer_list>

namespace warren::app {

void open_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(stream, F_GETFD) == -1)
      ::open("/dev/null", O_RDONLY);  // takes the lowest number, which is this
  }
}

}  // namespace warren::app
