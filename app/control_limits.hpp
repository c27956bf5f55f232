// What both ends of the control socket agree on.
#pragma once

namespace warren::app {

// A payload of 16 MiB, its target and its service name.
inline constexpr int kControlMessageMax = 17 * 1024 * 1024;

}  // namespace warren::app
