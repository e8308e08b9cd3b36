# Sets Parley_ABI_VERSION from the headers: those beside this folder, or those that were installed.
foreach(folder .. ../../../include)
    set(header ${CMAKE_CURRENT_LIST_DIR}/${folder}/parley/abi.h)
    if(EXISTS ${header})
        break()
    endif()
endforeach()
file(STRINGS ${header} lines REGEX "^#define PARLEY_ABI_M[A-Z]+ [0-9]+$")
string(REGEX REPLACE ".*MAJOR ([0-9]+).*MINOR ([0-9]+).*" "\\1.\\2" Parley_ABI_VERSION "${lines}")
