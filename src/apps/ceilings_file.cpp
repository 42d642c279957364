#include "apps/ceilings_file.h"

#include <boost/json.hpp>
#include <cmath>

#include "apps/state_file.h"

namespace riposte::apps {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using hardware::Ceilings;
using hardware::MultiplyRates;
using hardware::PeakLoops;
using hardware::Rate;
using hardware::ThreadTeam;

// A file of another version, or of another Riposte, is measured again: raise it when a figure changes its
// meaning.
constexpr int64_t kVersion = 1;

json::object as_json(const Rate& rate) {
  return {{"one_thread", rate.one_thread}, {"all_threads", rate.all_threads}};
}

// Reads the members of an object, which must outlive it; remembers whether one was missing or absurd.
class Reader {
 public:
  // Null, and anything but an object, has no members.
  explicit Reader(const json::value* value)
      : object_(value ? value->if_object() : nullptr), good_(object_ != nullptr) {}

  double positive(std::string_view name) {
    const double value = number(name);
    good_ = good_ && value > 0;
    return value;
  }
  double not_negative(std::string_view name) {
    const double value = number(name);
    good_ = good_ && value >= 0;
    return value;
  }
  int64_t integer(std::string_view name) {
    const json::value* value = find(name);
    if (value == nullptr || !value->is_int64() || value->as_int64() < 0) good_ = false;
    return good_ ? value->as_int64() : 0;
  }
  std::string string(std::string_view name) {
    const json::value* value = find(name);
    if (value == nullptr || !value->is_string()) good_ = false;
    return good_ ? std::string(value->as_string()) : std::string();
  }
  Rate rate(std::string_view name) {
    Reader member = inner(name);
    const Rate rate{member.positive("one_thread"), member.positive("all_threads")};
    good_ = good_ && member.good_;
    return rate;
  }
  Reader inner(std::string_view name) const { return Reader(find(name)); }
  const json::array* array(std::string_view name) {
    const json::value* value = find(name);
    if (value == nullptr || !value->is_array()) good_ = false;
    return good_ ? value->if_array() : nullptr;
  }
  bool good() const { return good_; }

 private:
  const json::value* find(std::string_view name) const {
    return object_ != nullptr ? object_->if_contains(json::string_view(name.data(), name.size())) : nullptr;
  }
  double number(std::string_view name) {
    const json::value* value = find(name);
    if (value == nullptr || !value->is_number()) {
      good_ = false;
      return 0;
    }
    const double figure = value->to_number<double>();
    good_ = good_ && std::isfinite(figure);
    return figure;
  }

  const json::object* object_;
  bool good_;
};

bool belongs_here(const Ceilings& ceilings, const ThreadTeam& team, std::span<const PeakLoops> loops) {
  if (ceilings.processor != hardware::processor_name() || ceilings.threads != team.size()) return false;
  if (ceilings.multiply.size() != loops.size()) return false;
  for (size_t i = 0; i < loops.size(); ++i) {
    if (ceilings.multiply[i].instruction_set != loops[i].instruction_set) return false;
  }
  return true;
}

}  // namespace

std::string to_json(const Ceilings& ceilings) {
  json::array multiply;
  for (const MultiplyRates& rates : ceilings.multiply) {
    multiply.push_back(json::object{{"instruction_set", rates.instruction_set},
                                    {"int8_gmac_per_second", as_json(rates.int8)},
                                    {"float_gfma_per_second", as_json(rates.float32)}});
  }
  return json::serialize(json::object{
      {"version", kVersion},
      {"riposte", RIPOSTE_VERSION},
      {"processor", ceilings.processor},
      {"threads", ceilings.threads},
      {"cache_bytes",
       json::object{{"l1", ceilings.caches.l1}, {"l2", ceilings.caches.l2}, {"l3", ceilings.caches.l3}}},
      {"read_gb_per_second", json::object{{"memory", as_json(ceilings.memory)},
                                          {"l3", as_json(ceilings.l3)},
                                          {"l2", as_json(ceilings.l2)},
                                          {"l1", as_json(ceilings.l1)}}},
      {"multiply", std::move(multiply)},
      {"barrier_ns", ceilings.barrier_ns}});
}

std::optional<Ceilings> ceilings_from_json(std::string_view text) {
  json::error_code error;
  const json::value value = json::parse(json::string_view(text.data(), text.size()), error);
  if (error) return std::nullopt;
  Reader file(&value);
  if (file.integer("version") != kVersion || file.string("riposte") != RIPOSTE_VERSION) return std::nullopt;
  Ceilings ceilings;
  ceilings.processor = file.string("processor");
  const int64_t threads = file.integer("threads");
  ceilings.threads = threads >= 1 && threads <= 1 << 16 ? static_cast<int>(threads) : 0;
  Reader caches = file.inner("cache_bytes");
  ceilings.caches = {.l1 = static_cast<size_t>(caches.integer("l1")),
                     .l2 = static_cast<size_t>(caches.integer("l2")),
                     .l3 = static_cast<size_t>(caches.integer("l3"))};
  Reader read = file.inner("read_gb_per_second");
  ceilings.memory = read.rate("memory");
  ceilings.l3 = read.rate("l3");
  ceilings.l2 = read.rate("l2");
  ceilings.l1 = read.rate("l1");
  ceilings.barrier_ns = file.not_negative("barrier_ns");
  const json::array* multiply = file.array("multiply");
  if (multiply == nullptr || multiply->empty()) return std::nullopt;
  for (const json::value& one : *multiply) {
    Reader reader(&one);
    ceilings.multiply.push_back({reader.string("instruction_set"), reader.rate("int8_gmac_per_second"),
                                 reader.rate("float_gfma_per_second")});
    if (!reader.good()) return std::nullopt;
  }
  if (!file.good() || !caches.good() || !read.good() || ceilings.threads == 0) return std::nullopt;
  return ceilings;
}

Ceilings find_ceilings(const fs::path& file, ThreadTeam& team, std::span<const PeakLoops> loops, bool fresh,
                       const MeasureCeilings& measure) {
  if (!fresh) {
    const auto text = read_state_file(file);
    auto known = text ? ceilings_from_json(*text) : std::nullopt;
    if (known && belongs_here(*known, team, loops)) return std::move(*known);
  }
  Ceilings ceilings = measure(team, loops);
  write_state_file(file, to_json(ceilings));
  return ceilings;
}

}  // namespace riposte::apps
