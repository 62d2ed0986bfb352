#include <libfreenect2/libfreenect2.hpp>
