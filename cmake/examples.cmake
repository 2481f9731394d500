# The examples: projects of their own, built here too where the packages that they need are found.
find_package(nlohmann_json QUIET)
find_package(CLI11 QUIET)
find_package(PkgConfig QUIET)
if(PkgConfig_FOUND)
  pkg_check_modules(OPENBLAS QUIET openblas)
endif()

set(missing)
if(NOT nlohmann_json_FOUND)
  list(APPEND missing nlohmann-json3-dev)
endif()
if(NOT CLI11_FOUND)
  list(APPEND missing libcli11-dev)
endif()
if(NOT OPENBLAS_FOUND)
  list(APPEND missing "libopenblas-dev and pkg-config")
endif()
if(missing)
  list(JOIN missing ", " missing)
  message(STATUS "takt: examples/language_model is left out; on Debian and Ubuntu: "
    "apt-get install ${missing}")
  return()
endif()

add_subdirectory(examples/language_model)
set_target_properties(language_model PROPERTIES
  RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
