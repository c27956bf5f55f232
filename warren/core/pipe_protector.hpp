// A layer under everything else on a raw pipe (private networks). The interface turns an arrow round: the
// upgrader uses it, and it lives in security/.
#pragma once

#include "warren/core/stream.hpp"

namespace warren {

class PipeProtector {
 public:
  virtual ~PipeProtector() = default;

  // Takes the pipe over; what is read and written from now on goes through the protection.
  virtual StreamPtr protect(StreamPtr raw) = 0;
};

}  // namespace warren
