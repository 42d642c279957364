#include "apps/location.h"

#include <curl/curl.h>

#include <algorithm>
#include <memory>

#include "apps/catalogue.h"

namespace riposte::apps {
namespace {

struct UrlDeleter {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

bool is_name_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' ||
         c == '-';
}

bool is_plain_name(std::string_view name) {
  return !name.empty() && name.front() != '.' && std::all_of(name.begin(), name.end(), is_name_character);
}

std::string part_of(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK || text == nullptr) return {};
  std::string copy(text);
  curl_free(text);
  return copy;
}

}  // namespace

bool is_model_file_name(std::string_view name) {
  return is_plain_name(name) && name.size() > 5 && name.size() <= 200 && name.ends_with(".gguf");
}

Result<std::string> check_url(const std::string& text) {
  std::unique_ptr<CURLU, UrlDeleter> url(curl_url());
  if (!url || curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) {
    return fail(ErrorCode::kInvalidArgument, "'{}' is not a URL", text);
  }
  const std::string scheme = part_of(url.get(), CURLUPART_SCHEME), host = part_of(url.get(), CURLUPART_HOST);
  const bool here = host == "127.0.0.1" || host == "localhost" || host == "[::1]";
  if (scheme != "https" && !(scheme == "http" && here)) {
    return fail(ErrorCode::kInvalidArgument, "'{}': only https:// addresses are fetched", text);
  }
  const std::string path = part_of(url.get(), CURLUPART_PATH, CURLU_URLDECODE);
  return path.substr(path.rfind('/') + 1);
}

Result<std::string> hugging_face_url(std::string_view path) {
  std::string url = "https://huggingface.co/";
  int parts = 0;
  for (size_t begin = 0; begin <= path.size(); ++parts) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view part = path.substr(begin, end - begin);
    if (!is_plain_name(part)) break;
    if (parts == 2) url += "/resolve/main";
    if (parts > 0) url += '/';
    url += part;
    begin = end + 1;
    if (end == path.size() && parts >= 2) return url;
  }
  return fail(ErrorCode::kInvalidArgument,
              "'{}' is neither a known model, nor an https:// address, nor owner/repo/file", path);
}

Result<CatalogueEntry> entry_for_location(std::string_view location) {
  std::string url(location);
  if (location.find("://") == std::string_view::npos) {
    auto made = hugging_face_url(location);
    if (!made) return pass_on(made);
    url = std::move(*made);
  }
  auto file = check_url(url);
  if (!file) return pass_on(file);
  if (!is_model_file_name(*file)) {
    return fail(ErrorCode::kInvalidArgument, "'{}' must name a file that ends in .gguf", url);
  }
  CatalogueEntry entry;
  entry.name = file->substr(0, file->size() - 5);
  entry.title = entry.name;
  entry.file = std::move(*file);
  entry.sources.push_back(HttpsSource{std::move(url)});
  return entry;
}

}  // namespace riposte::apps
