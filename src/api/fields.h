// Reading fields of a JSON object into variables, with the field's full name in every complaint.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/error.h"

namespace riposte::api {

// Keeps the first complaint and leaves variables alone from there on, so that reading stays a plain list. A
// field that is absent or null leaves its variable as it was.
class Fields {
 public:
  // `path` goes before each name: "messages[0]" gives "messages[0].role".
  explicit Fields(const boost::json::object& object, std::string path = {});

  void number(std::string_view name, float& out, double low, double high);
  void integer(std::string_view name, int32_t& out, int64_t low, int64_t high);
  void integer(std::string_view name, std::optional<int32_t>& out, int64_t low, int64_t high);
  // Any 64-bit integer, signed or not; negative ones keep their bits.
  void bits(std::string_view name, std::optional<uint64_t>& out);
  void boolean(std::string_view name, bool& out);
  void text(std::string_view name, std::string& out);
  // Null where absent. The result points into the object.
  const boost::json::array* array(std::string_view name);
  const boost::json::object* object(std::string_view name);
  // Null where absent or null, else the value as it is.
  const boost::json::value* any(std::string_view name) const;

  std::string path_of(std::string_view name) const;
  void refuse(std::string_view name, std::string_view must_be, const boost::json::value& found);
  void refuse_with(tl::unexpected<ApiError> complaint);
  bool ok() const { return !complaint_; }
  // Only if not ok().
  tl::unexpected<ApiError> complaint() const { return tl::unexpected<ApiError>(*complaint_); }

 private:
  const boost::json::object& object_;
  std::string path_;
  std::optional<ApiError> complaint_;
};

// "a string", "the number 3", "an array": what was found, for complaints.
std::string describe(const boost::json::value& value);

}  // namespace riposte::api
