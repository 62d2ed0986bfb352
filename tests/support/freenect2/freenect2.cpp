// A stand-in for libfreenect2 that behaves as its documentation and users say a Kinect v2 does.
//
// Colour and depth come in two threads, 266 ticks of 0.125 ms apart, each with its own numbers.
// Every picture is a mirrored test card, and colour does not tell its format, as in older versions.
// KINECT2_STANDIN says how it misbehaves, such as "unplug_after=5 dim=1"; the words are
//   devices=N  how many there are          busy=1      it cannot be opened
//   dim=1      colour at 15 Hz              rgbx=1      colour as RGBX instead of BGRX
//   period_ms=N  faster than 33 for tests   first_ticks=N  where its 32-bit clock stands
//   lose=N     every Nth frame is lost      bad=N       every Nth frame has a bad status
//   unplug_after=N   then nothing comes, and the library complains
//   silent=1   nothing comes at all         refuse=1    it does not start

#include <libfreenect2/libfreenect2.hpp>

#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <sstream>
#include <thread>
#include <vector>

namespace libfreenect2 {

namespace {

Logger *the_logger = nullptr;
std::atomic<int> opened(0);

long setting(const std::string &name, long otherwise = 0) {
  const char *all = std::getenv("KINECT2_STANDIN");
  std::istringstream words(all ? all : "");
  std::string word;
  while (words >> word)
    if (word.compare(0, name.size() + 1, name + "=") == 0)
      return std::strtol(word.c_str() + name.size() + 1, nullptr, 10);
  return otherwise;
}

void complain(const std::string &what) {
  if (the_logger) the_logger->log(Logger::Error, what);
}

// The true picture: red rises to the right, green downwards; blue is the frame's number.
void draw_color(Frame &frame, uint32_t number, bool rgbx) {
  static std::vector<unsigned char> cards[2];
  std::vector<unsigned char> &card = cards[rgbx];
  if (card.empty()) {
    card.resize(frame.width * frame.height * 4);
    for (std::size_t y = 0; y < frame.height; ++y)
      for (std::size_t x = 0; x < frame.width; ++x) {
        unsigned char *at = &card[4 * (y * frame.width + frame.width - 1 - x)];  // mirrored
        at[rgbx ? 0 : 2] = static_cast<unsigned char>(x * 255 / (frame.width - 1));
        at[1] = static_cast<unsigned char>(y * 255 / (frame.height - 1));
        at[rgbx ? 2 : 0] = 7;
        at[3] = 99;  // unused, and not zero
      }
  }
  std::memcpy(frame.data, card.data(), card.size());
  frame.data[1] = static_cast<unsigned char>(number);  // the true picture's upper right corner
}

// Depth is 500 mm at the left and a millimetre more each pixel; rows 0 to 4 were not measured.
void draw_depth(Frame &frame, uint32_t) {
  float *out = reinterpret_cast<float *>(frame.data);
  const float nothing[] = {std::numeric_limits<float>::quiet_NaN(), 0.0f,
                           std::numeric_limits<float>::infinity(), -1.0f, 70000.0f};
  for (std::size_t y = 0; y < frame.height; ++y)
    for (std::size_t x = 0; x < frame.width; ++x)
      out[y * frame.width + frame.width - 1 - x] = y < 5 ? nothing[y] : 500.4f + float(x);
}

// Infrared is 100 counts more each pixel to the right; row 0 is as bright as can be.
void draw_ir(Frame &frame, uint32_t) {
  float *out = reinterpret_cast<float *>(frame.data);
  for (std::size_t y = 0; y < frame.height; ++y)
    for (std::size_t x = 0; x < frame.width; ++x)
      out[y * frame.width + frame.width - 1 - x] = y == 0 ? 65535.0f : 100.0f * float(x) + 0.4f;
}

class Device : public Freenect2Device {
 public:
  ~Device() override { stop(); }
  std::string getSerialNumber() override { return "012345678912"; }
  // The real one asks its device for these when streams are started, not before.
  std::string getFirmwareVersion() override { return running_ ? "4.0.3916.0" : ""; }
  ColorCameraParams getColorCameraParams() override {
    if (!running_) return ColorCameraParams();
    return {1081.4f, 1081.4f, 959.5f, 539.5f};
  }
  IrCameraParams getIrCameraParams() override {
    if (!running_) return IrCameraParams();
    return {365.5f, 365.5f, 254.9f, 205.4f, 0.09f, -0.27f, 0.095f, 0.001f, 0.002f};
  }
  void setColorFrameListener(FrameListener *listener) override { color_ = listener; }
  void setIrAndDepthFrameListener(FrameListener *listener) override { depth_ = listener; }

