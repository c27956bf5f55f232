// Topics, in the words of the control API.
#pragma once

#include "app/proto/topics.pb.h"
#include "app/topic_feed.hpp"

namespace warren::app {

TopicKind kind_of(bool plain);

// Times and sizes are as the request has them: Node::broadcast checks them.
BroadcastOptions options_of(const control::v1::BroadcastRequest& request);

void describe_broadcast(const BroadcastReport& from, control::v1::BroadcastReply& to);
control::v1::SubscribeReply describe_item(const TopicFeed::Item& item);
void describe_topic(const TopicStatus& from, control::v1::Topic& to);

}  // namespace warren::app
