// A call whose answers come one by one, for the clients of the control API that hide gRPC behind an
// interface.
#pragma once

#include <grpcpp/client_context.h>

#include <atomic>
#include <memory>

#include "app/control_channel.hpp"

namespace warren::app {

// `Interface` has cancel() and finish(); `Calls` is gRPC's reader, or reader and writer.
template <class Interface, class Calls>
class GrpcStream : public Interface {
 public:
  void cancel() override {
    canceled_ = true;
    context_.TryCancel();
  }

  void finish() override {
    const grpc::Status status = calls_->Finish();
    if (!canceled_) throw_unless_ok(context_, status);
  }

 protected:
  grpc::ClientContext context_;
  std::unique_ptr<Calls> calls_;

 private:
  std::atomic<bool> canceled_ = false;
};

}  // namespace warren::app
