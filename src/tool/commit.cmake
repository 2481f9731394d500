# Writes OUTPUT, a source file that holds the commit of SOURCE; left alone where nothing changed.
execute_process(COMMAND git -C ${SOURCE} rev-parse --show-toplevel
  OUTPUT_VARIABLE top OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE status)
set(commit "")
# A folder inside a repository of someone else's has no commit of its own.
if(status EQUAL 0)
  file(REAL_PATH ${SOURCE} source)
  file(REAL_PATH ${top} top)
  if(source STREQUAL top)
    # Sources are globbed, so that a file git does not know is built in as well.
    set(git git --no-optional-locks -C ${SOURCE})
    execute_process(COMMAND ${git} describe --always --tags --long
      OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    execute_process(COMMAND ${git} status --porcelain OUTPUT_VARIABLE changes ERROR_QUIET)
    if(changes)
      string(APPEND commit "-dirty")
    endif()
  endif()
endif()
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT [[
// Written by the build: the commit of the source tree.
#include "tool/build.hpp"

const char* const takt::tool::commit = "@commit@";
]] @ONLY)
