// Fetching one file over HTTPS, going on where an earlier try ended.
#pragma once

#include "apps/catalogue.h"
#include "apps/pull/part_file.h"
#include "apps/pull/progress.h"
#include "base/result.h"

namespace riposte::apps {

// Fills `part` with the whole file. An interrupted transfer is taken up again a few times, and by the next
// call, if the server still offers the same version (ETag). `max_bytes` (0: no limit) ends a transfer that
// cannot be the file. Errors: kNotFound (HTTP 404), kIo (connection, other HTTP statuses, disk), kTooLarge.
Result<void> fetch_https(const HttpsSource& source, uint64_t max_bytes, PartFile& part, Progress& progress);

}  // namespace riposte::apps
