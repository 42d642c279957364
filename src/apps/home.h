// Where Riposte keeps what it fetched and what it learnt: $RIPOSTE_HOME, by default ~/.cache/riposte.
#pragma once

#include <filesystem>

namespace riposte::apps {

std::filesystem::path home_directory();
std::filesystem::path
models_directory();  // home/models: whole, verified model files and the .part of unfinished ones
std::filesystem::path packed_directory();
std::filesystem::path snapshots_directory();  // home/state/packed: models' packed weights, for the next start
std::filesystem::path downloads_directory();  // home/downloads: packages on their way into a model file

}  // namespace riposte::apps
