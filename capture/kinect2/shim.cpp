// libfreenect2 behind plain C functions, so that Python can call it through ctypes.
//
// libfreenect2 hands over frames in threads of its own. Each is stamped there with the machine's
// monotonic clock before anything else is done, and waits in a bounded queue until it is asked for.
// Nothing here touches a pixel. No exception leaves a function.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstring>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <time.h>

#include <libfreenect2/config.h>
#include <libfreenect2/frame_listener.hpp>
#include <libfreenect2/libfreenect2.hpp>
#include <libfreenect2/logger.h>
#include <libfreenect2/packet_pipeline.h>

#if !defined(__linux__)
#error "This is for Linux, whose monotonic clock is Python's; on Windows there is another driver"
#endif

#define EXPORTED extern "C" __attribute__((visibility("default")))

namespace {

// A second of colour and depth, 280 MB: a reader that is further behind will not catch up.
const std::size_t LONGEST_QUEUE = 60;

int64_t monotonic_ns() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t(now.tv_sec) * 1000000000 + now.tv_nsec;
}

// Keeps the library's last complaint instead of printing everything it says.
class LastWords : public libfreenect2::Logger {
 public:
  LastWords() { level_ = Warning; }

  void log(Level level, const std::string &message) override {
    if (level != Error && level != Warning) return;
    std::lock_guard<std::mutex> hold(turn());
    words() = message;
  }

  static std::string get() {
    std::lock_guard<std::mutex> hold(turn());
    return words();
  }

  static void forget() {
    std::lock_guard<std::mutex> hold(turn());
    words().clear();
  }

 private:
  static std::mutex &turn() {
    static std::mutex one;
    return one;
  }
  static std::string &words() {
    static std::string one;
    return one;
  }
};

void be_quiet() {
  static std::once_flag once;
  // libfreenect2 deletes it when the program ends.
  std::call_once(once, [] { libfreenect2::setGlobalLogger(new LastWords); });
}

struct Waiting {
  int64_t host_ns;
  libfreenect2::Frame::Type type;
  std::unique_ptr<libfreenect2::Frame> frame;
};

class Queue : public libfreenect2::FrameListener {
 public:
  bool onNewFrame(libfreenect2::Frame::Type type, libfreenect2::Frame *frame) override {
    const int64_t host_ns = monotonic_ns();
    std::lock_guard<std::mutex> hold(turn_);
    // What nobody wants, or nobody fetches, stays the library's; its number will be missing.
    if (!(wanted & type) || waiting_.size() >= LONGEST_QUEUE) return false;
    waiting_.push_back(Waiting{host_ns, type, std::unique_ptr<libfreenect2::Frame>(frame)});
    came_.notify_one();
    return true;
  }

  bool next(int timeout_ms, Waiting &out) {
    std::unique_lock<std::mutex> hold(turn_);
    came_.wait_for(hold, std::chrono::milliseconds(timeout_ms), [this] { return !waiting_.empty(); });
    if (waiting_.empty()) return false;
    out = std::move(waiting_.front());
    waiting_.pop_front();
    return true;
  }

  void clear() {
    std::lock_guard<std::mutex> hold(turn_);
    waiting_.clear();
  }

  std::atomic<int> wanted{0};

 private:
  std::mutex turn_;
  std::condition_variable came_;
  std::deque<Waiting> waiting_;
};

struct Device {
  Queue queue;
  libfreenect2::Freenect2 context;  // gone before the queue that its threads call
  libfreenect2::Freenect2Device *device = nullptr;
  bool running = false;
};

void say(const std::string &text, char *out, int size) {
  if (size <= 0) return;
  const std::size_t length = std::min(text.size(), std::size_t(size - 1));
  std::memcpy(out, text.data(), length);
  out[length] = '\0';
}

// Return the named way of computing depth, or null for the library's own choice.
libfreenect2::PacketPipeline *pipeline(const std::string &name, bool &known) {
  known = true;
  if (name.empty()) return nullptr;
  if (name == "cpu") return new libfreenect2::CpuPacketPipeline();
#ifdef LIBFREENECT2_WITH_OPENGL_SUPPORT
  if (name == "gl") return new libfreenect2::OpenGLPacketPipeline();
#endif
#ifdef LIBFREENECT2_WITH_OPENCL_SUPPORT
  if (name == "cl") return new libfreenect2::OpenCLPacketPipeline();
#endif
#ifdef LIBFREENECT2_WITH_CUDA_SUPPORT
  if (name == "cuda") return new libfreenect2::CudaPacketPipeline();
#endif
  known = false;
  return nullptr;
}

}  // namespace

extern "C" {

// As taver's ctypes declares it: change both, and ABI with them.
struct taver_k2_frame {
  int64_t host_ns;
  const void *pixels;
  void *held;
  uint32_t type;    // 1 colour, 2 infrared, 4 depth
  uint32_t format;  // 0 not told, 1 raw, 2 float, 4 BGRX, 5 RGBX
  uint32_t width_px;
  uint32_t height_px;
  uint32_t bytes_per_pixel;
  uint32_t ticks;  // of 0.125 ms
  uint32_t number;
  uint32_t status;  // 0 is a good one
  float exposure;
  float gain;
};
}

EXPORTED int taver_k2_abi() { return 1; }

EXPORTED const char *taver_k2_version() { return LIBFREENECT2_VERSION; }

