# Makes catalogue.toml part of the riposte_apps library, as one string constant.
set(catalogue_toml ${CMAKE_CURRENT_LIST_DIR}/catalogue.toml)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${catalogue_toml})
file(READ ${catalogue_toml} RIPOSTE_CATALOGUE_TOML)
configure_file(${CMAKE_CURRENT_LIST_DIR}/catalogue_toml.cpp.in ${CMAKE_CURRENT_BINARY_DIR}/catalogue_toml.cpp @ONLY)
target_sources(riposte_apps PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/catalogue_toml.cpp)
target_compile_definitions(riposte_apps PUBLIC RIPOSTE_VERSION="${PROJECT_VERSION}")

# The adapter that comes with Riposte becomes part of the program too.
set(grammar_smollm2 ${CMAKE_SOURCE_DIR}/adapters/grammar-smollm2-135m.gguf)
set_source_files_properties(${CMAKE_CURRENT_LIST_DIR}/shipped_adapters.cpp PROPERTIES
  OBJECT_DEPENDS ${grammar_smollm2} COMPILE_DEFINITIONS "RIPOSTE_GRAMMAR_SMOLLM2=\"${grammar_smollm2}\"")
