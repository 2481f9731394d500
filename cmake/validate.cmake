# takt_validate: device against reference, for the tool and the tests. Not installed. It links
# neither takt library: the tool brings the shared one, the tests the static one.
file(GLOB sources CONFIGURE_DEPENDS src/validate/*.cpp)
add_library(takt_validate STATIC ${sources})
takt_target_options(takt_validate)
target_include_directories(takt_validate PUBLIC
  ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
