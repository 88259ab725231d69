/* A slower disk for one process tree: every fsync and fdatasync takes FSYNC_DELAY_US longer, and is then
 * really done. Loaded by LD_PRELOAD into PostgreSQL, so every contestant meets it alike. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

static void delay(void) {
  static long delay_us = -1;
  if (delay_us < 0) {
    const char *text = getenv("FSYNC_DELAY_US");
    delay_us = text ? atol(text) : 0;
  }
  struct timespec left = {delay_us / 1000000, delay_us % 1000000 * 1000};
  while (nanosleep(&left, &left) != 0) {
  }
}

int fsync(int file) {
  static int (*real)(int);
  if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
  delay();
  return real(file);
}

int fdatasync(int file) {
  static int (*real)(int);
  if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  delay();
  return real(file);
}
