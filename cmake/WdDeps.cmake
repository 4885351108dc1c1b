# SPDX-License-Identifier: MIT
#
# What others wrote: threads, libdeflate, zlib, ISA-L.  Found by name in the
# library path, so that a sysroot needs no pkg-config of its own.

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(ZLIB 1.2.12 REQUIRED)

# Static where possible: each shared library makes every start slower.
add_library(wd_zlib INTERFACE)
find_library(ZLIB_STATIC_LIBRARY NAMES libz.a)
if(ZLIB_STATIC_LIBRARY AND NOT WD_SHARED_DEPS)
	target_include_directories(wd_zlib SYSTEM INTERFACE ${ZLIB_INCLUDE_DIRS})
	target_link_libraries(wd_zlib INTERFACE ${ZLIB_STATIC_LIBRARY})
else()
	target_link_libraries(wd_zlib INTERFACE ZLIB::ZLIB)
endif()

find_path(LIBDEFLATE_INCLUDE_DIR libdeflate.h REQUIRED)
if(WD_SHARED_DEPS)
	find_library(LIBDEFLATE_LIBRARY NAMES deflate)
else()
	find_library(LIBDEFLATE_STATIC_LIBRARY NAMES libdeflate.a)
	set(LIBDEFLATE_LIBRARY ${LIBDEFLATE_STATIC_LIBRARY})
endif()
if(NOT LIBDEFLATE_LIBRARY)
	message(FATAL_ERROR "libdeflate not found; without a static one "
		"(libdeflate.a), configure with -DWD_SHARED_DEPS=ON")
endif()
add_library(wd_libdeflate INTERFACE)
target_include_directories(wd_libdeflate SYSTEM INTERFACE ${LIBDEFLATE_INCLUDE_DIR})
target_link_libraries(wd_libdeflate INTERFACE ${LIBDEFLATE_LIBRARY})

# ISA-L is several times faster at the fast levels, but exists on some
# architectures only; libdeflate does its work where it is absent.  It is loaded
# when it is needed, under the name that its ABI has.
set(WD_HAVE_ISAL 0)
add_library(wd_isal INTERFACE)
if(WD_WITH_ISAL)
	find_path(ISAL_INCLUDE_DIR isa-l.h)
	find_library(ISAL_LIBRARY NAMES isal)
	if(ISAL_INCLUDE_DIR AND ISAL_LIBRARY)
		set(WD_HAVE_ISAL 1)
		target_include_directories(wd_isal SYSTEM INTERFACE ${ISAL_INCLUDE_DIR})
		target_compile_definitions(wd_isal INTERFACE
			WD_ISAL_LIBRARY="libisal.so.2")
	elseif(NOT WD_WITH_ISAL STREQUAL AUTO)
		message(FATAL_ERROR "WD_WITH_ISAL=${WD_WITH_ISAL}, but ISA-L was not found")
	endif()
endif()

message(STATUS "libdeflate: ${LIBDEFLATE_LIBRARY}")
if(WD_HAVE_ISAL)
	message(STATUS "ISA-L: ${ISAL_LIBRARY}")
else()
	message(STATUS "ISA-L: not used")
endif()
