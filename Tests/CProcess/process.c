#define _GNU_SOURCE
#include "CProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

const short cprocess_spawn_setsid = POSIX_SPAWN_SETSID;

int cprocess_pipe(int *reader, int *writer) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return -errno;
  *reader = ends[0];
  *writer = ends[1];
  return 0;
}

int cprocess_open_terminal(char *follower, size_t size) {
  int leader = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (leader < 0) return -errno;
  if (grantpt(leader) != 0 || unlockpt(leader) != 0) {
    int error = errno;
    close(leader);
    return -error;
  }
  int error = ptsname_r(leader, follower, size);
  if (error != 0) {
    close(leader);
    return -error;
  }
  return leader;
}

int cprocess_add_chdir(posix_spawn_file_actions_t *actions, const char *directory) {
  return posix_spawn_file_actions_addchdir_np(actions, directory);
}

char *const *cprocess_environment(void) { return environ; }

int cprocess_readable_bytes(int descriptor) {
  int count = 0;
  return ioctl(descriptor, FIONREAD, &count) == 0 ? count : -errno;
}
