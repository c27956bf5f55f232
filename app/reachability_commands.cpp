// The words for what the network sees of the node: addrs, netcheck, relays.
#include "app/commands/reachability_commands.hpp"

#include "app/command.hpp"

namespace warren::app {

void describe_being_reached(CLI::App& program, std::function<ExitStatus()>& chosen) {
  const auto addrs = add<CommonOptions>(program, chosen, "addrs",
                                        "Where others can reach the node, and who has verified that",
                                        "  warren addrs\n"
                                        "  warren addrs | grep ^/                   the addresses alone\n"
                                        "  warren addrs --data-dir ./alice --json\n\n"
                                        "In JSON, `addresses` are those that others are told of. `details` "
                                        "has all that are known: `source` is\n"
                                        "interface, observed, stun, port-mapping, configured or relay; "
                                        "`reachable` is null until somebody has tried.\n"
                                        "Times are Unix time in milliseconds.",
                                        run_addrs);
  add_json(addrs, "Print one JSON object");

  const auto netcheck = add<NetcheckOptions>(
      program, chosen, "netcheck",
      "What the network lets through to the node: UDP, TCP, the kind of NAT, relays",
      "  warren netcheck\n"
      "  warren netcheck --afresh --json | jq .udp4.mapping\n\n"
      "The NAT's `mapping` and `filtering` (RFC 4787) are endpoint-independent, address-dependent,\n"
      "address-and-port-dependent or unknown. In JSON, what is not known is \"unknown\" where a word is "
      "expected,\n"
      "and null elsewhere: `udp4.reachable`, `tcp4.reachable`, `hairpin` are true, false or null.",
      run_netcheck);
  netcheck.app->add_flag("--afresh", netcheck.options->afresh,
                         "Ask the STUN servers again first, which takes up to three seconds");
  add_json(netcheck, "Print one JSON object");

  const auto relays = add<CommonOptions>(
      program, chosen, "relays", "The relays through which others reach the node, and what these allow",
      "  warren relays\n"
      "  warren relays --json | jq '.[] | select(.state == \"held\")'\n\n"
      "A relay is wanted, reserving, held, renewing or in backoff until the next try.",
      run_relays);
  add_json(relays, "Print a JSON list with one object a relay");
}

}  // namespace warren::app
