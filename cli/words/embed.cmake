# SPDX-License-Identifier: AGPL-3.0-or-later
# Turns FILES (paths of X.txt joined by |) into OUTPUT, a C file that defines for
# each X.txt, one word a line, `const char *const words_X[]` and `words_X_count`.
# Empty lines and lines that begin with # are left out.
string(REPLACE "|" ";" files "${FILES}")
list(SORT files)
set(text "")
foreach(file ${files})
  get_filename_component(name ${file} NAME_WE)
  file(STRINGS ${file} lines ENCODING UTF-8)
  string(MAKE_C_IDENTIFIER "${name}" name)
  set(words "")
  set(count 0)
  foreach(line ${lines})
    string(STRIP "${line}" line)
    if(line STREQUAL "" OR line MATCHES "^#")
      continue()
    endif()
    if(line MATCHES "[\"\\\\]")
      message(FATAL_ERROR "${file}: no quotes or backslashes in a word: ${line}")
    endif()
    string(APPEND words "    \"${line}\",\n")
    math(EXPR count "${count} + 1")
  endforeach()
  if(count EQUAL 0)
    message(FATAL_ERROR "${file}: holds no word")
  endif()
  string(APPEND text "const char *const words_${name}[${count}] = {
${words}};
const size_t words_${name}_count = ${count};

")
endforeach()
# With cli/words.h in sight the compiler compares sizes with what is declared.
set(header "")
if(EXISTS ${CMAKE_CURRENT_LIST_DIR}/../words.h)
  set(header "#include \"cli/words.h\"\n")
endif()
file(WRITE ${OUTPUT} "/* Made by cli/words/embed.cmake. */
#include <stddef.h>
${header}
${text}")
