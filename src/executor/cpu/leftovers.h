// What a writer that was killed leaves beside the file that it wanted to write.
#pragma once

#include <filesystem>

namespace riposte::executor {

// Removes the temporary files of gguf::OutputFile for `path` ("PATH.PROCESS-ATTEMPT.partial") whose process
// is gone. A process that cannot be seen from here (another container, the same folder) looks gone; it then
// fails to put its file in place, and writes it again at its next start.
void remove_leftovers(const std::filesystem::path& path);

}  // namespace riposte::executor
