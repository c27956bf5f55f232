// Standard input line by line, for commands that must also notice that there is no use in reading on.
#pragma once

#include <optional>
#include <string>

namespace warren::app {

class LineReader {
 public:
  // Ends, too, when `stop` (a descriptor) becomes readable. A line has `line_max` bytes at most.
  LineReader(int stop, std::size_t line_max) : stop_(stop), line_max_(line_max) {}

  // The next line, without its line feed; the last one may have none. Nothing at the end. Throws Failure when
  // it cannot be read, and for a line that is too long.
  std::optional<std::string> next();

 private:
  // False at the end.
  bool read_more();

  int stop_;
  std::size_t line_max_;
  std::size_t number_ = 0;  // of the line
  std::string buffer_;
  std::size_t begin_ = 0;  // of what is not handed out yet
  bool at_end_ = false;
};

}  // namespace warren::app
