# What every target of ours is compiled with, and how a missing package is reported.

# Language level, visibility, warnings and sanitizers: on our own code only, never on who links it.
function(takt_target_options target)
  target_compile_features(${target} PRIVATE cxx_std_20)
  set_target_properties(${target} PROPERTIES
    CXX_EXTENSIONS OFF
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON)
  # A parent project's -ffast-math would break the rounding and the NaNs that takt relies on.
  target_compile_options(${target} PRIVATE -fno-fast-math -Wall -Wextra -Wconversion -Wsign-conversion
    $<$<BOOL:${TAKT_WARNINGS_AS_ERRORS}>:-Werror>)
  # g++ 12 warns of overlap inside std::string's own operator+ (GCC bug 105651).
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    target_compile_options(${target} PRIVATE -Wno-restrict)
  endif()
  if(TAKT_SANITIZE)
    string(REPLACE ";" "," sanitizers "${TAKT_SANITIZE}")
    target_compile_options(${target} PRIVATE -fsanitize=${sanitizers} -fno-sanitize-recover=all
      -fno-omit-frame-pointer)
    target_compile_definitions(${target} PRIVATE _GLIBCXX_ASSERTIONS)
    target_link_options(${target} PRIVATE -fsanitize=${sanitizers})
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      # g++'s manual: sanitizers make this warning see ghosts.
      target_compile_options(${target} PRIVATE -Wno-maybe-uninitialized)
    endif()
  endif()
endfunction()

# takt_compile_quickly(TARGET): of a target whose code takes longer to compile than to run. Sanitizers
# double what the optimiser has to do.
function(takt_compile_quickly target)
  if(TAKT_SANITIZE)
    target_compile_options(${target} PRIVATE -O0)
  else()
    target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
  endif()
endfunction()

# takt_precompile(TARGET HEADERS...): headers that most of its files include are parsed once.
option(TAKT_PRECOMPILE "Precompile headers of the tests" ON)
mark_as_advanced(TAKT_PRECOMPILE)
function(takt_precompile target)
  if(NOT TAKT_PRECOMPILE)
    return()
  endif()
  target_precompile_headers(${target} PRIVATE ${ARGN})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE -fpch-preprocess)  # ccache needs it
  endif()
endfunction()

# find_package that says which Debian package is missing, and for what.
macro(takt_require name debian_package purpose)
  find_package(${name} QUIET)
  if(NOT ${name}_FOUND)
    message(FATAL_ERROR "takt: ${name} was not found; it is needed for ${purpose}. "
      "On Debian and Ubuntu: apt-get install ${debian_package}")
  endif()
endmacro()
