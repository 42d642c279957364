// A schema's keywords, read and checked one by one.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace riposte::constraint {

// A value inside the document, and where it stands: "#/properties/name".
struct Place {
  const boost::json::value* value = nullptr;
  std::string path;

  // `key` as a step of a JSON pointer (RFC 6901).
  Place inside(std::string_view key, const boost::json::value& inner) const;
};

tl::unexpected<Error> refuse(const std::string& path, std::string_view message);

// The schema that a "$ref" of this document means, through several if need be. Anything but a lone $ref is
// itself. Errors: a reference to another document, to nothing, or only to itself; keywords beside it.
Result<Place> follow_references(Place place, const boost::json::value& document);

// Errors: a keyword that is not known here.
Result<void> check_keywords(const boost::json::object& schema, const std::string& path);
// Errors: one of the keywords that decide something stands beside `keyword`, except those in `allowed`.
Result<void> check_alone(const boost::json::object& schema, const std::string& path, std::string_view keyword,
                         std::string_view allowed = {});

// A count such as "minItems". Absent: `otherwise`.
Result<int32_t> read_count(const boost::json::object& schema, const std::string& path,
                           std::string_view keyword, int32_t otherwise);
// Null where absent.
Result<const boost::json::array*> read_array(const boost::json::object& schema, const std::string& path,
                                             std::string_view keyword);
Result<const boost::json::object*> read_object(const boost::json::object& schema, const std::string& path,
                                               std::string_view keyword);
// The names in "type"; what the other keywords mean where there is none ("properties": an object); empty:
// any.
Result<std::vector<std::string_view>> read_types(const boost::json::object& schema, const std::string& path);

// Whether a value is of one of these types ("integer" among them); of any, if there are none.
bool has_type(const boost::json::value& value, const std::vector<std::string_view>& types);

}  // namespace riposte::constraint
