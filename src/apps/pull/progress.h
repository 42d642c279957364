// How far a download is, on standard error: a bar that redraws itself on a terminal, now and then a line
// elsewhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace riposte::apps {

// "98.4 MB"; decimal units, as disks and providers count.
std::string format_bytes(uint64_t bytes);

class Progress {
 public:
  enum class Style { kBar, kLines, kSilent };
  static Style style_for_stderr();  // kBar on a terminal, else kLines

  // total_bytes 0: not known.
  Progress(std::string label, uint64_t total_bytes, Style style);
  ~Progress();  // leaves the cursor on a fresh line

  void set_total(uint64_t total_bytes) { total_ = total_bytes; }
  void update(uint64_t done_bytes);  // cheap; may be called for every block
  void finish();                     // shows the last state

 private:
  void show(std::chrono::steady_clock::time_point now);

  const std::string label_;
  const Style style_;
  uint64_t total_;
  uint64_t done_ = 0;
  uint64_t first_ = 0;  // what was there before this run: not part of the rate
  bool started_ = false;
  bool bar_shown_ = false;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point shown_;
};

}  // namespace riposte::apps
