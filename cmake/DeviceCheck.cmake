# Cells and other device-ready code, compiled for the GPU by nvcc where there is one. Nothing is
# linked: without nvcc the build is complete, and a test says that this was skipped.

# takt_add_device_check(TEST_NAME ARCHITECTURE SOURCE FOLDERS...): compiles in the default build, with
# these folders for includes too; the test then looks whether code for the architecture is in the
# object.
function(takt_add_device_check name architecture source)
  find_program(TAKT_NVCC nvcc HINTS /usr/local/cuda/bin)
  mark_as_advanced(TAKT_NVCC)
  if(NOT TAKT_NVCC)
    message(STATUS "takt: no nvcc (PATH, /usr/local/cuda): ${name} is skipped")
    add_test(NAME ${name} COMMAND ${CMAKE_COMMAND} -E echo
      "skipped: no nvcc in PATH or /usr/local/cuda when the build was configured")
    set_tests_properties(${name} PROPERTIES SKIP_REGULAR_EXPRESSION "^skipped: ")
    return()
  endif()

  set(object ${CMAKE_CURRENT_BINARY_DIR}/${name}.o)
  list(TRANSFORM ARGN PREPEND -I OUTPUT_VARIABLE folders)
  add_custom_command(OUTPUT ${object}
    COMMAND ${TAKT_NVCC} -std=c++20 -arch=${architecture} -ccbin ${CMAKE_CXX_COMPILER}
      -Werror all-warnings -Xcompiler -Wall,-Wextra -no-compress
      -I${PROJECT_SOURCE_DIR}/include ${folders} -MD -MF ${object}.d -c ${source} -o ${object}
    DEPENDS ${source}
    DEPFILE ${object}.d
    COMMENT "Compiling ${name} with nvcc"
    VERBATIM)
  add_custom_target(${name} ALL DEPENDS ${object})

  # ptxas notes its options in the code that it makes; each kernel has its own .text section.
  add_test(NAME ${name} COMMAND sh -c
    "grep -aq 'arch ${architecture} ' \"$1\" && grep -aq '\\.text\\._Z' \"$1\"" sh ${object})
endfunction()
