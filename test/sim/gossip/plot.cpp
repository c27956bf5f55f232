#include "test/sim/gossip/plot.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <cmath>

namespace warren::gossip_sim {

namespace {

constexpr double kWidth = 1000, kHeight = 560;
constexpr double kLeft = 80, kRight = 960, kTop = 100, kBottom = 490;
constexpr std::size_t kPoints = 400;
constexpr const char* kInk = "#1d2733";
constexpr const char* kFaint = "#5b6b7b";
constexpr const char* kLine = "#c3ced9";
constexpr std::array<const char*, 6> kColors = {"#1a7f37", "#6f42c1", "#c2410c",
                                                "#0060ad", "#b58900", "#1d2733"};

std::string text(double x, double y, const std::string& what, int size, const char* color,
                 const char* anchor = "start") {
  std::string safe;
  for (const char c : what) safe += c == '<' ? "&lt;" : c == '&' ? "&amp;" : std::string(1, c);
  return fmt::format(
      "<text x=\"{:.1f}\" y=\"{:.1f}\" font-size=\"{}\" fill=\"{}\" text-anchor=\"{}\">{}</text>\n", x, y,
      size, color, anchor, safe);
}

std::string line(double x1, double y1, double x2, double y2, const char* color) {
  return fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"{}\"/>\n", x1,
                     y1, x2, y2, color);
}

// 1, 2 or 5 times a power of ten: at most eight of them up to `most`.
double tick_of(double most) {
  double tick = std::pow(10, std::floor(std::log10(std::max(most, 1.0))) - 1);
  for (const double factor : {2.0, 2.5, 2.0, 2.0, 2.5}) {
    if (most / tick <= 8) break;
    tick *= factor;
  }
  return tick;
}

// Nearly the last delivery of the slowest curve: a few stragglers should not squeeze the rest.
double span_of(const std::vector<Curve>& curves) {
  double most = 1;
  for (const Curve& curve : curves) {
    if (curve.ms.empty()) continue;
    const auto index = static_cast<std::size_t>(0.999 * static_cast<double>(curve.ms.size() - 1));
    most = std::max(most, 1.05 * static_cast<double>(curve.ms[index]));
  }
  return most;
}

std::string path(const Curve& curve, double most, const char* color) {
  std::string points = fmt::format("{:.1f},{:.1f}", kLeft, kBottom);
  const std::size_t count = curve.ms.size();
  const std::size_t step = std::max<std::size_t>(1, count / kPoints);
  for (std::size_t i = 0; i < count; i += step) {
    if (static_cast<double>(curve.ms[i]) > most) break;
    const double share = static_cast<double>(i + 1) / curve.wanted;
    points +=
        fmt::format(" {:.1f},{:.1f}", kLeft + (kRight - kLeft) * static_cast<double>(curve.ms[i]) / most,
                    kBottom - (kBottom - kTop) * share);
  }
  points +=
      fmt::format(" {:.1f},{:.1f}", kRight,
                  kBottom - (kBottom - kTop) * static_cast<double>(count) / std::max(1.0, curve.wanted));
  return fmt::format("<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\"/>\n", points,
                     color);
}

}  // namespace

std::string draw(const std::string& title, const std::string& subtitle, const std::vector<Curve>& curves) {
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\" "
      "font-family=\"'DejaVu Sans', Verdana, Helvetica, sans-serif\">\n<title>{2}</title>\n"
      "<rect width=\"{0}\" height=\"{1}\" fill=\"#ffffff\"/>\n",
      kWidth, kHeight, title);
  svg += text(kLeft, 44, title, 22, kInk) + text(kLeft, 70, subtitle, 14, kFaint);
  for (int percent = 0; percent <= 100; percent += 20) {
    const double y = kBottom - (kBottom - kTop) * percent / 100;
    svg += line(kLeft, y, kRight, y, kLine) +
           text(kLeft - 8, y + 5, fmt::format("{} %", percent), 13, kFaint, "end");
  }
  const double most = span_of(curves);
  const double tick = tick_of(most);
  for (double ms = 0; ms <= most; ms += tick) {
    const double x = kLeft + (kRight - kLeft) * ms / most;
    svg += line(x, kTop, x, kBottom, kLine) +
           text(x, kBottom + 20, fmt::format("{:.0f}", ms), 13, kFaint, "middle");
  }
  svg += text((kLeft + kRight) / 2, kBottom + 44, "milliseconds after the message was published", 13, kFaint,
              "middle");
  double y = kBottom - 16 - 22 * static_cast<double>(curves.size() - 1);
  for (std::size_t i = 0; i < curves.size(); ++i, y += 22) {
    const char* color = kColors[i % kColors.size()];
    svg += path(curves[i], most, color) + text(kRight - 12, y, curves[i].name, 14, color, "end");
  }
  return svg + "</svg>\n";
}

}  // namespace warren::gossip_sim