// Write the serial numbers of all devices, a line each; return how many there are, or -1.
EXPORTED int taver_k2_list(char *serials, int size) {
  try {
    be_quiet();
    libfreenect2::Freenect2 context;
    const int count = context.enumerateDevices();
    std::string lines;
    for (int index = 0; index < count; ++index)
      lines += context.getDeviceSerialNumber(index) + "\n";
    say(lines, serials, size);
    return count;
  } catch (const std::exception &error) {
    say(error.what(), serials, size);
    return -1;
  } catch (...) {
    say("libfreenect2 failed without a word", serials, size);
    return -1;
  }
}

// Open the device of that serial number, or the first one; null and a reason if it cannot be.
EXPORTED void *taver_k2_open(const char *serial, const char *how, char *problem, int size) {
  try {
    be_quiet();
    LastWords::forget();
    std::unique_ptr<Device> made(new Device);
    if (made->context.enumerateDevices() <= 0) {
      say("", problem, size);
      return nullptr;
    }
    bool known;
    const std::string wanted = *serial ? serial : made->context.getDefaultDeviceSerialNumber();
    libfreenect2::PacketPipeline *const way = pipeline(how, known);
    if (!known) {
      say("this libfreenect2 was built without the pipeline " + std::string(how), problem, size);
      return nullptr;
    }
    made->device = way ? made->context.openDevice(wanted, way) : made->context.openDevice(wanted);
    if (!made->device) {
      const std::string words = LastWords::get();
      say(words.empty() ? "libfreenect2 cannot open it" : words, problem, size);
      return nullptr;
    }
    made->device->setColorFrameListener(&made->queue);
    made->device->setIrAndDepthFrameListener(&made->queue);
    return made.release();
  } catch (const std::exception &error) {
    say(error.what(), problem, size);
  } catch (...) {
    say("libfreenect2 failed without a word", problem, size);
  }
  return nullptr;
}

EXPORTED void taver_k2_about(void *handle, char *serial, char *firmware, int size) {
  Device *const self = static_cast<Device *>(handle);
  try {
    say(self->device->getSerialNumber(), serial, size);
    say(self->device->getFirmwareVersion(), firmware, size);
  } catch (...) {
  }
}

// Start the streams of these kinds (1 colour, 2 infrared, 4 depth); return whether the device did.
// Only now the library asks the device for its firmware and its calibration. No frame is kept yet.
EXPORTED int taver_k2_start(void *handle, int wanted) {
  Device *const self = static_cast<Device *>(handle);
  try {
    LastWords::forget();
    self->running = self->device->startStreams(wanted & libfreenect2::Frame::Color,
                                               wanted & ~libfreenect2::Frame::Color);
    return self->running;
  } catch (...) {
    return 0;
  }
}

// Keep frames of these kinds from now on, and no older ones.
EXPORTED void taver_k2_listen(void *handle, int wanted) {
  Device *const self = static_cast<Device *>(handle);
  try {
    self->queue.clear();
    self->queue.wanted = wanted;
  } catch (...) {
  }
}

// The device's own cameras, as its factory measured them: fx fy cx cy; and k1 k2 k3 p1 p2.
EXPORTED int taver_k2_cameras(void *handle, float color[4], float ir[9]) {
  Device *const self = static_cast<Device *>(handle);
  try {
    const libfreenect2::Freenect2Device::ColorCameraParams c = self->device->getColorCameraParams();
    const libfreenect2::Freenect2Device::IrCameraParams i = self->device->getIrCameraParams();
    const float of_color[] = {c.fx, c.fy, c.cx, c.cy};
    const float of_ir[] = {i.fx, i.fy, i.cx, i.cy, i.k1, i.k2, i.k3, i.p1, i.p2};
    std::memcpy(color, of_color, sizeof of_color);
    std::memcpy(ir, of_ir, sizeof of_ir);
    return 1;
  } catch (...) {
    return 0;
  }
}

// Wait for a frame; return whether one came. It has to be released.
EXPORTED int taver_k2_next(void *handle, int timeout_ms, taver_k2_frame *out) {
  Device *const self = static_cast<Device *>(handle);
  try {
    Waiting taken;
    if (!self->queue.next(timeout_ms, taken)) return 0;
    const libfreenect2::Frame &frame = *taken.frame;
    *out = taver_k2_frame{taken.host_ns,
                          frame.data,
                          nullptr,
                          uint32_t(taken.type),
                          uint32_t(frame.format),
                          uint32_t(frame.width),
                          uint32_t(frame.height),
                          uint32_t(frame.bytes_per_pixel),
                          frame.timestamp,
                          frame.sequence,
                          frame.status,
                          frame.exposure,
                          frame.gain};
    out->held = taken.frame.release();
    return 1;
  } catch (...) {
    return 0;
  }
}

EXPORTED void taver_k2_release(taver_k2_frame *frame) {
  delete static_cast<libfreenect2::Frame *>(frame->held);
  frame->held = nullptr;
  frame->pixels = nullptr;
}

// What the library last complained of, such as a device that is gone.
EXPORTED void taver_k2_complaint(char *words, int size) {
  try {
    say(LastWords::get(), words, size);
  } catch (...) {
  }
}

EXPORTED void taver_k2_close(void *handle) {
  Device *const self = static_cast<Device *>(handle);
  try {
    if (self->running) self->device->stop();
    self->device->close();
    self->queue.clear();
  } catch (...) {
  }
  delete self;
}
