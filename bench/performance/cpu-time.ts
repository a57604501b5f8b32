/**
 * Ms that this thread has computed: what other programs take from the machine in the meantime is
 * not in it. A runtime that can't tell gives the time on the wall.
 */
export const cpuTime: () => number =
  typeof process.threadCpuUsage === 'function'
    ? () => {
        const { user, system } = process.threadCpuUsage()
        return (user + system) / 1_000
      }
    : () => performance.now()
