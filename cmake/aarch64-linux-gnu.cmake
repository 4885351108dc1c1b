# SPDX-License-Identifier: MIT
#
# Cross build for 64-bit Arm Linux with Debian's compiler, against the packages
# that scripts/aarch64-sysroot unpacked.  Programs run under QEMU's user mode.

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)

set(WD_AARCH64_SYSROOT "${CMAKE_CURRENT_LIST_DIR}/../build/aarch64-sysroot"
	CACHE PATH "what scripts/aarch64-sysroot made")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES WD_AARCH64_SYSROOT)
get_filename_component(CMAKE_SYSROOT "${WD_AARCH64_SYSROOT}" ABSOLUTE)
if(NOT EXISTS "${CMAKE_SYSROOT}/.packages")
	message(FATAL_ERROR "${CMAKE_SYSROOT} is missing: run scripts/aarch64-sysroot")
endif()

set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64 -L "${CMAKE_SYSROOT}")

set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
