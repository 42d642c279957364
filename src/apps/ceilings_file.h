// The ceilings of this machine as a small JSON file, so that they are measured once and not at each start.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "hardware/ceilings.h"

namespace riposte::apps {

std::string to_json(const hardware::Ceilings& ceilings);
// Empty where the text is anything else than what to_json gives: damaged, cut off, of another version, with
// rates that no machine has.
std::optional<hardware::Ceilings> ceilings_from_json(std::string_view text);

using MeasureCeilings =
    std::function<hardware::Ceilings(hardware::ThreadTeam&, std::span<const hardware::PeakLoops>)>;

// The ceilings of this machine with this team. Taken from `file` where it holds them for the same processor,
// as many threads and the same instruction sets; otherwise, or if `fresh`, measured and written there. The
// file is replaced as a whole. A file that cannot be read or written is no error: it costs the next caller
// the measuring.
hardware::Ceilings find_ceilings(const std::filesystem::path& file, hardware::ThreadTeam& team,
                                 std::span<const hardware::PeakLoops> loops, bool fresh = false,
                                 const MeasureCeilings& measure = hardware::measure_ceilings);

}  // namespace riposte::apps
