// A text as a model would write it.
#pragma once

#include <string>
#include <string_view>

namespace riposte::drafting {

// Models write "She doesn't know (yet)." where a source may say "she does n't know ( yet ) ." : text that was
// split into words for a machine, or typed in haste. Takes out the spaces in front of , . ; : ! ? % and
// closing brackets, behind opening brackets, inside pairs of quotation marks and before contractions (n't 's
// 're 've 'll 'd 'm); turns `` and '' into ", -LRB- and -RRB- into brackets, runs of spaces into one, and
// takes away white space at both ends; the first letter (ASCII) becomes a capital. Line breaks stay. All else
// keeps its bytes, whatever they are.
//
// Only guesses are made from it: where it is wrong, a guess is.
std::string as_written(std::string_view text);

}  // namespace riposte::drafting
