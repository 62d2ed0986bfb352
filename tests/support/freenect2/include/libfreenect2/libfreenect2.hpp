// Of libfreenect2's interface (version 0.2) what taver uses, for a stand-in without a device.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#define LIBFREENECT2_VERSION "0.2.0-standin"

namespace libfreenect2 {

class Frame {
 public:
  enum Type { Color = 1, Ir = 2, Depth = 4 };
  enum Format { Invalid = 0, Raw = 1, Float = 2, BGRX = 4, RGBX = 5, Gray = 6 };

  std::size_t width, height, bytes_per_pixel;
  unsigned char *data;
  uint32_t timestamp, sequence;
  float exposure, gain, gamma;
  uint32_t status;
  Format format;

  Frame(std::size_t width, std::size_t height, std::size_t bytes_per_pixel);
  virtual ~Frame();
};

class FrameListener {
 public:
  virtual ~FrameListener() {}
  virtual bool onNewFrame(Frame::Type type, Frame *frame) = 0;
};

class Logger {
 public:
  enum Level { None = 0, Error = 1, Warning = 2, Info = 3, Debug = 4 };
  virtual ~Logger() {}
  virtual Level level() const { return level_; }
  virtual void log(Level level, const std::string &message) = 0;

 protected:
  Level level_;
};

void setGlobalLogger(Logger *logger);

class PacketPipeline {
 public:
  virtual ~PacketPipeline() {}
};

class CpuPacketPipeline : public PacketPipeline {};

class Freenect2Device {
 public:
  struct ColorCameraParams {
    float fx, fy, cx, cy;
  };
  struct IrCameraParams {
    float fx, fy, cx, cy, k1, k2, k3, p1, p2;
  };

  virtual ~Freenect2Device() {}
  virtual std::string getSerialNumber() = 0;
  virtual std::string getFirmwareVersion() = 0;
  virtual ColorCameraParams getColorCameraParams() = 0;
  virtual IrCameraParams getIrCameraParams() = 0;
  virtual void setColorFrameListener(FrameListener *listener) = 0;
  virtual void setIrAndDepthFrameListener(FrameListener *listener) = 0;
  virtual bool startStreams(bool color, bool depth) = 0;
  virtual bool stop() = 0;
  virtual bool close() = 0;
};

class Freenect2 {
 public:
  Freenect2(void *usb_context = nullptr);
  virtual ~Freenect2();
  int enumerateDevices();
  std::string getDeviceSerialNumber(int index);
  std::string getDefaultDeviceSerialNumber();
  Freenect2Device *openDevice(const std::string &serial);
  Freenect2Device *openDevice(const std::string &serial, const PacketPipeline *pipeline);

 private:
  Freenect2Device *device_;
};

}  // namespace libfreenect2
