# SPDX-License-Identifier: AGPL-3.0-or-later
# Turns FILES (paths of NNN_name.sql joined by |) into OUTPUT, a C file that
# defines the table of store/migrations.h. Each file becomes an array of bytes, so
# no quoting is needed and no limit on the length of a string is met.
string(REPLACE "|" ";" files "${FILES}")
list(SORT files)
set(arrays "")
set(rows "")
set(count 0)
foreach(file ${files})
  get_filename_component(name ${file} NAME_WE)
  if(NOT name MATCHES "^([0-9][0-9][0-9])_([a-z0-9_]+)$")
    message(FATAL_ERROR "${file}: a migration is named NNN_name.sql")
  endif()
  math(EXPR count "${count} + 1")
  string(REGEX REPLACE "^0+" "" number ${CMAKE_MATCH_1})
  if(NOT number EQUAL count)
    message(FATAL_ERROR "${file}: migrations count 1, 2, 3 ... without a gap")
  endif()
  file(READ ${file} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(APPEND arrays "static const char sql_${number}[] = {${bytes}0};\n")
  string(APPEND rows "    {${number}, \"${name}\", sql_${number}},\n")
endforeach()
file(WRITE ${OUTPUT} "/* Made by store/migrations/embed.cmake. */
#include \"store/migrations.h\"

${arrays}
const struct store_migration store_migrations[] = {
${rows}};
const size_t store_migrations_count = ${count};
")
