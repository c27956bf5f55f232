// What the commands about topics are given, and what runs them, as commands.hpp says. Their command line is
// app/topic_commands.cpp.
#pragma once

#include "app/commands/commands.hpp"

namespace warren::app {

// The topic, and its kind.
struct TopicWords : CommonOptions {
  std::string topic;
  bool plain = false;
  bool reliable = false;
};

struct BroadcastCommandOptions : TopicWords, PayloadOptions {
  std::string ttl;  // empty: an hour
  bool lines = false;
};

using SubscribeCommandOptions = TopicWords;

ExitStatus run_broadcast(const BroadcastCommandOptions& options);
ExitStatus run_subscribe(const SubscribeCommandOptions& options);
ExitStatus run_topics(const CommonOptions& options);

}  // namespace warren::app
