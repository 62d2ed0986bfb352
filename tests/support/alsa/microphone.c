// A microphone for ALSA that needs no sound card: it keeps the time of one.
//
// Sample k of channel c is 3 k + 1000 c, modulo 16 bits. What is not fetched in time is lost, as in
// a card's buffer. ALSA_STANDIN says how it misbehaves, such as "unplug_after_ms=300".

#include <alsa/asoundlib.h>
#include <alsa/pcm_external.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { TICK_MS = 5 };

struct microphone {
  snd_pcm_ioplug_t io;
  int running;
  int64_t first_started_ns;
  int64_t started_ns;
  int64_t first;  // the first sample's place in the world's sound
};

static int64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static long setting(const char *name) {
  const char *all = getenv("ALSA_STANDIN");
  const char *at = all ? strstr(all, name) : NULL;
  return at ? strtol(at + strlen(name) + 1, NULL, 10) : 0;
}

static int64_t taken(const struct microphone *self) {
  return (now_ns() - self->started_ns) * self->io.rate / 1000000000;
}

static int gone(const struct microphone *self) {
  const long after_ms = setting("unplug_after_ms");
  return after_ms && now_ns() - self->first_started_ns > after_ms * 1000000;
}

static int on_start(snd_pcm_ioplug_t *io) {
  struct microphone *self = io->private_data;
  const struct itimerspec tick = {{0, TICK_MS * 1000000}, {0, TICK_MS * 1000000}};
  self->first += self->started_ns ? taken(self) : 0;  // the world went on meanwhile
  self->started_ns = now_ns();
  if (!self->first_started_ns) self->first_started_ns = self->started_ns;
  if (gone(self)) return -ENODEV;
  self->running = 1;
  return timerfd_settime(io->poll_fd, 0, &tick, NULL);
}

static int on_prepare(snd_pcm_ioplug_t *io) {
  ((struct microphone *)io->private_data)->running = 0;
  return 0;
}

static int on_stop(snd_pcm_ioplug_t *io) {
  ((struct microphone *)io->private_data)->running = 0;
  const struct itimerspec never = {{0, 0}, {0, 0}};
  return timerfd_settime(io->poll_fd, 0, &never, NULL);
}

static snd_pcm_sframes_t on_pointer(snd_pcm_ioplug_t *io) {
  struct microphone *self = io->private_data;
  if (!self->running) return 0;
  if (gone(self)) return -ENODEV;
  const int64_t there = taken(self);
  if (there - (int64_t)io->appl_ptr > (int64_t)io->buffer_size) return -EPIPE;
  return there % io->buffer_size;
}

static snd_pcm_sframes_t on_transfer(snd_pcm_ioplug_t *io, const snd_pcm_channel_area_t *areas,
                                     snd_pcm_uframes_t offset, snd_pcm_uframes_t size) {
  struct microphone *self = io->private_data;
  if (gone(self)) return -ENODEV;
  for (unsigned channel = 0; channel < io->channels; ++channel) {
    const snd_pcm_channel_area_t *area = &areas[channel];
    char *out = (char *)area->addr + (area->first + area->step * offset) / 8;
    for (snd_pcm_uframes_t k = 0; k < size; ++k, out += area->step / 8) {
      const int64_t place = self->first + (int64_t)(io->appl_ptr + k);
      *(int16_t *)out = (int16_t)(3 * place + 1000 * channel);
    }
  }
  return size;
}

static int on_revents(snd_pcm_ioplug_t *io, struct pollfd *polled, unsigned count,
                      unsigned short *revents) {
  uint64_t ticks;
  (void)count;
  *revents = 0;
  if (polled->revents & POLLIN) {
    if (read(io->poll_fd, &ticks, sizeof ticks) > 0) *revents = POLLIN;
  }
  return 0;
}

static int on_close(snd_pcm_ioplug_t *io) {
  close(io->poll_fd);
  free(io->private_data);
  return 0;
}

static const snd_pcm_ioplug_callback_t CALLBACKS = {
    .prepare = on_prepare,
    .start = on_start,
    .stop = on_stop,
    .pointer = on_pointer,
    .transfer = on_transfer,
    .poll_revents = on_revents,
    .close = on_close,
};

SND_PCM_PLUGIN_DEFINE_FUNC(standin) {
  static const unsigned accesses[] = {SND_PCM_ACCESS_MMAP_INTERLEAVED,
                                      SND_PCM_ACCESS_RW_INTERLEAVED};
  static const unsigned formats[] = {SND_PCM_FORMAT_S16};
  (void)root;
  (void)conf;
  if (stream != SND_PCM_STREAM_CAPTURE) return -EINVAL;
  if (setting("busy")) return -EBUSY;
  struct microphone *self = calloc(1, sizeof *self);
  if (!self) return -ENOMEM;
  self->io.version = SND_PCM_IOPLUG_VERSION;
  self->io.name = "a microphone without a sound card";
  self->io.callback = &CALLBACKS;
  self->io.private_data = self;
  self->io.poll_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  self->io.poll_events = POLLIN;
  self->io.mmap_rw = 1;
  const int error = snd_pcm_ioplug_create(&self->io, name, stream, mode);
  if (error < 0) {
    close(self->io.poll_fd);
    free(self);
    return error;
  }
  snd_pcm_ioplug_t *io = &self->io;
  snd_pcm_ioplug_set_param_list(io, SND_PCM_IOPLUG_HW_ACCESS, 2, accesses);
  snd_pcm_ioplug_set_param_list(io, SND_PCM_IOPLUG_HW_FORMAT, 1, formats);
  snd_pcm_ioplug_set_param_minmax(io, SND_PCM_IOPLUG_HW_CHANNELS, 1, 2);
  snd_pcm_ioplug_set_param_minmax(io, SND_PCM_IOPLUG_HW_RATE, 8000, 48000);
  snd_pcm_ioplug_set_param_minmax(io, SND_PCM_IOPLUG_HW_PERIOD_BYTES, 64, 65536);
  snd_pcm_ioplug_set_param_minmax(io, SND_PCM_IOPLUG_HW_BUFFER_BYTES, 256, 262144);
  *pcmp = self->io.pcm;
  return 0;
}

SND_PCM_PLUGIN_SYMBOL(standin);
