# Included by CMake right after llama-cpp-python's own project() line (CMAKE_PROJECT_INCLUDE).
# The binding forces llama.cpp's "common" library on, though it neither loads nor ships it.
# A normal variable shadows the cache entry that it forces, so the library is not compiled:
# about a third of the compile time. The multimodal library is turned off by LLAVA_BUILD=OFF.
set(LLAMA_BUILD_COMMON OFF)
