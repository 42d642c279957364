// Writing to a file descriptor, unbuffered, with every error noticed. A reader that went away ends the
// program by SIGPIPE, quietly; a full disk is an error.
#pragma once

#include <string_view>

#include "base/result.h"

namespace riposte::apps {

class Output {
 public:
  explicit Output(int descriptor) : descriptor_(descriptor) {}
  static Output standard();  // standard output

  bool is_terminal() const;
  int columns() const;                              // of the terminal; 80 if it does not say
  Result<void> write(std::string_view text) const;  // all of it; kIo

 private:
  int descriptor_;
};

}  // namespace riposte::apps
