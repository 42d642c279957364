#include "apps/pull/https_source.h"

#include <curl/curl.h>

#include <chrono>
#include <cstring>
#include <memory>
#include <optional>
#include <thread>

#include "apps/location.h"

namespace riposte::apps {
namespace {

constexpr int kTries = 4;
constexpr long kConnectSeconds = 30;
constexpr long kStallSeconds = 60;  // less than 1 byte a second for so long is an interrupted transfer

// curl_global_init is not thread-safe, so it runs once, before the first transfer.
bool curl_is_ready() {
  static const bool ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return ready;
}

struct Transfer {
  CURL* curl;
  PartFile& part;
  PartState& state;
  Progress& progress;
  uint64_t max_bytes;
  uint64_t first;  // bytes that were there before
  std::string etag;
  std::optional<Error> error;
};

void note_total(Transfer& transfer) {
  curl_off_t rest = -1;
  curl_easy_getinfo(transfer.curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &rest);
  if (rest > 0) transfer.progress.set_total(transfer.first + static_cast<uint64_t>(rest));
}

size_t on_body(char* data, size_t size, size_t count, void* context) {
  auto& transfer = *static_cast<Transfer*>(context);
  const size_t bytes = size * count;
  long status = 0;
  curl_easy_getinfo(transfer.curl, CURLINFO_RESPONSE_CODE, &status);
  if (status != 200 && status != 206) return bytes;  // an error page: read and dropped
  if (transfer.part.size() == transfer.first) note_total(transfer);
  if (transfer.max_bytes != 0 && transfer.part.size() + bytes > transfer.max_bytes) {
    transfer.error =
        Error{ErrorCode::kTooLarge,
              fmt::format("the server sends more than the {} bytes that were expected", transfer.max_bytes)};
    return 0;
  }
  if (auto written = transfer.part.append(std::as_bytes(std::span(data, bytes))); !written) {
    transfer.error = written.error();
    return 0;
  }
  transfer.progress.update(transfer.part.size());
  return bytes;
}

size_t on_header(char* data, size_t size, size_t count, void* context) {
  auto& transfer = *static_cast<Transfer*>(context);
  const std::string_view line(data, size * count);
  if (line.size() > 5 && strncasecmp(line.data(), "etag:", 5) == 0) {
    const size_t begin = line.find_first_not_of(" \t", 5), end = line.find_last_not_of(" \t\r\n");
    if (begin != std::string_view::npos && end >= begin) transfer.etag = line.substr(begin, end - begin + 1);
  }
  return size * count;
}

struct CurlDeleter {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
};
struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

enum class Outcome { kDone, kAgain, kFromStart };

bool is_transient(CURLcode code, long status) {
  return code == CURLE_PARTIAL_FILE || code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR ||
         code == CURLE_GOT_NOTHING || code == CURLE_OPERATION_TIMEDOUT || code == CURLE_HTTP2_STREAM ||
         (code == CURLE_OK && status >= 500);
}

Result<Outcome> transfer_once(const HttpsSource& source, uint64_t max_bytes, PartFile& part, PartState& state,
                              Progress& progress) {
  const std::unique_ptr<CURL, CurlDeleter> curl(curl_easy_init());
  if (!curl) return fail(ErrorCode::kInternal, "libcurl cannot be started");
  Transfer transfer{curl.get(), part, state, progress, max_bytes, part.size(), {}, {}};
  std::unique_ptr<curl_slist, ListDeleter> headers;
  if (transfer.first > 0 && !state.etag.empty()) {
    headers.reset(curl_slist_append(nullptr, ("If-Range: " + state.etag).c_str()));
  }
  char message[CURL_ERROR_SIZE] = "";
  curl_easy_setopt(curl.get(), CURLOPT_URL, source.url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, source.url.starts_with("http://") ? "http" : "https");
  curl_easy_setopt(curl.get(), CURLOPT_REDIR_PROTOCOLS_STR, "https");
  curl_easy_setopt(curl.get(), CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_MAXREDIRS, 8L);
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_USERAGENT, "riposte");
  curl_easy_setopt(curl.get(), CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
  curl_easy_setopt(curl.get(), CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_LOW_SPEED_TIME, kStallSeconds);
  curl_easy_setopt(curl.get(), CURLOPT_RESUME_FROM_LARGE, static_cast<curl_off_t>(transfer.first));
  curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(curl.get(), CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(curl.get(), CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(curl.get(), CURLOPT_ERRORBUFFER, message);

  const CURLcode code = curl_easy_perform(curl.get());
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  if (!transfer.etag.empty()) state.etag = transfer.etag;
  if (transfer.error) return tl::unexpected(*transfer.error);
  if (code == CURLE_OK && (status == 200 || status == 206)) return Outcome::kDone;
  // No ranges here, another version by now, or nothing left of the range that was asked for.
  if (transfer.first > 0 && (code == CURLE_RANGE_ERROR || status == 416)) return Outcome::kFromStart;
  if (is_transient(code, status)) return Outcome::kAgain;
  if (code == CURLE_OK) {
    return fail(status == 404 ? ErrorCode::kNotFound : ErrorCode::kIo, "{}: the server answers HTTP {}",
                source.url, status);
  }
  return fail(ErrorCode::kIo, "{}: {}", source.url, message[0] != '\0' ? message : curl_easy_strerror(code));
}

}  // namespace

Result<void> fetch_https(const HttpsSource& source, uint64_t max_bytes, PartFile& part, Progress& progress) {
  if (auto checked = check_url(source.url); !checked) return pass_on(checked);
  if (!curl_is_ready()) return fail(ErrorCode::kInternal, "libcurl cannot be started");
  PartState state = part.load_state();
  // Without an ETag there is no telling whether the server still has the same file, except by the final hash.
  if (state.source != source.url || (max_bytes != 0 && part.size() >= max_bytes)) {
    if (auto emptied = part.truncate(0); !emptied) return emptied;
    state = PartState{};
    state.source = source.url;
  }
  progress.update(part.size());
  for (int attempt = 1; attempt <= kTries; ++attempt) {
    if (auto saved = part.save_state(state); !saved) return saved;
    auto outcome = transfer_once(source, max_bytes, part, state, progress);
    if (auto saved = part.save_state(state); !saved) return saved;
    if (!outcome) return pass_on(outcome);
    if (*outcome == Outcome::kDone) return {};
    if (*outcome == Outcome::kFromStart) {
      if (auto emptied = part.truncate(0); !emptied) return emptied;
      state.etag.clear();
    } else {
      std::this_thread::sleep_for(std::chrono::milliseconds(500 * attempt));  // give the server a moment
    }
  }
  return fail(ErrorCode::kIo,
              "{}: the transfer was interrupted {} times; run the same command again to go on from {}",
              source.url, kTries, format_bytes(part.size()));
}

}  // namespace riposte::apps
