// Who is let in: allow, deny, access.
#include <fmt/format.h>

#include "app/commands/commands.hpp"
#include "app/control_client.hpp"
#include "app/json.hpp"
#include "app/text.hpp"
#include "warren/swarm/access_list.hpp"

namespace warren::app {
namespace {

// "allowed" or "denied".
const char* word_of(v1::Access access) {
  return access == v1::ACCESS_ALLOWED ? "allowed" : "denied";
}

std::string sentence_of(const v1::SetAccessReply& reply, v1::Access access, bool remove) {
  if (!remove)
    return fmt::format("{} is {}{}", reply.subject(), word_of(access), reply.changed() ? "" : " already");
  return fmt::format("{} {} the list of those {}", reply.subject(),
                     reply.changed() ? "is no longer on" : "was not on", word_of(access));
}

ExitStatus set_access(const AccessOptions& options, v1::Access access) {
  if (!parse_access_subject(options.subject)) {
    throw Failure(
        ExitStatus::kUsage,
        fmt::format("\"{}\" names nobody; give a NodeID (zEPJ...), a PeerID (12D3KooW...), an IP address "
                    "or a subnet (192.0.2.0/24)",
                    printable(options.subject)));
  }
  ControlClient client(DataDir::choose(options.data_dir));
  v1::SetAccessRequest request;
  request.set_subject(options.subject);
  request.set_access(access);
  request.set_remove(options.remove);
  const v1::SetAccessReply reply = client.set_access(request);
  if (options.json) {
    const JsonObject line = JsonObject()
                                .text("subject", reply.subject())
                                .text("access", options.remove ? "normal" : word_of(access))
                                .flag("changed", reply.changed())
                                .number("closed", reply.closed());
    fmt::print("{}\n", line.to_string());
    return ExitStatus::kDone;
  }
  fmt::print("{}\n", sentence_of(reply, access, options.remove));
  if (reply.closed() > 0) fmt::print("Connections closed: {}\n", reply.closed());
  return ExitStatus::kDone;
}

}  // namespace

ExitStatus run_allow(const AccessOptions& options) {
  return set_access(options, v1::ACCESS_ALLOWED);
}

ExitStatus run_deny(const AccessOptions& options) {
  return set_access(options, v1::ACCESS_DENIED);
}

ExitStatus run_access(const CommonOptions& options) {
  ControlClient client(DataDir::choose(options.data_dir));
  const v1::AccessList list = client.access();
  if (options.json) {
    std::vector<JsonObject> entries;
    for (const auto& entry : list.entries()) {
      entries.push_back(
          JsonObject().text("subject", entry.subject()).text("access", word_of(entry.access())));
    }
    fmt::print("{}\n", JsonObject().objects("entries", entries).to_string());
    return ExitStatus::kDone;
  }
  for (const auto& entry : list.entries())
    fmt::print("{:<7}  {}\n", word_of(entry.access()), entry.subject());
  if (list.entries().empty())
    fmt::print(
        "Everybody is let in as far as the limits go; `warren allow` and `warren deny` change that.\n");
  return ExitStatus::kDone;
}

}  // namespace warren::app
