// What is shown of a topic: our own counts, and gossipsub's view of it.
#pragma once

#include "warren/broadcast/topic_entry.hpp"
#include "warren/protocols/pubsub/router/topic_view.hpp"

namespace warren {

// `view` may be null: gossipsub knows nothing of the topic.
TopicStatus status_of(const TopicEntry& topic, const pubsub::TopicView* view, Instant now);

}  // namespace warren
