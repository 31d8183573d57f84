#ifndef CPROCESS_H
#define CPROCESS_H

#include <spawn.h>
#include <stddef.h>

/// What the tests of the executable need of glibc and its Swift module does not show: these are
/// declared for _GNU_SOURCE or _XOPEN_SOURCE only. Results are -errno on failure.

/// A pipe whose ends no other child inherits: pipe2(2) with O_CLOEXEC.
int cprocess_pipe(int *_Nonnull reader, int *_Nonnull writer);

/// Opens a new pseudo-terminal and returns its leader; `follower` receives the path of the other
/// end, with its NUL.
int cprocess_open_terminal(char *_Nonnull follower, size_t size);

/// The flag of posix_spawnattr_setflags(3) that makes the child the leader of a new session.
extern const short cprocess_spawn_setsid;

/// Has the child start in `directory`: posix_spawn_file_actions_addchdir_np(3).
int cprocess_add_chdir(
    posix_spawn_file_actions_t *_Nonnull actions, const char *_Nonnull directory);

/// This process's environment, for a child: environ(7).
char *_Nullable const *_Nonnull cprocess_environment(void);

/// Bytes that wait in a pipe to be read: FIONREAD.
int cprocess_readable_bytes(int descriptor);

#endif
