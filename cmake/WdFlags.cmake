# SPDX-License-Identifier: MIT
#
# wd_flags: how everything here is compiled.  Linked privately by each target.

add_library(wd_flags INTERFACE)

target_compile_options(wd_flags INTERFACE
	-std=gnu11
	-Wall -Wextra -Wshadow -Wvla -Wundef -Wstrict-prototypes
	-Wmissing-prototypes -Wformat=2)
target_compile_definitions(wd_flags INTERFACE
	_GNU_SOURCE=
	_FILE_OFFSET_BITS=64
	WD_VERSION="${PROJECT_VERSION}")

if(WD_WERROR)
	target_compile_options(wd_flags INTERFACE -Werror)
endif()

if(WD_SANITIZE)
	set(flags -fsanitize=${WD_SANITIZE} -fno-sanitize-recover=all
		-fno-omit-frame-pointer)
	target_compile_options(wd_flags INTERFACE ${flags})
	target_link_options(wd_flags INTERFACE ${flags})
endif()

if(WD_FUZZ)
	if(NOT CMAKE_C_COMPILER_ID MATCHES Clang)
		message(FATAL_ERROR "WD_FUZZ needs clang: use the fuzz preset")
	endif()
	target_compile_options(wd_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
