# Cells and other device-ready code, compiled for the GPU by nvcc where there is one. Without nvcc the
# build is complete, and a test says what was skipped.

# takt_run_nvcc(NAME ARCHITECTURE SOURCE OUTPUT OPTIONS...): a target of the default build that makes
# OUTPUT; where there is no nvcc, none, and a test of this name that is skipped.
function(takt_run_nvcc name architecture source output)
  if(TAKT_SANITIZE)
    return()  # nothing of it is sanitized
  endif()
  if(NOT CUDAToolkit_NVCC_EXECUTABLE)
    message(STATUS "takt: no nvcc: ${name} is skipped")
    add_test(NAME ${name} COMMAND ${CMAKE_COMMAND} -E echo
      "skipped: when the build was configured there was no nvcc in PATH, CUDA_PATH or"
      "/usr/local/cuda, or TAKT_CUDA was OFF")
    set_tests_properties(${name} PROPERTIES SKIP_REGULAR_EXPRESSION "^skipped: ")
    return()
  endif()
  add_custom_command(OUTPUT ${output}
    COMMAND ${nvcc_command} -arch=${architecture} -no-compress -I${PROJECT_SOURCE_DIR}/include
      ${ARGN} -MD -MF ${output}.d ${source} -o ${output}
    DEPENDS ${source}
    DEPFILE ${output}.d
    COMMENT "Compiling ${name} with nvcc"
    VERBATIM)
  add_custom_target(${name} ALL DEPENDS ${output})
endfunction()

# takt_add_device_check(TEST_NAME ARCHITECTURE SOURCE FOLDERS...): compiles, with these folders for
# includes too; the test then looks whether code for the architecture is in the object.
function(takt_add_device_check name architecture source)
  set(object ${CMAKE_CURRENT_BINARY_DIR}/${name}.o)
  list(TRANSFORM ARGN PREPEND -I OUTPUT_VARIABLE folders)
  takt_run_nvcc(${name} ${architecture} ${source} ${object} ${folders} -c)
  if(NOT TARGET ${name})
    return()
  endif()
  # ptxas notes its options in the code that it makes; each kernel has its own .text section.
  add_test(NAME ${name} COMMAND sh -c
    "grep -aq 'arch ${architecture} ' \"$1\" && grep -aq '\\.text\\._Z' \"$1\"" sh ${object})
endfunction()

# takt_add_device_program(NAME ARCHITECTURE SOURCE FOLDERS...): builds bin/NAME; as a test it is
# skipped where it says that nothing ran.
function(takt_add_device_program name architecture source)
  set(program ${PROJECT_BINARY_DIR}/bin/${name})
  list(TRANSFORM ARGN PREPEND -I OUTPUT_VARIABLE folders)
  takt_run_nvcc(${name} ${architecture} ${source} ${program} ${folders} -cudart shared)
  if(NOT TARGET ${name})
    return()
  endif()
  add_test(NAME ${name} COMMAND ${program})
  set_tests_properties(${name} PROPERTIES SKIP_REGULAR_EXPRESSION "^skipped: |\nskipped: ")
endfunction()
