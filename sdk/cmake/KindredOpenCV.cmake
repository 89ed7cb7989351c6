# Finds the three parts of OpenCV that reading pictures needs. Debian's OpenCVConfig.cmake comes only with
# libopencv-dev, which pulls in all of OpenCV; the parts' own packages are enough, so look for those too.
include_guard()

find_package(OpenCV QUIET COMPONENTS core imgproc imgcodecs)
if(NOT OpenCV_FOUND)
  find_path(KINDRED_OPENCV_INCLUDE opencv2/imgcodecs.hpp PATH_SUFFIXES opencv4)
  set(OpenCV_FOUND ${KINDRED_OPENCV_INCLUDE})
  foreach(part core imgproc imgcodecs)
    find_library(KINDRED_OPENCV_${part} opencv_${part})
    if(NOT KINDRED_OPENCV_${part})
      set(OpenCV_FOUND FALSE)
    endif()
  endforeach()
  if(OpenCV_FOUND)
    set(OpenCV_INCLUDE_DIRS "${KINDRED_OPENCV_INCLUDE}")
    foreach(part core imgproc imgcodecs)
      add_library(opencv_${part} UNKNOWN IMPORTED)
      set_target_properties(opencv_${part} PROPERTIES IMPORTED_LOCATION "${KINDRED_OPENCV_${part}}"
        INTERFACE_INCLUDE_DIRECTORIES "${KINDRED_OPENCV_INCLUDE}")
    endforeach()
  endif()
endif()
