/* process.c - what a worker process asks of the kernel that Python cannot ask for it.
 */
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "complab.h"

complab_status complab_process_end_with_parent(int64_t parent) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) {
    return COMPLAB_BAD_ARGUMENT;
  }
  /* A parent that ended before the call sends nothing any more. */
  return getppid() == (pid_t)parent ? COMPLAB_OK : COMPLAB_STOPPED;
}
