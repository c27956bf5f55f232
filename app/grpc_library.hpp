// How this program uses gRPC's library as a whole.
#pragma once

#include <grpc/grpc.h>

namespace warren::app {

// To be called before anything else of gRPC. The library then stays up until the process ends: taking it down
// would wait as long as 10 s for a poller that large messages have started.
inline void keep_grpc_up() {
  grpc_init();
}

}  // namespace warren::app
