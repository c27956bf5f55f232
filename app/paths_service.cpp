#include "app/paths_service.hpp"

#include "app/control_values.hpp"
#include "app/grpc_error.hpp"
#include "app/path_values.hpp"

namespace warren::app {
namespace {

// Above what the node itself allows: a connection, and a round that ends in spraying.
constexpr Duration kSeekLimit = 120s;

}  // namespace

grpc::Status PathsService::Why(grpc::ServerContext* context, const v1::WhyRequest* request,
                               v1::WhyReply* reply) {
  const auto target = parse_target(request->target());
  if (!target) return to_status(*context, target.error());
  const auto report = calls_.in_loop<PathReport>(*context, [&] { return node_.why(*target); }, kOwnLimit);
  if (!report) return to_status(*context, report.error());
  describe_report(*report, *reply);
  return grpc::Status::OK;
}

grpc::Status PathsService::SeekDirect(grpc::ServerContext* context, const v1::SeekDirectRequest* request,
                                      v1::SeekDirectReply*) {
  const auto target = parse_target(request->target());
  if (!target) return to_status(*context, target.error());
  const auto sought =
      calls_.in_loop<void>(*context, [&] { return node_.seek_direct_path(*target); }, kSeekLimit);
  return sought ? grpc::Status::OK : to_status(*context, sought.error());
}

}  // namespace warren::app
