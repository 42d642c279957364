#include "apps/state_file.h"

#include <unistd.h>

#include <fstream>
#include <iterator>
#include <system_error>

namespace riposte::apps {
namespace {

constexpr size_t kLargestFile = 1 << 20;

}  // namespace

std::optional<std::string> read_state_file(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return std::nullopt;
  if (const auto size = std::filesystem::file_size(path, error); error || size > kLargestFile)
    return std::nullopt;
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

void write_state_file(const std::filesystem::path& path, std::string_view text) {
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  std::filesystem::path part = path;
  part += ".part." + std::to_string(getpid());  // two processes may learn at once
  {
    std::ofstream file(part, std::ios::binary);
    file << text << '\n';
    file.close();
    if (!file) error = std::make_error_code(std::errc::io_error);
  }
  if (!error) std::filesystem::rename(part, path, error);
  if (error) std::filesystem::remove(part, error);
}

}  // namespace riposte::apps
