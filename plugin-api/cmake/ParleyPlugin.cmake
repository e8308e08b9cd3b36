# parley_add_plugin(NAME SOURCES a.cpp ... ID reverse.dns.id VERSION 1.2.3 KINDS dialect provider
#                   [COMPONENTS id ...] [FLAGS resident own-threads] [LIBRARIES lib ...])
#
# COMPONENTS lets a host leave the library alone while none of them is asked for: worth saying for a
# store, whose libraries are large and of which one is used.
#
# Builds NAME.so with the flags that a plugin needs: one exported symbol, nothing that pins the
# library in memory, no text relocations, a build id, and the manifest as an ELF note, which the
# host reads before it runs any of the plugin's code.

set(PARLEY_PLUGIN_CMAKE_DIR ${CMAKE_CURRENT_LIST_DIR})
include(${CMAKE_CURRENT_LIST_DIR}/ParleyAbi.cmake)

# parley_plugin_compiles(TARGET): the part of it that is said to the compiler.
function(parley_plugin_compiles target)
    set_target_properties(
        ${target}
        PROPERTIES CXX_STANDARD 20 CXX_STANDARD_REQUIRED ON C_STANDARD 11
                   POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden
                   C_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
    target_compile_options(${target} PRIVATE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fno-gnu-unique>)
endfunction()

function(parley_add_plugin name)
    cmake_parse_arguments(ARG "" "ID;VERSION" "SOURCES;KINDS;COMPONENTS;FLAGS;LIBRARIES" ${ARGN})
    if(NOT ARG_ID OR NOT ARG_VERSION OR NOT ARG_KINDS OR NOT ARG_SOURCES)
        message(FATAL_ERROR "parley_add_plugin(${name}): ID, VERSION, KINDS and SOURCES are needed")
    endif()

    list(TRANSFORM ARG_KINDS REPLACE "(.+)" "\"\\1\"" OUTPUT_VARIABLE kinds)
    list(TRANSFORM ARG_FLAGS REPLACE "(.+)" "\"\\1\"" OUTPUT_VARIABLE flags)
    list(JOIN kinds "," kinds)
    list(TRANSFORM ARG_COMPONENTS REPLACE "(.+)" "\"\\1\"" OUTPUT_VARIABLE components)
    list(JOIN components "," components)
    if(components)
        set(components ",\"components\":[${components}]")
    endif()
    list(JOIN flags "," flags)
    string(CONCAT manifest
           "{\"id\":\"${ARG_ID}\",\"version\":\"${ARG_VERSION}\","
           "\"abi\":\"${Parley_ABI_VERSION}\",\"min_host_minor\":1,"
           "\"kinds\":[${kinds}]${components},\"flags\":[${flags}]}")
    string(LENGTH "${manifest}" size)
    string(REPLACE "\"" "\\\"" manifest "${manifest}")
    set(note ${CMAKE_CURRENT_BINARY_DIR}/${name}.note.S)
    configure_file(${PARLEY_PLUGIN_CMAKE_DIR}/note.S.in ${note} @ONLY)

    add_library(${name} MODULE ${ARG_SOURCES} ${note})
    set_target_properties(${name} PROPERTIES PREFIX "" SUFFIX .so)
    parley_plugin_compiles(${name})
    set(map ${PARLEY_PLUGIN_CMAKE_DIR}/plugin.map)
    target_link_options(
        ${name}
        PRIVATE
        -Wl,--version-script=${map}
        -Wl,-z,now
        -Wl,-z,relro
        -Wl,-z,noexecstack
        -Wl,--build-id=sha1
        -Wl,--exclude-libs,ALL)
    # What a sanitizer adds is resolved by the program that was built with it.
    if(NOT PARLEY_SANITIZER)
        target_link_options(${name} PRIVATE -Wl,-z,defs)
    endif()
    set_property(TARGET ${name} APPEND PROPERTY LINK_DEPENDS ${map})
    target_link_libraries(${name} PRIVATE Parley::plugin ${ARG_LIBRARIES})
endfunction()
