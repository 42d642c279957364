#include "apps/pull/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

namespace riposte::apps {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kBarInterval = std::chrono::milliseconds(100);
constexpr auto kLineInterval = std::chrono::seconds(5);
constexpr int kBarWidth = 24;

}  // namespace

std::string format_bytes(uint64_t bytes) {
  constexpr std::array<const char*, 5> kUnits = {"B", "kB", "MB", "GB", "TB"};
  double value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 999.5 && unit + 1 < kUnits.size()) value /= 1000.0, ++unit;
  return unit == 0 ? fmt::format("{} B", bytes)
                   : fmt::format("{:.{}f} {}", value, value < 9.995 ? 2 : 1, kUnits[unit]);
}

Progress::Style Progress::style_for_stderr() {
  return isatty(STDERR_FILENO) != 0 ? Style::kBar : Style::kLines;
}

Progress::Progress(std::string label, uint64_t total_bytes, Style style)
    : label_(std::move(label)), style_(style), total_(total_bytes), start_(Clock::now()), shown_(start_) {}

Progress::~Progress() {
  if (bar_shown_) std::fputs("\n", stderr);
}

void Progress::update(uint64_t done_bytes) {
  const auto now = Clock::now();
  if (!started_) {
    started_ = true;
    first_ = done_bytes;
    start_ = now;
  }
  done_ = done_bytes;
  if (style_ == Style::kSilent) return;
  const auto interval =
      style_ == Style::kBar ? Clock::duration(kBarInterval) : Clock::duration(kLineInterval);
  if (now - shown_ >= interval) show(now);
}

void Progress::finish() {
  if (style_ != Style::kSilent) show(Clock::now());
}

void Progress::show(Clock::time_point now) {
  shown_ = now;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  const double rate = seconds > 0.2 && done_ > first_ ? static_cast<double>(done_ - first_) / seconds : 0.0;
  std::string line = label_ + "  ";
  if (total_ > 0) {
    const double share = std::min(1.0, static_cast<double>(done_) / static_cast<double>(total_));
    if (style_ == Style::kBar) {
      const auto filled = static_cast<int>(share * kBarWidth);
      line += fmt::format("[{:#<{}}{:.<{}}] ", "", filled, "", kBarWidth - filled);
    }
    line += fmt::format("{:3.0f} %  {} of {}", share * 100.0, format_bytes(done_), format_bytes(total_));
  } else {
    line += format_bytes(done_);
  }
  if (rate > 0) {
    line += fmt::format("  {}/s", format_bytes(static_cast<uint64_t>(rate)));
    if (total_ > done_) {
      const auto left = static_cast<int64_t>(static_cast<double>(total_ - done_) / rate + 0.5);
      line += fmt::format("  {}:{:02} left", left / 60, left % 60);
    }
  }
  if (style_ == Style::kBar) {
    fmt::print(stderr, "\r{}\x1b[K", line);  // ESC [ K clears what a longer line left behind
    bar_shown_ = true;
  } else {
    fmt::print(stderr, "{}\n", line);
  }
  std::fflush(stderr);
}

}  // namespace riposte::apps
