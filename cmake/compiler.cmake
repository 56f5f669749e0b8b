# Flags that hold for every target: warnings are errors, sanitizers when asked for, hardening in releases.
find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Wold-style-cast -Werror)
# g++ 12 sees overlaps in its own std::string that are not there (-Wrestrict, GCC bug 105651), once it optimises.
add_compile_options("$<$<CXX_COMPILER_ID:GNU>:-Wno-missing-field-initializers;-Wno-restrict>")
add_compile_options($<$<CXX_COMPILER_ID:Clang>:-Wno-missing-field-initializers>)
include_directories(${CMAKE_SOURCE_DIR})

if(ASSENT_SANITIZE)
  add_compile_options(-fsanitize=${ASSENT_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${ASSENT_SANITIZE})
  if(ASSENT_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
  endif()
endif()

if(CMAKE_BUILD_TYPE STREQUAL "Release")
  add_compile_options(-fstack-protector-strong -D_FORTIFY_SOURCE=2 -g1)
  add_link_options(-Wl,-z,relro,-z,now)
endif()