  bool startStreams(bool color, bool depth) override {
    if (setting("refuse")) {
      complain("[Freenect2DeviceImpl] failed to submit transfers");
      return false;
    }
    running_ = true;
    if (color)
      threads_.emplace_back([this] { run(setting("dim") ? 2 : 1, 11, true); });
    if (depth) threads_.emplace_back([this] { run(1, 500, false); });
    return true;
  }

  bool stop() override {
    running_ = false;
    for (std::thread &thread : threads_) thread.join();
    threads_.clear();
    return true;
  }

  bool close() override {
    stop();
    opened = 0;
    return true;
  }

 private:
  void run(int periods, uint32_t number, bool color) {
    const long period_ms = setting("period_ms", 33), lose = setting("lose"), bad = setting("bad");
    const long unplug_after = setting("unplug_after", -1);
    const bool rgbx = setting("rgbx"), silent = setting("silent");
    uint32_t ticks = uint32_t(setting("first_ticks", 80000)) + (color ? 0 : 48);
    for (long count = 0; running_; ++count, ++number, ticks += 266 * periods) {
      std::this_thread::sleep_for(std::chrono::milliseconds(period_ms * periods));
      if (silent || (unplug_after >= 0 && count >= unplug_after)) {
        if (!silent && count == unplug_after)
          complain("[usb::TransferPool] failed to submit transfer: LIBUSB_ERROR_NO_DEVICE");
        continue;
      }
      if (lose && count % lose == lose - 1) continue;
      const uint32_t status = bad && count % bad == bad - 1 ? 1 : 0;
      if (color) {
        give(color_, Frame::Color, 1920, 1080, rgbx ? Frame::RGBX : Frame::Invalid, ticks, number,
             status, [rgbx](Frame &f, uint32_t n) { draw_color(f, n, rgbx); });
      } else {
        give(depth_, Frame::Ir, 512, 424, Frame::Float, ticks, number, status, draw_ir);
        give(depth_, Frame::Depth, 512, 424, Frame::Float, ticks, number, status, draw_depth);
      }
    }
  }

  template <typename Draw>
  void give(FrameListener *to, Frame::Type type, std::size_t width, std::size_t height,
            Frame::Format format, uint32_t ticks, uint32_t number, uint32_t status, Draw draw) {
    Frame *frame = new Frame(width, height, 4);
    frame->timestamp = ticks;
    frame->sequence = number;
    frame->status = status;
    frame->format = format;
    frame->exposure = 12.5f;
    frame->gain = 1.25f;
    draw(*frame, number);
    if (!to->onNewFrame(type, frame)) delete frame;
  }

  FrameListener *color_ = nullptr, *depth_ = nullptr;
  std::atomic<bool> running_{false};
  std::vector<std::thread> threads_;
};

}  // namespace

Frame::Frame(std::size_t w, std::size_t h, std::size_t bytes)
    : width(w), height(h), bytes_per_pixel(bytes), data(new unsigned char[w * h * bytes]),
      timestamp(0), sequence(0), exposure(0), gain(0), gamma(0), status(0), format(Invalid) {}

Frame::~Frame() { delete[] data; }

void setGlobalLogger(Logger *logger) { the_logger = logger; }

Freenect2::Freenect2(void *) : device_(nullptr) {}

Freenect2::~Freenect2() {
  if (device_) {
    device_->close();
    delete device_;
  }
}

int Freenect2::enumerateDevices() { return int(setting("devices", 1)); }

std::string Freenect2::getDeviceSerialNumber(int index) {
  return index == 0 ? "012345678912" : "012345678913";
}

std::string Freenect2::getDefaultDeviceSerialNumber() { return getDeviceSerialNumber(0); }

Freenect2Device *Freenect2::openDevice(const std::string &serial) {
  return openDevice(serial, nullptr);
}

Freenect2Device *Freenect2::openDevice(const std::string &serial, const PacketPipeline *pipeline) {
  delete pipeline;
  if (setting("busy") || opened.exchange(1)) {
    complain("[Freenect2Impl] failed to open Kinect v2: LIBUSB_ERROR_BUSY Resource busy");
    return nullptr;
  }
  if (serial != getDefaultDeviceSerialNumber()) {
    opened = 0;
    return nullptr;
  }
  return device_ = new Device;
}

}  // namespace libfreenect2
